"""No answer is longer than a model should read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.ports import Desk, ToolLimits
from intern_action.tools._governor import govern, governed
from tests.fakes.desk import BAIT
from tests.tools.conftest import TOOLS, Use


@given(text=st.text(alphabet="ab\n\N{SNOWMAN}", max_size=900), limit=st.integers(10, 300))
def test_what_is_shown_is_bounded_begins_and_ends_as_the_text_does_and_says_what_is_gone(text: str, limit: int):
    shown = govern(text, limit=limit, whole="/spill")
    if len(text) <= limit:
        assert shown == text
        return
    head, _, rest = shown.partition("\n[... ")
    mark, _, tail = rest.partition(" ...]\n")
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(head) + len(tail) <= limit
    assert "/spill" in mark
    left_out = int(mark.split()[0])
    newlines_beside_the_cut = len(text) - left_out - len(tail) - len(head)
    assert text[len(head) : len(head) + newlines_beside_the_cut].strip("\n") == ""


def test_cuts_are_made_between_lines_where_lines_are_short():
    lines = [f"line {number}" for number in range(1000)]
    head, _, rest = govern("\n".join(lines), limit=600, whole="/spill").partition("\n[... ")
    assert head.splitlines()[-1] in lines
    assert rest.partition("...]\n")[2].splitlines()[0] in lines


def test_the_whole_lies_where_the_mark_says_and_the_model_can_read_it(desk: Desk, use: Use):
    text = "\n".join(f"row {number}" for number in range(5000))
    shown = governed(text, desk, tool="bash")
    path = shown.partition("the whole is in ")[2].partition(" ")[0]
    assert Path(path).read_text() == text
    assert "row 2500" in use("read_file", path=path, offset=2501, limit=1).text


def test_every_tool_is_governed_and_redacted(desk: Desk, checkout: Path):
    small = replace(desk, limits=ToolLimits(output_chars=1000))
    result = TOOLS["bash"].run({"command": f"echo {BAIT}; seq 3000"}, small)
    assert BAIT not in result.text
    assert len(result.text) < 1400
    spilled = result.text.partition("the whole is in ")[2].partition(" ")[0]
    assert BAIT not in Path(spilled).read_text()
    (checkout / BAIT).mkdir()
    assert BAIT not in str(TOOLS["read_file"].run({"path": "."}, desk))


NOISE = "[rank0] step {} loss 0.6931 lr 3e-4\n"
TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 41, in <module>
    model(batch)
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB
"""


@pytest.mark.parametrize(
    "error",
    [
        TRACEBACK,
        "fatal: not a git repository\n",
        "ValueError: no such column\n",
        "FAILED tests/test_x.py\n",
        "Killed\n",
    ],
)
def test_an_error_in_the_middle_is_shown_beside_head_and_tail(error: str):
    noise = "".join(NOISE.format(step) for step in range(2000))
    text = noise + error + noise
    shown = govern(text, limit=4000, whole="/spill")

    assert error.strip() in shown
    assert shown.startswith("[rank0] step 0 ")
    assert shown.endswith("step 1999 loss 0.6931 lr 3e-4\n")
    assert shown.count("the whole is in /spill") == 2
    assert len(shown) < 4000 + 300


def test_the_first_traceback_is_shown_and_not_a_later_word_of_the_launcher():
    noise = "".join(NOISE.format(step) for step in range(2000))
    shown = govern(noise + "ERROR: retrying\n" + noise + TRACEBACK + noise, limit=4000, whole="/spill")

    assert "CUDA out of memory" in shown


def test_a_line_before_the_error_is_shown_too():
    noise = "".join(NOISE.format(step) for step in range(2000))
    shown = govern(noise + "loading row 4711\n" + TRACEBACK + noise, limit=4000, whole="/spill")

    assert "loading row 4711\nTraceback" in shown


@given(
    pieces=st.lists(
        st.sampled_from(["ab", "\n", "Error: x\n", "Traceback (most recent call last)", "n" * 200]), max_size=60
    ),
    limit=st.integers(40, 900),
)
def test_what_is_shown_is_bounded_whatever_errors_there_are(pieces: list[str], limit: int):
    text = "".join(pieces)
    shown = govern(text, limit=limit, whole="/spill")

    kept = "\n".join(line for line in shown.splitlines() if not line.startswith("[... "))
    assert len(kept) <= limit + 4
    assert shown == text if len(text) <= limit else "/spill" in shown
