"""`intern-action doctor`: whether this machine, its tokens and the repository are fit, and what to change where not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import click

from intern_action.commands.config import home_of
from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.doctor import Check, Finding, Grade, Site, findings
from intern_action.settings.clock import SystemClock
from intern_action.settings.load import load
from intern_action.settings.settings import Settings
from intern_action.settings.words import text
from intern_action.wiring.parts import redactor_for

FOUND = 9
"""The exit code when something has to be changed. 2 is for a command line or settings that keep doctor itself from its work."""

NOT_FINE = ("?", "care", "WRONG")
"""How the headlines begin that somebody has to read."""

UNMADE = frozenset({"failed", "unseen"})
"""What a check cannot say itself."""


@frozen
class Row:
    """One finding as it is shown: what is told of it, line by line."""

    subject: str
    grade: Grade
    lines: tuple[str, ...]


def doctor(environment: Mapping[str, str], repo: str, *, github: str = "", examples: Path | None = None) -> int:
    """Print what was found; 9 when something has to be changed before work can be trusted to it.

    Args:
        environment: the environment variables.
        repo: the checkout.
        github: `OWNER/NAME`, where neither `GITHUB_REPOSITORY` nor the remote `origin` says it.
        examples: our own workflows, where they lie elsewhere.
    """
    folder = Path(repo).absolute()
    settings, unread = _settings(environment, folder)
    site = Site(settings, environment, folder, clock=SystemClock(), named=github, examples=examples)
    found = [*unread, *(row(check, finding) for check, finding in findings(site))]
    click.echo(redactor_for(settings).text(_page(found)))
    return FOUND if any(one.grade is Grade.WRONG for one in found) else 0


def _settings(environment: Mapping[str, str], folder: Path) -> tuple[Settings, tuple[Row, ...]]:
    """Return the settings; where the folder's own cannot be read, say so and go on without those."""
    home = home_of(environment)
    try:
        return load({}, environment, folder, home).settings, ()
    except Misconfigured as error:
        with tempfile.TemporaryDirectory() as empty:
            settings = load({}, environment, Path(empty), home).settings
        lines = ("The settings of this folder cannot be read:", str(error), "Do: correct that line.")
        return settings, (Row(subject="settings", grade=Grade.WRONG, lines=lines),)


def row(check: Check, finding: Finding) -> Row:
    """Return a finding in words."""
    words = text(f"doctor/{check.name}", kind=finding.kind, **finding.values)
    if not words.strip() and finding.kind in UNMADE:
        words = text("doctor/_unmade", kind=finding.kind, **finding.values)
    lines = tuple(line.rstrip() for line in words.splitlines() if line.strip())
    return Row(subject=finding.subject, grade=finding.grade, lines=lines)


def _page(rows: Iterable[Row]) -> str:
    """Return the page: what is fine first, so that a terminal or a log ends with what has to be done."""
    every = tuple(rows)
    by_grade = {grade.value: [one for one in every if one.grade is grade] for grade in Grade}
    lines = [line for line in text("doctor", rows=by_grade).splitlines() if line.strip()]
    return "\n".join(f"\n{line}" if _opens(line, before) else line for before, line in pairwise(["ok", *lines]))


def _opens(line: str, before: str) -> bool:
    """Whether a blank line helps the eye: before each thing that is not fine, and after the last of them."""
    return line.startswith(NOT_FINE) or (before.startswith(" ") and line[0].isdigit())
