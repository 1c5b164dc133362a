"""What is said on lines of pull requests of one repository on GitHub, and our answers there."""

from __future__ import annotations

from intern_action.core.frozen import frozen
from intern_action.core.types import LineComment
from intern_action.forge._answers import PullComment, login
from intern_action.forge._sticky import hidden
from intern_action.forge._wire import Wire


@frozen
class Lines:
    """Conversations on lines.

    Args:
        wire: the line to GitHub.
        repository: the path of the repository's API, `/repos/OWNER/NAME`.
        name: who we are.
    """

    wire: Wire
    repository: str
    name: str

    def all(self, number: int) -> tuple[LineComment, ...]:
        """Return every comment on a line, oldest first."""
        found = sorted(self._there(number), key=lambda one: (one.created_at, one.id))
        return tuple(one.comment() for one in found)

    def reply(self, number: int, conversation: str, text: str, *, marker: str) -> None:
        """Answer a conversation, once for each marker."""
        mark = hidden(marker)
        if self._answered(number, mark) is not None:
            return
        path, asked = (
            f"{self.repository}/pulls/{number}/comments/{int(conversation)}/replies",
            f"answer a conversation on pull request #{number}",
        )
        body = {"body": f"{text}\n\n{mark}"}
        self.wire.make_once(
            lambda: self.wire.create(path, body, PullComment, asked), look=lambda: self._answered(number, mark)
        )

    def _answered(self, number: int, mark: str) -> PullComment | None:
        ours = (one for one in self._there(number) if login(one.user).casefold() == self.name.casefold())
        return next((one for one in ours if mark in (one.body or "")), None)

    def _there(self, number: int) -> list[PullComment]:
        asked = f"list what is said on lines of pull request #{number}"
        return self.wire.all(f"{self.repository}/pulls/{number}/comments", PullComment, asked)
