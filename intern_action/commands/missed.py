"""What somebody asked for and no run has heard: found by a timer, and heard then, once.

Of runs that wait in one `concurrency` group GitHub keeps the newest, runners die, and webhooks get lost. Whether something
was heard is told by the ledger, and for words that change nothing by our own answer to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from intern_action.core.entries import Admitted, LedgerEvent, LedgerView, Looked
from intern_action.core.frozen import frozen
from intern_action.core.types import LineComment
from intern_action.forge._recent import Said
from intern_action.triggers._command import parse_command
from intern_action.wiring.github_door import GitHubDoor

WINDOW = timedelta(days=3)
"""What is older was forgotten by whoever asked for it."""
MANY = 50
"""So many comments since the last note are a reason for a new one."""
OVERLAP = timedelta(minutes=5)
ANSWER = "<!-- intern-action event={key} about={mark} -->"
ANSWERED = re.compile(r"<!-- intern-action event=\w+ about=(\S+) -->")


@frozen
class Missed:
    """What was found.

    Args:
        unbegun: tasks that a run has claimed and died of.
        said: comments and labels that nobody has heard, oldest first; some may be none of ours.
        lines: what was said lately on lines of pull requests, with their numbers, where sessions wait.
        note: until when everything will have been heard once these are, None where that is not worth a line of the ledger.
    """

    unbegun: tuple[Admitted, ...]
    said: tuple[Said, ...]
    lines: tuple[tuple[int, LineComment], ...]
    note: Looked | None

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.unbegun or self.said)


def look(door: GitHubDoor, view: LedgerView) -> Missed:
    """Ask GitHub what was said lately: two requests, and one more where sessions wait."""
    recent, floor = door.ground.forge.recent, door.clock.now() - WINDOW
    since = max(view.looked() or floor, floor)
    comments, ours = recent.comments(since), door.ground.our_name.casefold()
    answered = {mark for one in comments if one.by.casefold() == ours for mark in ANSWERED.findall(one.text)}
    told = [*recent.labels(since), *(one for one in comments if parse_command(one.text) is not None)]
    said = [one for one in told if one.by.casefold() != ours and one.mark not in answered and not view.heard(one.mark)]
    waits = any(moved.state.waiting for moved in view.sessions().values())
    return Missed(
        unbegun=view.unbegun(),
        said=tuple(sorted(said, key=lambda one: one.at)),
        lines=recent.lines(since) if waits else (),
        note=_note(view, comments) if len(comments) > MANY else None,
    )


def _note(view: LedgerView, comments: tuple[Said, ...]) -> Looked | None:
    """Return a note that leaves out what may still be on its way into GitHub's list."""
    until = max(one.at for one in comments) - OVERLAP
    before = view.looked()
    return Looked(until=until) if view.head and (before is None or until > before) else None


def note(door: GitHubDoor, looked: Looked) -> None:
    """Write down until when everything was heard, unless somebody has looked further."""

    def further(view: LedgerView) -> Iterator[LedgerEvent]:
        before = view.looked()
        if before is None or before < looked.until:
            yield looked

    door.premises.ledger.decide(lambda view: tuple(further(view)))
