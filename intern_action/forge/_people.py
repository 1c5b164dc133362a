"""Who may do what in the local world: `people.yaml`, a file that people edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

import yaml
from pydantic import ValidationError

from intern_action.core.errors import ForgeError
from intern_action.core.types import Permission, Review
from intern_action.forge._folder import Folder
from intern_action.forge._heads import Person, ReviewHead, complaint, read, written
from intern_action.forge._pages import Part, tidy

FILE = "people.yaml"
TITLE = "# Who may do what here: none, read, write or admin. `email` says whose commits are whose.\n"
NOREPLY = "@users.noreply.github.com"


@dataclass(frozen=True, slots=True)
class People:
    """Everybody the forge knows. Names differ in more than case, as on GitHub."""

    known: Mapping[str, Person]

    @classmethod
    def read(cls, folder: Folder) -> People:
        """Read the file; nobody is known when there is none. Raises ForgeError for what it cannot mean."""
        raw = folder.read(FILE)
        name = str(folder.path / FILE)
        try:
            loaded: object = yaml.safe_load(raw or "")
        except yaml.YAMLError as error:
            raise ForgeError(f"{name} is not YAML: {error}") from error
        if not isinstance(loaded, dict):
            if loaded is None:
                return cls({})
            raise ForgeError(f"{name} has to be `name: permission` lines")
        people = {
            str(who): _person(str(who), facts, name) for who, facts in cast("dict[object, object]", loaded).items()
        }
        if len({who.casefold() for who in people}) != len(people):
            raise ForgeError(f"{name} has two names that differ only in case; take one out")
        return cls(people)

    def write(self, folder: Folder) -> None:
        """Write the file, short where it can be."""
        plain = {who: _short(person) for who, person in self.known.items()}
        folder.write(FILE, TITLE + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))

    def name(self, who: str) -> str:
        """Return a name as it is written in the file, however it is spelled here; unknown ones as they are."""
        return next((name for name in self.known if name.casefold() == who.casefold()), who)

    def permission(self, who: str) -> Permission:
        """Return what somebody may do; a stranger may do nothing."""
        person = self.known.get(self.name(who))
        return person.permission if person else Permission.NONE

    def is_bot(self, who: str) -> bool:
        """Whether the file says so."""
        person = self.known.get(self.name(who))
        return person.bot if person else False

    def authors(self, pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """Return who wrote commits, from names and e-mails.

        A commit can claim any name, so everybody it may mean is named: who has the e-mail, who is called that, and the name
        itself. Naming one too many only ever means that one more person cannot approve.
        """
        found: set[str] = set()
        for name, email in pairs:
            found.add(self.name(name))
            found.update(
                who for who, person in self.known.items() if email.casefold() in map(str.casefold, person.email)
            )
            if email.casefold().endswith(NOREPLY):
                found.add(self.name(email[: -len(NOREPLY)].rpartition("+")[2]))
        return tuple(sorted(found))


def review_of(part: Part, shown: str, people: People, *, ours: str) -> Review:
    """Return a review as it stands in a page.

    Args:
        part: of the page.
        shown: the page's path, for messages.
        people: who is a person and who a machine.
        ours: our own name; what we say is nobody's review.

    Raises:
        ForgeError: front matter that cannot be meant.
    """
    head = read(ReviewHead, part, shown)
    who = people.name(head.by)
    return Review(
        id=head.id,
        by=who,
        verdict=head.verdict,
        body=tidy(part.text),
        commit_sha=head.commit,
        submitted_at=head.at,
        by_a_person=who.casefold() != ours.casefold() and not people.is_bot(who),
    )


def _person(who: str, facts: object, name: str) -> Person:
    try:
        return Person.model_validate(facts if isinstance(facts, dict) else {"permission": facts})
    except ValidationError as error:
        raise ForgeError(f"{name}: {who} {complaint(error)}") from error


def _short(person: Person) -> object:
    full = written(person)
    more = {key: value for key, value in full.items() if value and key != "permission"}
    return {"permission": full["permission"], **more} if more else full["permission"]
