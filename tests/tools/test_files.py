"""`bash`, `read_file`, `write_file`, `edit_file`."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import Desk
from intern_action.tools._matching import spans_of
from tests.fakes.desk import BAIT
from tests.tools.conftest import Use

# --- bash ------------------------------------------------------------------------------------------------------------


def test_a_command_runs_in_the_checkout(use: Use, checkout: Path):
    result = use("bash", command="pwd; echo new > file")
    assert result.text == str(checkout)
    assert (checkout / "file").read_text() == "new\n"
    assert not result.failed


def test_an_exit_code_that_is_not_zero_is_said_and_fails(use: Use):
    result = use("bash", command="echo out; exit 4")
    assert result.text == "out\n\n[exit code 4]"
    assert result.failed
    assert result.data["exit_code"] == 4


def test_silence_is_said(use: Use):
    assert use("bash", command="true").text == "[no output]"


def test_a_time_out_is_said_with_what_it_did(use: Use):
    result = use("bash", command="echo begun; sleep 30", timeout="1s")
    assert result.text.startswith("begun\n")
    assert "time limit" in result.text
    assert result.data["timed_out"] is True


def test_a_flood_is_cut_and_its_whole_lies_in_the_scratch_folder(use: Use, desk: Desk):
    result = use("bash", command="seq 300000")
    assert len(result.text) < 12_500
    path = result.text.partition("the whole is in ")[2].partition(" ")[0]
    assert path.startswith(desk.scratch)
    assert Path(path).read_text().splitlines()[-1] == "300000"
    assert result.text.endswith("300000")


# --- read_file -------------------------------------------------------------------------------------------------------


def test_lines_are_numbered(use: Use, checkout: Path):
    (checkout / "file").write_text("one\ntwo\n")
    assert use("read_file", path="file").text == "     1\tone\n     2\ttwo"


def test_a_range_says_how_to_go_on(use: Use, checkout: Path):
    (checkout / "file").write_text("".join(f"{number}\n" for number in range(1, 101)))
    result = use("read_file", path="file", offset=10, limit=2)
    assert result.text == "    10\t10\n    11\t11\n(lines 10 to 11 of 100; go on with offset=12)"
    assert result.data == {"path": "file", "first": 10, "last": 11, "lines": 100, "bytes": 292}


def test_a_big_file_is_read_in_pieces_that_fit(use: Use, checkout: Path):
    (checkout / "file").write_text("".join(f"this is line {number}\n" for number in range(1, 5001)))
    first = use("read_file", path="file", limit=5000)
    assert len(first.text) <= 12_000
    following = int(first.text.rpartition("offset=")[2].rstrip(")"))
    assert f"line {following}" in use("read_file", path="file", offset=following, limit=1).text


def test_no_line_is_lost_or_counted_twice_where_an_answer_ends(use: Use, checkout: Path):
    (checkout / "file").write_text("".join(f"{number} {'x' * 90}\n" for number in range(1, 401)))
    first = use("read_file", path="file")
    assert first.data["lines"] == 400
    assert first.text.count("\n") == first.data["last"]
    second = use("read_file", path="file", offset=int(str(first.data["last"])) + 1)
    assert second.text.splitlines()[0].split("\t")[1].startswith(f"{int(str(first.data['last'])) + 1} ")


def test_one_endless_line_is_clipped(use: Use, checkout: Path):
    (checkout / "file").write_text("x" * 3_000_000 + "\nnext\n")
    result = use("read_file", path="file")
    assert len(result.text) < 12_000
    assert result.text.endswith("     2\tnext")


def test_past_the_end_the_length_is_said(use: Use, checkout: Path):
    (checkout / "file").write_text("one")
    assert use("read_file", path="file", offset=7).text == "(file has 1 lines)"
    (checkout / "empty").touch()
    assert use("read_file", path="empty").text == "(empty is empty)"


def test_a_binary_file_is_said_to_be_one(use: Use, checkout: Path):
    (checkout / "model.bin").write_bytes(b"\x80\x04\x00\x01" * 100)
    with pytest.raises(ToolFailed, match=r"binary \(400 bytes\)"):
        use("read_file", path="model.bin")


def test_a_folder_is_listed(use: Use, checkout: Path):
    (checkout / "src").mkdir()
    (checkout / "README.md").touch()
    assert use("read_file", path=".").text == "README.md\nsrc/"


def test_the_scratch_folder_can_be_read(use: Use, desk: Desk):
    Path(desk.scratch, "note").write_text("here")
    assert "here" in use("read_file", path=f"{desk.scratch}/note").text


@pytest.mark.parametrize("path", ["/etc/passwd", "../hub", "~/.netrc", "", "a\0b", "sub/../../x"])
def test_other_places_are_refused(use: Use, path: str):
    with pytest.raises(ToolFailed):
        use("read_file", path=path)


def test_what_is_not_there_is_said_with_what_to_do(use: Use):
    with pytest.raises(ToolFailed, match="lists what is"):
        use("read_file", path="nope.py")


# --- write_file ------------------------------------------------------------------------------------------------------


def test_a_file_is_written_with_its_folders(use: Use, checkout: Path):
    result = use("write_file", path="a/b.py", content="x = 1\n")
    assert (checkout / "a/b.py").read_text() == "x = 1\n"
    assert result.text == "Wrote a/b.py: 1 lines, 6 bytes."
    assert use("write_file", path="a/b.py", content="").data == {"path": "a/b.py", "bytes": 0, "new": False}


def test_a_secret_is_not_written_and_the_way_out_is_said(use: Use, checkout: Path):
    with pytest.raises(ToolFailed, match="environment variable"):
        use("write_file", path="config.py", content=f"token = '{BAIT}'")
    (checkout / "config.py").write_text("token = ''")
    with pytest.raises(ToolFailed, match="environment variable"):
        use("edit_file", path="config.py", old_str="''", new_str=f"'{BAIT}'")
    assert (checkout / "config.py").read_text() == "token = ''"


def test_a_link_out_of_the_checkout_is_not_written_through(use: Use, checkout: Path):
    outside = checkout.parent / "outside"
    outside.write_text("mine")
    (checkout / "link").symlink_to(outside)
    with pytest.raises(ToolFailed, match="leads out"):
        use("write_file", path="link", content="yours")
    assert outside.read_text() == "mine"


# --- edit_file -------------------------------------------------------------------------------------------------------


def test_the_one_place_is_replaced(use: Use, checkout: Path):
    (checkout / "f").write_text("a\nb\nc\n")
    assert use("edit_file", path="f", old_str="b\n", new_str="B\nB\n").text == "Edited f: 1 place, at line 2."
    assert (checkout / "f").read_text() == "a\nB\nB\nc\n"


def test_blanks_at_line_ends_and_curly_quotes_may_differ(use: Use, checkout: Path):
    (checkout / "f").write_text("say(\u201chi\u201d)   \nnext\t\nend\n")
    use("edit_file", path="f", old_str='say("hi")\nnext\nend', new_str="done")
    assert (checkout / "f").read_text() == "done\n"


def test_other_differences_are_none(use: Use, checkout: Path):
    (checkout / "f").write_text("    indented = 1\n")
    with pytest.raises(ToolFailed, match=r"is not in f.*most like its first one is 1: indented = 1"):
        use("edit_file", path="f", old_str="indented  = 1", new_str="x")


def test_windows_line_ends_stay(use: Use, checkout: Path):
    (checkout / "f").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    use("edit_file", path="f", old_str="one\ntwo", new_str="1\n2")
    assert (checkout / "f").read_bytes() == b"1\r\n2\r\nthree\r\n"


def test_several_places_are_an_error_that_names_them(use: Use, checkout: Path):
    (checkout / "f").write_text("x = 1\ny = 2\nx = 1\n")
    with pytest.raises(ToolFailed, match=r"2 places of f \(lines 1, 3\)"):
        use("edit_file", path="f", old_str="x = 1", new_str="x = 2")
    assert (checkout / "f").read_text() == "x = 1\ny = 2\nx = 1\n"


def test_all_places_are_replaced_when_asked(use: Use, checkout: Path):
    (checkout / "f").write_text("x = 1\ny = 2\nx = 1\n")
    use("edit_file", path="f", old_str="x", new_str="xx", replace_all=True)
    assert (checkout / "f").read_text() == "xx = 1\ny = 2\nxx = 1\n"


def test_nothing_to_find_is_refused(use: Use, checkout: Path):
    (checkout / "f").write_text("x")
    for old in ("", "  \n"):
        with pytest.raises(ToolFailed):
            use("edit_file", path="f", old_str=old, new_str="y")


def test_a_file_that_is_no_text_is_left_alone(use: Use, checkout: Path):
    (checkout / "f").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ToolFailed, match="UTF-8"):
        use("edit_file", path="f", old_str="x", new_str="y")


@given(
    before=st.text("a b\n", max_size=30),
    piece=st.text("a b\n", min_size=1, max_size=10),
    after=st.text("a b\n", max_size=30),
)
def test_a_piece_that_is_there_is_found_and_what_is_found_is_there(before: str, piece: str, after: str):
    text = before + piece + after
    spans = spans_of(piece, text)
    assert spans
    assert all(text[span.start : span.end] == piece for span in spans)


def test_blanks_without_end_do_not_keep_the_matcher_busy():
    began = time.monotonic()
    assert spans_of("nothing\nlike it", " " * 1_000_000 + "x\n" + "\t" * 1_000_000) == []
    assert time.monotonic() - began < 5


def test_an_executable_file_stays_executable(use: Use, checkout: Path):
    (checkout / "run.sh").write_text("echo a\n")
    (checkout / "run.sh").chmod(0o755)
    use("edit_file", path="run.sh", old_str="a", new_str="b")
    assert os.access(checkout / "run.sh", os.X_OK)
