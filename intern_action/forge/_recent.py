"""What was said and labelled in the whole repository on GitHub lately: for whoever looks for what no run has heard.

Each is told as the event that GitHub should have sent for it, as far as that can be told afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import AwareDatetime

from intern_action.core.errors import ForgeError
from intern_action.core.frozen import frozen
from intern_action.core.types import LineComment
from intern_action.forge._answers import Issue, IssueComment, PullComment, Recorded, User, login
from intern_action.forge._wire import Wire
from intern_action.forge.early import EVENTS, events_path

SETTLED = timedelta(seconds=2)
"""Saying something changes comment and issue within this time; whatever changes them later is somebody's doing."""
PAGES_MOST = 3


@frozen
class Said:
    """A comment or a label, whole enough to be heard.

    Args:
        event: what GitHub calls it, `issue_comment` or `issues`.
        payload: what GitHub sends for it.
        thread: number of the issue or pull request.
        mark: id of the comment, or of issue and label.
        by: whose it is.
        text: the comment's words.
        at: when it was said.
        changed: whether the words that count (the comment's, or the issue's that was labelled) may be others since.
    """

    event: str
    payload: Mapping[str, object]
    thread: int
    mark: str
    by: str
    text: str
    at: datetime
    changed: bool


@frozen
class Recent:
    """Reads what is new.

    Args:
        wire: the line to GitHub.
        repository: the path of the repository's API, `/repos/OWNER/NAME`.
    """

    wire: Wire
    repository: str

    def comments(self, since: datetime) -> tuple[Said, ...]:
        """Return the comments on issues and pull requests that are new or were changed since, oldest first."""
        asked = "list the newest comments"
        found = self.wire.all(
            f"{self.repository}/issues/comments", _Comment, asked, since=_iso(since), sort="updated", direction="asc"
        )
        return tuple(self._comment(one) for one in found)

    def labels(self, since: datetime) -> tuple[Said, ...]:
        """Return the labels that were put on issues since and are still there, oldest first.

        GitHub lists the newest events first and all of them, so only the newest few hundred are looked at.
        """
        path = events_path(self.repository)
        found = self.wire.newest(path, _Labelled, EVENTS, pages=PAGES_MOST, old=lambda one: one.created_at < since)
        told = (self._labelled(one) for one in found if one.event == "labeled" and one.created_at >= since)
        return tuple(one for one in told if one is not None)[::-1]

    def lines(self, since: datetime) -> tuple[tuple[int, LineComment], ...]:
        """Return what was said on lines of pull requests since, with the number of the pull request, oldest first."""
        asked = "list the newest comments on lines"
        found = self.wire.all(
            f"{self.repository}/pulls/comments", _Line, asked, since=_iso(since), sort="created", direction="asc"
        )
        return tuple((one.number, one.comment()) for one in found)

    def with_issue(self, said: Said) -> Said:
        """Return a comment with its issue; an issue that was changed after it is told without its words."""
        asked = f"show #{said.thread}"
        issue = self.wire.get(f"{self.repository}/issues/{said.thread}", _Issue, asked)
        same = issue.updated_at <= said.at + SETTLED
        told = {
            "number": issue.number,
            "state": issue.state,
            "title": issue.title if same else "",
            "body": issue.body if same else None,
            "user": _account(issue.user) if same else None,
            "pull_request": issue.pull_request,
        }
        return Said(
            event=said.event,
            payload={**said.payload, "issue": told},
            thread=said.thread,
            mark=said.mark,
            by=said.by,
            text=said.text,
            at=said.at,
            changed=said.changed,
        )

    def _comment(self, one: _Comment) -> Said:
        told = {
            "id": one.id,
            "body": one.body,
            "user": _account(one.user),
            "created_at": one.created_at,
            "performed_via_github_app": one.performed_via_github_app,
        }
        return Said(
            event="issue_comment",
            payload={"action": "created", "comment": told, **self._about(one.user)},
            thread=one.thread,
            mark=str(one.id),
            by=login(one.user),
            text=one.body or "",
            at=one.created_at,
            changed=one.updated_at > one.created_at + SETTLED,
        )

    def _labelled(self, one: _Labelled) -> Said | None:
        """Return the event of a label, None when it is no longer there, or on a pull request."""
        issue, name = one.issue, (one.label.name if one.label else None) or ""
        label = next((label for label in issue.labels if label.name == name), None) if issue else None
        if issue is None or label is None or issue.pull_request is not None:
            return None
        told = {
            "number": issue.number,
            "state": issue.state,
            "title": issue.title,
            "body": issue.body,
            "user": _account(issue.user),
            "updated_at": one.created_at,
        }
        labelled = {"label": {"id": label.id, "name": label.name}, "issue": told}
        return Said(
            event="issues",
            payload={"action": "labeled", **labelled, **self._about(one.actor)},
            thread=issue.number,
            mark=f"{issue.number}:{label.id}",
            by=login(one.actor),
            text=name,
            at=one.created_at,
            changed=issue.updated_at > one.created_at + SETTLED,
        )

    def _about(self, who: User | None) -> Mapping[str, object]:
        name = self.repository.removeprefix("/repos/")
        return {"repository": {"full_name": name}, "sender": _account(who)}


class _Comment(IssueComment):
    issue_url: str
    performed_via_github_app: dict[str, object] | None = None

    @property
    def thread(self) -> int:
        """The number of its issue or pull request."""
        return _number(self.issue_url)


class _Line(PullComment):
    pull_request_url: str

    @property
    def number(self) -> int:
        """The number of its pull request."""
        return _number(self.pull_request_url)


class _Issue(Issue):
    pull_request: dict[str, object] | None = None


class _Label(Recorded):
    id: int
    name: str = ""


class _LabelledIssue(_Issue):
    labels: tuple[_Label, ...] = ()


class _LabelName(Recorded):
    name: str | None = None


class _Labelled(Recorded):
    event: str
    actor: User | None = None
    created_at: AwareDatetime
    label: _LabelName | None = None
    issue: _LabelledIssue | None = None


def _account(user: User | None) -> Mapping[str, object] | None:
    return None if user is None else {"login": user.login, "type": user.type or "User"}


def _number(url: str) -> int:
    """Return the number that an address ends with. Raises ForgeError."""
    number = url.rpartition("/")[2]
    if not number.isdecimal():
        raise ForgeError("GitHub told a comment without saying where it stands; nothing was decided on it")
    return int(number)


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
