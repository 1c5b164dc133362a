"""A reviewer's comment on a line of a pull request: feedback that gets an answer in its own conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intern_action.core.hidden import reveal
from intern_action.core.incoming import Feedback, Incoming, Nothing, Origin
from intern_action.triggers._command import Bounds
from intern_action.triggers._payload import Account, App, Loose, Named, Repository, Time, key, known, machine


class _Comment(Loose):
    id: int | str
    body: str | None
    user: Account | None
    path: str
    line: int | None = None
    original_line: int | None = None
    commit_id: str = ""
    original_commit_id: str = ""
    in_reply_to_id: int | str | None = None
    created_at: Time | None = None
    performed_via_github_app: App | None = None


class _Payload(Loose):
    action: str
    comment: _Comment
    pull_request: Named
    repository: Repository
    sender: Account | None = None


@dataclass(frozen=True, slots=True)
class ReviewComment:
    """Reads new comments on lines. The words are those of the event: what was edited since is not in them."""

    event: str = "pull_request_review_comment"

    def hear(self, payload: Mapping[str, object], bounds: Bounds | None = None, slot: str = "") -> Incoming:
        del bounds, slot
        it = known(_Payload, payload, self.event)
        said = it.comment
        if it.action != "created":
            return Nothing(words=f"a comment on a line was {it.action}; only new ones are heard")
        words = reveal(said.body or "").strip()
        if said.user is None or not words:
            return Nothing(words="a comment on a line without words, or of an account that is gone")
        return Feedback(
            words=words,
            conversation=str(said.in_reply_to_id or said.id),
            path=said.path,
            line=said.line or said.original_line or 0,
            commit=said.original_commit_id or said.commit_id,
            origin=self._origin(it, said.user),
        )

    def _origin(self, it: _Payload, user: Account) -> Origin:
        comment = str(it.comment.id)
        return Origin(
            by=user.login,
            machine=machine(user, it.sender, app=it.comment.performed_via_github_app),
            thread=it.pull_request.number,
            mark=comment,
            at=it.comment.created_at,
            on_pull_request=True,
            key=key(it.repository, self.event, comment, it.comment.body or ""),
        )


TRIGGER = ReviewComment()
