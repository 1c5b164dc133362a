"""A forge in memory: threads, pull requests and reviews of a bare repository, and what people do on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from intern_action.core.errors import ForgeError
from intern_action.core.ports import Clock
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
    Verdict,
)
from intern_action.git.repository import BareRepository

OURS = "intern-action[bot]"


class MemoryForge:
    """Implements `core.ports.Forge` over dictionaries; heads, pushes and authors come from the bare repository."""

    def __init__(self, bare: BareRepository, clock: Clock) -> None:
        self.bare = bare
        self.clock = clock
        self.people: dict[str, Permission] = {}
        self.threads: dict[int, Thread] = {}
        self.pulls: dict[int, PullRequest] = {}
        self.merged: set[int] = set()
        self.given: dict[int, list[Review]] = {}
        self.kept: dict[str, str] = {}
        self.reactions: list[tuple[int, str, Reaction]] = []
        self.asked: dict[int, list[str]] = {}
        self.lines: dict[int, list[LineComment]] = {}
        self.replies: dict[tuple[int, str], dict[str, str]] = {}
        self.checks: dict[tuple[str, str], Check] = {}

    # --- what control does -------------------------------------------------------------------------------------------

    def thread(self, number: int) -> Thread:
        return self.threads[number]

    def comment(self, number: int, text: str) -> Comment:
        return self.say(number, text, by=OURS)

    def keep_comment(self, number: int, *, marker: str, text: str) -> Comment:
        self.kept[marker] = text
        return Comment(id=marker, by=OURS, text=text, at=self.clock.now())

    def open_pull_request(self, *, title: str, body: str, head: str, base: str) -> PullRequest:
        for pull in self.pulls.values():
            if pull.open and pull.head == head:
                self.describe_pull_request(pull.number, title=title, body=body)
                return self.pull_request(pull.number)
        number = len(self.threads) + len(self.pulls) + 1
        self.pulls[number] = PullRequest(
            number=number,
            title=title,
            body=body,
            by=OURS,
            open=True,
            draft=True,
            base=base,
            base_sha=self.bare.head(base) or "",
            head=head,
            head_sha="",
            url=f"memory://pulls/{number}",
        )
        return self.pull_request(number)

    def describe_pull_request(self, number: int, *, title: str, body: str) -> None:
        self.pulls[number] = replace(self.pulls[number], title=title, body=body)

    def ready(self, number: int) -> None:
        self.pulls[number] = replace(self.pulls[number], draft=False)

    def close_pull_request(self, number: int) -> None:
        self.pulls[number] = replace(self.pulls[number], open=False)

    def pull_request(self, number: int) -> PullRequest:
        if number not in self.pulls:
            raise ForgeError(f"there is no pull request {number}")
        pull = self.pulls[number]
        head = self.bare.head(pull.head) or ""
        pushes = self.bare.pushes(pull.head)
        authors = tuple(name for name, _ in self.bare.authors(pull.base_sha, head)) if head else ()
        pushed_at = pushes[-1].at if pushes else None
        return replace(pull, head_sha=head, pushed_at=pushed_at, commit_authors=authors)

    def standing(self, number: int) -> Standing:
        pull = self.pull_request(number)
        return Standing.OPEN if pull.open else Standing.MERGED if number in self.merged else Standing.CLOSED

    def open_numbers(self) -> frozenset[int]:
        return frozenset(number for number, pull in self.pulls.items() if pull.open)

    def with_twins(self, number: int) -> tuple[PullRequest, tuple[int, ...]]:
        live, pull = (self.pull_request(one) for one in self.pulls if one != number), self.pull_request(number)
        return pull, tuple(other.number for other in live if other.open and other.head_sha == pull.head_sha)

    def authors(self, pull: PullRequest) -> tuple[str, ...]:
        return pull.commit_authors

    def react(self, number: int, reaction: Reaction, *, comment: str = "") -> bool:
        self.reactions.append((number, comment, reaction))
        return self.reactions.count((number, comment, reaction)) == 1

    def line_comments(self, number: int) -> tuple[LineComment, ...]:
        return tuple(self.lines.get(number, ()))

    def reply(self, number: int, conversation: str, text: str, *, marker: str) -> None:
        self.replies.setdefault((number, conversation), {}).setdefault(marker, text)

    def ask_for_review(self, number: int, people: tuple[str, ...]) -> tuple[str, ...]:
        strangers = tuple(person for person in people if person not in self.people)
        self.asked.setdefault(number, []).extend(person for person in people if person in self.people)
        return strangers

    def keep_check(self, check: Check) -> None:
        self.checks[(check.head_sha, check.name)] = check

    def reviews(self, number: int) -> tuple[Review, ...]:
        return tuple(self.given.get(number, ()))

    def permission(self, person: str) -> Permission:
        return self.people.get(person, Permission.NONE)

    # --- what people do ----------------------------------------------------------------------------------------------

    def open_issue(self, *, title: str, body: str, by: str) -> Thread:
        """Open an issue."""
        number = len(self.threads) + len(self.pulls) + 1
        self.threads[number] = Thread(number=number, title=title, body=body, by=by)
        return self.threads[number]

    def merge(self, number: int) -> None:
        """Take a pull request."""
        self.close_pull_request(number)
        self.merged.add(number)

    def reopen(self, number: int) -> None:
        """Open a pull request that was closed."""
        self.pulls[number] = replace(self.pulls[number], open=True)

    def say(self, number: int, text: str, *, by: str) -> Comment:
        """Comment on an issue."""
        said = Comment(id=f"{number}-{len(self.threads[number].comments)}", by=by, text=text, at=self.clock.now())
        thread = self.threads[number]
        self.threads[number] = replace(thread, comments=(*thread.comments, said))
        return said

    def review(  # a review has all of these
        self,
        number: int,
        *,
        by: str,
        verdict: Verdict,
        body: str = "",
        commit_sha: str = "",
        at: datetime | None = None,
    ) -> Review:
        """Review a pull request at its head, a moment from now."""
        self.clock.wait(1)
        review = Review(
            id=f"r{sum(map(len, self.given.values())) + 1}",
            by=by,
            verdict=verdict,
            body=body,
            commit_sha=commit_sha or self.pull_request(number).head_sha,
            submitted_at=at or self.clock.now() + timedelta(0),
        )
        self.given.setdefault(number, []).append(review)
        return review
