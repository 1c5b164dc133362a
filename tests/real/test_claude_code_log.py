"""A reader of other people's traces shows every row of ours."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from intern_action.core.events import Entry
from intern_action.trace import jsonl
from tests.trace import stories

READER = Path(sys.executable).with_name("claude-code-log")


def rendered(rows: Path, page: Path) -> str:
    """Return the HTML that claude-code-log makes of the rows, as it does when it is asked for nothing special."""
    done = subprocess.run(
        [READER, "convert", rows, "-o", page],
        env={"HOME": str(page.parent), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("story", [stories.told_to_its_end, stories.full_of_tricks, stories.of_many_turns])
def test_every_row_is_shown(story: Callable[[], tuple[Entry, ...]], tmp_path: Path):
    rows = tmp_path / "trace.jsonl"
    rows.write_text("".join(jsonl.lines(story())), encoding="ascii")
    written = [json.loads(line) for line in rows.read_text(encoding="ascii").splitlines()]
    page = rendered(rows, tmp_path / "trace.html")
    shown = set(re.findall(r"data-uuid='([0-9a-f-]{36})'", page))
    assert [row for row in written if row["uuid"] not in shown] == []


def test_what_was_said_called_answered_and_approved_is_there_to_read(tmp_path: Path):
    rows = tmp_path / "trace.jsonl"
    rows.write_text("".join(jsonl.lines(stories.told_to_its_end())), encoding="ascii")
    page = rendered(rows, tmp_path / "trace.html")
    for words in (
        "Before I write any code I want to know what it is",
        "hf_model_load",
        "BertModel, 22.7 M parameters",
        "Three attempts are too many",
        "intern:3f2a9c7e",
        "by grace",
        "intern-3f2a9c7e5b1d4f6a8c0e2b4d-1",
        "The model finds 96.4 %",
        "awaiting-review",
    ):
        assert words in page, words
