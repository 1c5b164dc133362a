"""A comment on an issue or in the conversation of a pull request; the local forge writes the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intern_action.core.incoming import Asked, Incoming, Nothing, Origin
from intern_action.triggers._command import Bounds, parse_command
from intern_action.triggers._payload import Account, App, Issue, Loose, Repository, Time, key, known, machine


class _Comment(Loose):
    id: int | str
    body: str | None
    user: Account | None
    created_at: Time | None = None
    performed_via_github_app: App | None = None


class _Payload(Loose):
    action: str
    comment: _Comment
    issue: Issue
    repository: Repository
    sender: Account | None = None


@dataclass(frozen=True, slots=True)
class IssueComment:
    """Reads new comments. Edited ones are not commands: the words could change after somebody answered them."""

    event: str = "issue_comment"

    def hear(self, payload: Mapping[str, object], bounds: Bounds | None = None, slot: str = "") -> Incoming:
        del slot  # a comment has an id of its own
        it = known(_Payload, payload, self.event)
        if it.action != "created":
            return Nothing(words=f"a comment was {it.action}; only new comments are heard")
        if it.comment.user is None:
            return Nothing(words="a comment of an account that is gone is nobody's")
        words = it.comment.body or ""
        command = parse_command(words, bounds)
        if command is None:
            return Nothing(words="a comment whose first line does not begin with /intern")
        return Asked(command=command, origin=self._origin(it, it.comment.user, words))

    def _origin(self, it: _Payload, user: Account, words: str) -> Origin:
        comment = str(it.comment.id)
        return Origin(
            by=user.login,
            machine=machine(user, it.sender, app=it.comment.performed_via_github_app),
            thread=it.issue.number,
            mark=comment,
            comment=comment,
            at=it.comment.created_at,
            on_pull_request=it.issue.pull_request is not None,
            key=key(it.repository, self.event, comment, words),
            seen=it.issue.seen(),
        )


TRIGGER = IssueComment()
