"""GitHub as a folder: threads, pull requests and reviews as files that people can read and edit, over a bare repository."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from intern_action.core.errors import ForgeError
from intern_action.core.ports import Clock, Commits
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
from intern_action.forge._folder import Folder
from intern_action.forge._heads import CheckHead, CommentHead, IssueHead, Person, PullHead, ReviewHead, read, written
from intern_action.forge._pages import Page, Part, tidy
from intern_action.forge._people import People, review_of
from intern_action.forge._pushes import pushed_at
from intern_action.forge._shelf import Shelf, next_id

OUR_NAME = "intern-action[bot]"
NAME = re.compile(r"[^\s\x00-\x1f][^\x00-\x1f\x7f\x85\u2028\u2029]{0,99}")
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


class LocalForge:
    """Implements `core.ports.Forge`, and lets people do what they do on GitHub. Numbers are one sequence for both kinds.

    Args:
        folder: `issues/1.md`, `pulls/2.md`, `people.yaml`; made when something is first written.
        commits: the bare repository (`git.repository.BareRepository`).
        name: who we are here.
    """

    def __init__(self, folder: str | Path, commits: Commits, *, clock: Clock, name: str = OUR_NAME) -> None:
        self._folder = Folder(Path(folder).absolute())
        self._shelf = Shelf(self._folder)
        self._commits = commits
        self._clock = clock
        self._name = name

    @classmethod
    def create(
        cls, folder: str | Path, commits: Commits, *, clock: Clock, people: Mapping[str, Permission] | None = None
    ) -> LocalForge:
        """Make the folder, with these people in it."""
        forge = cls(folder, commits, clock=clock)
        with forge._folder.locked():
            known = {who: Person(permission=permission) for who, permission in (people or {}).items()}
            People(known).write(forge._folder)
        return forge

    # --- threads -------------------------------------------------------------------------------------------------

    def thread(self, number: int) -> Thread:
        name, page = self._shelf.load(number)
        head = read(IssueHead if name.startswith("issues/") else PullHead, page.parts[0], self._shelf.shown(name))
        return Thread(
            number=number,
            title=head.title,
            body=page.parts[0].text,
            by=head.by,
            open=head.state == "open",
            comments=tuple(self._comment(part, name) for part in page.parts if part.kind == "comment"),
            url=self._shelf.shown(name),
        )

    def open_issue(self, title: str, body: str, by: str) -> Thread:
        """Somebody opens an issue."""
        with self._folder.locked():
            number = self._shelf.next_number()
            head = IssueHead(by=self._person(by), at=self._clock.now(), title=_one_line(title))
            self._shelf.store(f"issues/{number}.md", Page(parts=(Part(kind="", head=written(head), text=body),)))
        return self.thread(number)

    def comment(self, number: int, text: str, by: str = "") -> Comment:
        """Add a comment: ours, or somebody's."""
        with self._folder.locked():
            return self._add_comment(number, text, self._person(by or self._name))

    def keep_comment(self, number: int, *, marker: str, text: str) -> Comment:
        hidden = marker if marker.startswith("<!--") else f"<!-- {marker} -->"
        words = text if hidden in text else f"{text}\n\n{hidden}"
        with self._folder.locked():
            name, page = self._shelf.load(number)
            for place, part in enumerate(page.parts):
                if part.kind == "comment" and hidden in part.text and self._comment(part, name).by == self._name:
                    return self._renew(name, page, place, words)
            return self._add_comment(number, words, self._name)

    def line_comments(self, number: int) -> tuple[LineComment, ...]:
        self._pull_head(number)  # there is such a pull request; in a folder nobody can point at a line
        return ()

    def reply(self, number: int, conversation: str, text: str, *, marker: str) -> None:
        self.keep_comment(number, marker=f"{marker} {conversation}", text=text)

    def react(self, number: int, reaction: Reaction, *, comment: str = "") -> bool:
        with self._folder.locked():
            name, page = self._shelf.load(number)
            place = self._place(page, number, comment)
            part = page.parts[place]
            before = cast("list[str]", part.head.get("reactions") or [])
            new = reaction.value not in before
            if new:
                more = {**part.head, "reactions": [*before, reaction.value]}
                self._shelf.put(name, page, place, replace(part, head=more))
            return new

    def _place(self, page: Page, number: int, comment: str) -> int:
        if not comment:
            return 0
        for place, part in enumerate(page.parts):
            if part.kind == "comment" and str(part.head.get("id")) == comment:
                return place
        raise ForgeError(f"there is no comment {comment} on {number}")

    def close(self, number: int, by: str = "") -> None:
        """Somebody closes an issue or a pull request."""
        del by  # the file does not say who closed it
        self._change(number, {"state": "closed"})

    # --- pull requests -------------------------------------------------------------------------------------------

    def open_pull_request(self, *, title: str, body: str, head: str, base: str) -> PullRequest:
        if self._commits.head(head) is None:
            raise ForgeError(f"there is no branch {head} to open a pull request for; push it first")
        if self._commits.head(base) is None:
            raise ForgeError(f"there is no branch {base} to open a pull request to")
        with self._folder.locked():
            number = self._open_for(head, base)
            if number is None:
                number = self._shelf.next_number()
                facts = PullHead(by=self._name, at=self._clock.now(), title=_one_line(title), base=base, head=head)
                self._shelf.store(f"pulls/{number}.md", Page(parts=(Part(kind="", head=written(facts), text=body),)))
            else:
                self._shelf.edit(number, {"title": _one_line(title)}, body)
        return self.pull_request(number)

    def describe_pull_request(self, number: int, *, title: str, body: str) -> None:
        self._pull_head(number)
        self._change(number, {"title": _one_line(title)}, body)

    def ready(self, number: int) -> None:
        self._pull_head(number)
        self._change(number, {"draft": False})

    def close_pull_request(self, number: int) -> None:
        self._pull_head(number)
        self._change(number, {"state": "closed"})

    def pull_request(self, number: int) -> PullRequest:
        with self._folder.locked():
            head, body = self._pull_head(number)
            log = self._commits.pushes(head.head)
            pushed = pushed_at(self._folder, number, log, self._clock.now())
        head_sha, base_sha = self._commits.head(head.head) or "", self._commits.head(head.base) or ""
        authors = self._commits.authors(base_sha, head_sha) if base_sha and head_sha else ()
        return PullRequest(
            number=number,
            title=head.title,
            body=body,
            by=head.by,
            open=head.state == "open",
            draft=head.draft,
            base=head.base,
            base_sha=base_sha,
            head=head.head,
            head_sha=head_sha,
            pushed_at=pushed,
            commit_authors=People.read(self._folder).authors(authors),
            url=self._shelf.shown(f"pulls/{number}.md"),
        )

    def standing(self, number: int) -> Standing:
        return Standing(self._pull_head(number)[0].state)

    def open_numbers(self) -> frozenset[int]:
        return frozenset(one for one in self._folder.numbers("pulls") if self.standing(one) is Standing.OPEN)

    def with_twins(self, number: int) -> tuple[PullRequest, tuple[int, ...]]:
        pull = self.pull_request(number)
        others = (self.pull_request(one) for one in self._folder.numbers("pulls") if one != number)
        same = (other.number for other in others if other.open and other.head_sha == pull.head_sha and pull.head_sha)
        return pull, tuple(same)

    def authors(self, pull: PullRequest) -> tuple[str, ...]:
        return pull.commit_authors

    def ask_for_review(self, number: int, people: tuple[str, ...]) -> tuple[str, ...]:
        opener, before = self._pull_head(number)[0].by.casefold(), self._pull_head(number)[0].reviewers or ()
        wanted = [self._person(one) for one in dict.fromkeys(people) if one.casefold() != opener]
        strangers = tuple(one for one in wanted if self.permission(one) is Permission.NONE)
        asked = dict.fromkeys([*before, *(one for one in wanted if one not in strangers)])
        if asked:
            self._change(number, {"reviewers": list(asked)})
        return strangers

    def keep_check(self, check: Check) -> None:
        head = CheckHead(
            name=_one_line(check.name),
            commit=check.head_sha,
            title=_one_line(check.title),
            conclusion=check.conclusion,
            url=check.url or None,
        )
        with self._folder.locked():
            page = Page(parts=(Part(kind="", head=written(head), text=check.summary),))
            self._shelf.store(f"checks/{check.head_sha}-{NOT_IN_NAMES.sub('-', check.name)}.md", page)

    # --- reviews -------------------------------------------------------------------------------------------------

    def reviews(self, number: int) -> tuple[Review, ...]:
        name, page = self._shelf.load(number, "pulls")
        people = People.read(self._folder)
        shown = self._shelf.shown(name)
        found = [review_of(part, shown, people, ours=self._name) for part in page.parts if part.kind == "review"]
        return tuple(sorted(found, key=lambda review: review.submitted_at))

    def review(self, number: int, by: str, verdict: Verdict, body: str = "", commit_sha: str | None = None) -> Review:
        """Somebody reviews a pull request: its head as it is now, unless another commit is named.

        Raises:
            ForgeError: it is not open, or somebody judges the own pull request.
        """
        with self._folder.locked():
            name, page = self._shelf.load(number, "pulls")
            pull, _ = self._pull_head(number)
            who = self._person(by)
            if pull.state != "open":
                raise ForgeError(f"pull request {number} is closed; nobody can review it")
            if who.casefold() == pull.by.casefold() and verdict is not Verdict.COMMENTED:
                raise ForgeError(f"{who} opened pull request {number} and cannot judge it")
            head = ReviewHead(
                by=who,
                at=self._clock.now(),
                id=next_id(page, number),
                verdict=verdict,
                commit=commit_sha or self._commits.head(pull.head) or "",
            )
            part = Part(kind="review", head=written(head), text=body)
            self._shelf.store(name, Page(parts=(*page.parts, part)))
            return review_of(part, self._shelf.shown(name), People.read(self._folder), ours=self._name)

    def dismiss(self, number: int, review: str, by: str) -> None:
        """Somebody with write access dismisses a review; it stays readable."""
        if not self.permission(by).writes:
            raise ForgeError(f"{by} may not dismiss reviews here; it takes write access")
        with self._folder.locked():
            name, page = self._shelf.load(number, "pulls")
            for place, part in enumerate(page.parts):
                if part.kind == "review" and read(ReviewHead, part, self._shelf.shown(name)).id == review:
                    more = {"verdict": Verdict.DISMISSED.value, "dismissed_by": self._person(by)}
                    self._shelf.put(name, page, place, replace(part, head={**part.head, **more}))
                    return
        raise ForgeError(f"pull request {number} has no review {review}")

    # --- people --------------------------------------------------------------------------------------------------

    def permission(self, person: str) -> Permission:
        return People.read(self._folder).permission(person)

    def people(self) -> Mapping[str, Permission]:
        """Return everybody who is known here."""
        return {who: person.permission for who, person in People.read(self._folder).known.items()}

    def set_permission(
        self, person: str, permission: Permission, *, email: tuple[str, ...] = (), bot: bool = False
    ) -> None:
        """Let somebody in, or change what they may do."""
        with self._folder.locked():
            people = People.read(self._folder)
            known = {**people.known, people.name(person): Person(permission=permission, email=email, bot=bot)}
            People(known).write(self._folder)

    def _person(self, who: str) -> str:
        if not NAME.fullmatch(who):
            raise ForgeError(f"{who!r} cannot be the name of a person: one line, up to 100 characters")
        return People.read(self._folder).name(who)

    # --- parts of pages ------------------------------------------------------------------------------------------

    def _pull_head(self, number: int) -> tuple[PullHead, str]:
        name, page = self._shelf.load(number, "pulls")
        return read(PullHead, page.parts[0], self._shelf.shown(name)), page.parts[0].text

    def _open_for(self, head: str, base: str) -> int | None:
        for number in self._folder.numbers("pulls"):
            pull, _ = self._pull_head(number)
            if (pull.head, pull.base, pull.state) == (head, base, "open"):
                return number
        return None

    def _change(self, number: int, facts: Mapping[str, object], text: str | None = None) -> None:
        with self._folder.locked():
            self._shelf.edit(number, facts, text)

    def _add_comment(self, number: int, text: str, by: str) -> Comment:
        name, page = self._shelf.load(number)
        head = CommentHead(by=by, at=self._clock.now(), id=next_id(page, number))
        part = Part(kind="comment", head=written(head), text=text)
        self._shelf.store(name, Page(parts=(*page.parts, part)))
        return Comment(id=head.id, by=head.by, text=tidy(text), at=head.at)

    def _renew(self, name: str, page: Page, place: int, words: str) -> Comment:
        part = replace(page.parts[place], text=tidy(words))
        if part != page.parts[place]:
            self._shelf.put(name, page, place, part)
        return self._comment(part, name)

    def _comment(self, part: Part, name: str) -> Comment:
        head = read(CommentHead, part, self._shelf.shown(name))
        return Comment(id=head.id, by=self._person(head.by), text=part.text, at=head.at)


def _one_line(title: str) -> str:
    return " ".join(title.split())[:300] or "(no title)"
