"""No answer is longer than a model should read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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
