"""A label on an issue: the issue is the task, and the label may stand for flags. It counts for the person who put it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intern_action.core.hidden import reveal
from intern_action.core.incoming import Asked, Incoming, Nothing, Origin
from intern_action.triggers._command import Bounds, preset_command
from intern_action.triggers._payload import Account, Issue, Loose, Repository, Time, key, known


class _Label(Loose):
    id: int | str
    name: str


class _LabelledIssue(Issue):
    updated_at: Time | None = None


class _Payload(Loose):
    action: str
    issue: _LabelledIssue
    label: _Label | None = None
    repository: Repository
    sender: Account


@dataclass(frozen=True, slots=True)
class IssueLabel:
    """Reads labels as they are put. Labels that stood there before count for nothing: others may have put them."""

    event: str = "issues"

    def hear(self, payload: Mapping[str, object], bounds: Bounds | None = None, slot: str = "") -> Incoming:
        del slot  # an issue and a label have ids of their own
        it = known(_Payload, payload, self.event)
        if it.action != "labeled" or it.label is None:
            return Nothing(words=f"an issue was {it.action}; only labels that are put on one are heard")
        presets = (bounds or Bounds()).presets
        flags = next((flags for name, flags in presets.items() if name.casefold() == it.label.name.casefold()), None)
        if flags is None:
            return Nothing(words="a label that stands for nothing here")
        command = preset_command(it.label.name, flags, _task(it.issue), bounds or Bounds())
        return Asked(command=command, origin=self._origin(it, it.label))

    def _origin(self, it: _Payload, label: _Label) -> Origin:
        return Origin(
            by=it.sender.login,
            machine=it.sender.machine,
            thread=it.issue.number,
            mark=f"{it.issue.number}:{label.id}",
            at=it.issue.updated_at,
            key=key(it.repository, self.event, f"{it.issue.number}:{label.id}", f"{it.issue.title}\n{it.issue.body}"),
            seen=it.issue.seen(),
        )


def _task(issue: Issue) -> str:
    """Return title and text without what hides in them, each read alone: nothing in a title opens a fence for the text."""
    return "\n\n".join(part for part in (reveal(issue.title).strip(), reveal(issue.body or "").strip()) if part)


TRIGGER = IssueLabel()
