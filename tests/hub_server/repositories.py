"""The repositories: what each is, its branches and tags, its commits, and who may do what with it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import TYPE_CHECKING

from .accounts import Caller
from .content import Content
from .fields import Fields
from .moment import now
from .objects import Commit, Entry, commit_id
from .refusals import Refused, repository_not_found, revision_not_found
from .store import Store, Table

if TYPE_CHECKING:
    from .world import World

MAIN = "main"
_SHA = 40
_SHORT_SHA = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """One repository; a change is a new value."""

    uid: str
    type: str
    """`model`, `dataset` or `space`."""
    id: str
    """`owner/name`."""
    created: str
    private: bool = False
    gated: str = ""
    """`auto`, `manual`, or nothing."""
    accepted: Sequence[str] = ()
    """Who may read it although it is gated."""
    waiting: Sequence[str] = ()
    """Who asked to read it."""
    branches: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    pulls: Mapping[str, str] = field(default_factory=dict[str, str])
    """`refs/pr/N` by number."""
    space: Mapping[str, object] = field(default_factory=dict[str, object])
    """What a space was made with: `sdk`, `hardware`, `secrets`, `variables`, …"""

    @property
    def owner(self) -> str:
        """The user or organisation it belongs to."""
        return self.id.partition("/")[0]

    @property
    def key(self) -> str:
        """What the store knows it by."""
        return f"{self.type}/{self.id.lower()}"

    @property
    def address(self) -> str:
        """Where its page is, without the server."""
        return f"{'' if self.type == 'model' else self.type + 's/'}{self.id}"

    def document(self) -> Mapping[str, object]:
        """Return it as the store keeps it."""
        about = {"uid": self.uid, "type": self.type, "id": self.id, "created": self.created, "private": self.private}
        readers = {"gated": self.gated, "accepted": list(self.accepted), "waiting": list(self.waiting)}
        refs = {"branches": dict(self.branches), "tags": dict(self.tags), "pulls": dict(self.pulls)}
        return {**about, **readers, **refs, "space": dict(self.space)}

    @classmethod
    def read(cls, kept: Fields) -> Repository:
        """Read what `document` wrote."""
        return cls(
            uid=kept.text("uid"),
            type=kept.text("type"),
            id=kept.text("id"),
            created=kept.text("created"),
            private=kept.flag("private"),
            gated=kept.text("gated"),
            accepted=kept.texts("accepted"),
            waiting=kept.texts("waiting"),
            branches=kept.pairs("branches"),
            tags=kept.pairs("tags"),
            pulls=kept.pairs("pulls"),
            space=kept.fields("space").values,
        )


class Repositories:
    """All of them. Hold `lock` for whatever reads and then writes."""

    def __init__(self, store: Store) -> None:
        self.lock = RLock()
        self._store, self._table, self._moved = store, store.table("repositories"), store.table("moved")
        self.content = Content(store)

    def all(self) -> list[Repository]:
        """Return every repository, in the order they were made."""
        return [Repository.read(kept) for _, kept in self._table.items()]

    def find(self, type: str, id: str) -> Repository | None:  # noqa: A002 -- the Hub's own words
        """Return a repository, None when there is none."""
        kept = self._table.get(f"{type}/{id.lower()}")
        return None if kept is None else Repository.read(kept)

    def moved_to(self, type: str, id: str) -> str | None:  # noqa: A002
        """Return the new name of a repository that once had this one."""
        kept = self._moved.get(f"{type}/{id.lower()}")
        return None if kept is None else kept.text("to")

    def make(self, repository: Repository, author: str, files: Mapping[str, Entry]) -> Repository:
        """Begin a repository with its first commit."""
        self._moved.delete(repository.key)
        self.put(repository)
        return self.commit(repository, MAIN, files, author=author, title="initial commit")

    def put(self, repository: Repository) -> None:
        """Keep a repository as it is now."""
        self._table.put(repository.key, repository.document())

    def delete(self, repository: Repository) -> None:
        """Forget a repository with all its commits."""
        self._table.delete(repository.key)
        self._store.drop(f"commits/{repository.uid}")

    def move(self, repository: Repository, id: str) -> Repository:  # noqa: A002
        """Give a repository another name; the old one leads there."""
        moved = replace(repository, id=id)
        self._table.delete(repository.key)
        self._moved.delete(moved.key)
        self._moved.put(repository.key, {"to": id})
        self.put(moved)
        return moved

    def revision(self, repository: Repository, name: str) -> Commit:
        """Return the commit that a branch, tag, `refs/…` or id names.

        Raises:
            Refused: nothing has that name.
        """
        if name == "HEAD":
            name = MAIN
        for prefix, refs in (
            ("refs/pr/", repository.pulls),
            ("refs/heads/", repository.branches),
            ("refs/tags/", repository.tags),
            ("", repository.branches),
            ("", repository.tags),
        ):
            if name.startswith(prefix) and (id_ := refs.get(name.removeprefix(prefix))) is not None:
                return self.get_commit(repository, id_)
        return self._by_id(repository, name)

    def get_commit(self, repository: Repository, id: str) -> Commit:  # noqa: A002
        """Return a commit by its whole id."""
        kept = self._commits(repository).get(id)
        if kept is None:
            raise revision_not_found(id)
        return Commit.read(kept)

    def history(self, repository: Repository, commit: Commit) -> list[Commit]:
        """Return a commit and what it came from, the newest first."""
        found = [commit]
        while found[-1].parents:
            found.append(self.get_commit(repository, found[-1].parents[0]))
        return found

    def add_commit(
        self,
        repository: Repository,
        files: Mapping[str, Entry],
        parents: Sequence[str],
        *,
        author: str,
        title: str,
        message: str = "",
    ) -> Commit:
        """Make a commit that nothing points to yet."""
        date, words = now(), f"{title}\n\n{message}" if message else title
        made = Commit(
            id=commit_id(files, parents, author, date, words),
            parents=parents,
            title=title,
            message=message,
            author=author,
            date=date,
            files=files,
        )
        self._commits(repository).put(made.id, made.document())
        return made

    def commit(
        self,
        repository: Repository,
        branch: str,
        files: Mapping[str, Entry],
        *,
        author: str,
        title: str,
        message: str = "",
    ) -> Repository:
        """Make a commit the new head of a branch or of a pull request (`refs/pr/N`)."""
        pull = branch.removeprefix("refs/pr/") if branch.startswith("refs/pr/") else ""
        refs = repository.pulls if pull else repository.branches
        head = refs.get(pull or branch)
        made = self.add_commit(repository, files, [head] if head else [], author=author, title=title, message=message)
        changed = {**refs, pull or branch: made.id}
        newer = replace(repository, pulls=changed) if pull else replace(repository, branches=changed)
        self.put(newer)
        return newer

    def close(self) -> None:
        """Nothing of this runs."""

    def _commits(self, repository: Repository) -> Table:
        return self._store.table(f"commits/{repository.uid}")

    def _by_id(self, repository: Repository, name: str) -> Commit:
        if len(name) < _SHORT_SHA or not all(letter in "0123456789abcdef" for letter in name):
            raise revision_not_found(name)
        if len(name) == _SHA:
            return self.get_commit(repository, name)
        fits = [id_ for id_, _ in self._commits(repository).items() if id_.startswith(name)]
        if len(fits) != 1:
            raise revision_not_found(name)
        return self.get_commit(repository, fits[0])


def repositories(world: World) -> Repositories:
    """Return this world's repositories."""
    return world.part(_made)


