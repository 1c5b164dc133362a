"""Where people talk and review."""

from __future__ import annotations

from typing import Protocol

from intern_action.core.types import (
    Check,
    Comment,
    LineComment,
    Permission,
    PullRequest,
    Reaction,
    Review,
    Standing,
    Thread,
)


class Forge(Protocol):
    """Where people talk and review: GitHub, or a folder."""

    def thread(self, number: int) -> Thread:
        """Return an issue with its comments."""
        ...

    def comment(self, number: int, text: str) -> Comment:
        """Add a comment."""
        ...

    def keep_comment(self, number: int, *, marker: str, text: str) -> Comment:
        """Make or renew the one comment of ours that carries the hidden `marker`."""
        ...

    def react(self, number: int, reaction: Reaction, *, comment: str = "") -> bool:
        """Answer a comment (by its id), or the opening words, with a reaction; return whether it is new there."""
        ...

    def line_comments(self, number: int) -> tuple[LineComment, ...]:
        """Return what was said on lines of a pull request, oldest first; complete, or an error."""
        ...

    def reply(self, number: int, conversation: str, text: str, *, marker: str) -> None:
        """Answer a conversation on a line of a pull request, once for each hidden `marker`."""
        ...

    def open_pull_request(self, *, title: str, body: str, head: str, base: str) -> PullRequest:
        """Open a draft, or return the open one of this head and renew its title and body."""
        ...

    def describe_pull_request(self, number: int, *, title: str, body: str) -> None:
        """Renew title and body."""
        ...

    def ready(self, number: int) -> None:
        """Take a pull request out of draft."""
        ...

    def close_pull_request(self, number: int) -> None:
        """Close it without a merge."""
        ...

    def pull_request(self, number: int) -> PullRequest:
        """Return it as it is now; who wrote its commits may have to be asked for apart."""
        ...

    def standing(self, number: int) -> Standing:
        """Return whether it is open, closed or merged now."""
        ...

    def open_numbers(self) -> frozenset[int]:
        """Return the numbers of all pull requests that are open now; complete, or an error."""
        ...

    def with_twins(self, number: int) -> tuple[PullRequest, tuple[int, ...]]:
        """Return it as it is now, and the number of every other open one with the same head, in order."""
        ...

    def authors(self, pull: PullRequest) -> tuple[str, ...]:
        """Return everybody who may have written a commit of it, one too many rather than one too few; () when nobody can tell."""
        ...

    def ask_for_review(self, number: int, people: tuple[str, ...]) -> tuple[str, ...]:
        """Ask people for a review; whoever opened it is left out.

        Returns:
            those who could not be asked: the forge does not know them, or they may not see the repository.
        """
        ...

    def keep_check(self, check: Check) -> None:
        """Make or renew the one check of ours that has this name on this commit."""
        ...

    def reviews(self, number: int) -> tuple[Review, ...]:
        """Return all reviews, oldest first; complete, or an error."""
        ...

    def permission(self, person: str) -> Permission:
        """Return what a person may do *now*."""
        ...
