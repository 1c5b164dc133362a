"""The texts of `reports.ALL` as files, to be read by people: `python -m tests.trace.golden` writes them anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from intern_action.trace import report
from tests.trace import reports

TEXTS = Path(__file__).parents[2] / "configs" / "texts"
FOLDER = Path(__file__).parents[1] / "transcripts" / "reports"
KINDS = {
    "pull-request.md": report.pull_request,
    "comment.md": report.comment,
    "step-summary.md": report.step_summary,
    "terminal.txt": report.terminal,
}


def texts() -> Iterator[tuple[str, str]]:
    """Return name and text of each."""
    for name, data in reports.ALL.items():
        for kind, write in KINDS.items():
            yield f"{name}.{kind}", write(data, texts=TEXTS)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in texts():
        (FOLDER / name).write_text(text, encoding="utf-8")