def _made(world: World) -> Repositories:
    return Repositories(world.store)


def new_id() -> str:
    """Return 24 hex digits."""
    return secrets.token_hex(12)


def may_see(repository: Repository, caller: Caller | None) -> bool:
    """Return whether the caller may know that it is there."""
    if not repository.private:
        return True
    return caller is not None and caller.may("repo.content.read", repository.owner, repository.id)


def check_content(repository: Repository, caller: Caller | None) -> None:
    """Let those read who may read a gated repository.

    Raises:
        Refused: the Hub's `GatedRepo`.
    """
    if not repository.gated or (caller is not None and _reads_gated(repository, caller)):
        return
    name = f"{repository.type} {repository.id}"
    if caller is None:
        words = "You must have access to it and be authenticated to access it. Please log in."
        raise Refused(401, f"Access to {name} is restricted. {words}", code="GatedRepo")
    words = f"Visit https://huggingface.co/{repository.address} to ask for access."
    raise Refused(
        403, f"Access to {name} is restricted and you are not in the authorized list. {words}", code="GatedRepo"
    )


def _reads_gated(repository: Repository, caller: Caller) -> bool:
    if caller.may("repo.content.read", repository.owner, repository.id):
        return True
    return caller.reads_gated and caller.user in repository.accepted


def not_found(caller: Caller | None) -> Refused:
    """Return the refusal for what is not there, or not to be seen."""
    return repository_not_found(logged_in=caller is not None)
