"""The comment that is kept: found by its hidden mark and its author, renewed, and longer than one where it has to be."""

from __future__ import annotations

from datetime import datetime, timedelta

from intern_action.core.frozen import frozen
from intern_action.core.types import Comment
from intern_action.forge._answers import IssueComment, login
from intern_action.forge._bodies import pieces
from intern_action.forge._refusals import HTTP_GONE, HTTP_NOT_FOUND, Refused
from intern_action.forge._wire import Wire

SLACK = timedelta(seconds=5)
"""Times are told in whole seconds, and our clock follows GitHub's by its last answer."""


@frozen
class Desk:
    """Comments of one repository, read and written.

    Args:
        wire: the line to GitHub.
        repository: the path of the repository's API, `/repos/OWNER/NAME`.
        name: who we are.
    """

    wire: Wire
    repository: str
    name: str

    def all(self, number: int) -> list[IssueComment]:
        """Return every comment, oldest first."""
        asked = f"list the comments of #{number}"
        return self.wire.all(f"{self.repository}/issues/{number}/comments", IssueComment, asked)

    def say(self, number: int, text: str) -> Comment:
        """Add a comment, in several where it is too long; return the first."""
        first, *rest = [self._add(number, piece) for piece in pieces(text)]
        del rest
        return first.comment()

    def keep(self, number: int, *, marker: str, text: str) -> Comment:
        """Make or renew the comment with this mark, and those it goes on in."""
        wanted = [f"{piece}\n\n{hidden(marker, place)}" for place, piece in enumerate(pieces(text))]
        mine = [one for one in self.all(number) if self._is_ours(one)]
        there = [_marked(mine, hidden(marker, place)) for place in range(len(wanted))]
        made = [self._put(number, old, body) for old, body in zip(there, wanted, strict=True)]
        self._sweep(mine, marker, len(wanted))
        return made[0].comment()

    def drop(self, number: int, *, marker: str) -> None:
        """Take away the comment with this mark, and those it goes on in, if there is one."""
        self._sweep([one for one in self.all(number) if self._is_ours(one)], marker, 0)

    def _put(self, number: int, old: IssueComment | None, body: str) -> IssueComment:
        if old is None:
            return self._add(number, body)
        if (old.body or "").replace("\r\n", "\n") != body:
            path = f"{self.repository}/issues/comments/{old.id}"
            self.wire.change("PATCH", path, {"body": body}, f"renew comment {old.id} of #{number}")
        return old.model_copy(update={"body": body})

    def _sweep(self, mine: list[IssueComment], marker: str, after: int) -> None:
        """Take away what a longer text once went on in."""
        place = after
        while (old := _marked(mine, hidden(marker, place))) is not None:
            self._delete(old)
            place += 1

    def _delete(self, comment: IssueComment) -> None:
        path, asked = f"{self.repository}/issues/comments/{comment.id}", f"delete comment {comment.id}"
        try:
            self.wire.change("DELETE", path, None, asked)
        except Refused as error:
            if error.status not in {
                HTTP_NOT_FOUND,
                HTTP_GONE,
            }:  # it is gone: somebody, or our own lost answer, was faster
                raise

    # --- adding ---------------------------------------------------------------------------------------------------

    def _add(self, number: int, body: str) -> IssueComment:
        """Add one comment. When the answer is lost, what is there now says whether it was added."""
        path, asked = f"{self.repository}/issues/{number}/comments", f"comment on #{number}"
        began = self.wire.their_now() - SLACK
        return self.wire.make_once(
            lambda: self.wire.create(path, {"body": body}, IssueComment, asked),
            look=lambda: self._added(number, body, began),
        )

    def _added(self, number: int, body: str, began: datetime) -> IssueComment | None:
        mine = (one for one in self.all(number) if one.created_at >= began and self._is_ours(one))
        return next((one for one in mine if _same(one, body)), None)

    def _is_ours(self, comment: IssueComment) -> bool:
        return login(comment.user).casefold() == self.name.casefold()


def hidden(marker: str, place: int = 0) -> str:
    """Return the mark as it is hidden in a comment; later places are what a long text goes on in."""
    bare = marker.removeprefix("<!--").removesuffix("-->").strip()
    return f"<!-- {bare} -->" if not place else f"<!-- {bare}+{place} -->"


def _marked(comments: list[IssueComment], mark: str) -> IssueComment | None:
    return next((one for one in comments if mark in (one.body or "")), None)


def _same(comment: IssueComment, body: str) -> bool:
    return (comment.body or "").replace("\r\n", "\n").strip() == body.strip()
