"""The pages of the forge by number: loaded whole, changed in one place, put back whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from intern_action.core.errors import ForgeError
from intern_action.forge._folder import Folder
from intern_action.forge._pages import Page, Part, parse, render


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where pages lie. Whoever writes holds the folder's lock."""

    folder: Folder

    def shown(self, name: str) -> str:
        """Return a page's path as people are told it."""
        return str(self.folder.path / name)

    def load(self, number: int, *kinds: str) -> tuple[str, Page]:
        """Return a page by number, with its name.

        Args:
            number: of the issue or pull request.
            kinds: `issues`, `pulls`; either, when none is named.

        Raises:
            ForgeError: there is none, or it cannot be read.
        """
        for kind in kinds or ("issues", "pulls"):
            name = f"{kind}/{number}.md"
            raw = self.folder.read(name)
            if raw is not None:
                return name, parse(raw, self.shown(name))
        what = "pull request" if kinds == ("pulls",) else "issue or pull request"
        raise ForgeError(f"there is no {what} {number} in {self.folder.path}")

    def store(self, name: str, page: Page) -> None:
        """Put a page in its place."""
        self.folder.write(name, render(page))

    def next_number(self) -> int:
        """Return the next number of the one sequence."""
        return max((0, *self.folder.numbers("issues"), *self.folder.numbers("pulls"))) + 1

    def edit(self, number: int, facts: Mapping[str, object], text: str | None) -> None:
        """Change a page's own front matter, and its text unless that is None; an equal page is not written."""
        name, page = self.load(number)
        first = page.parts[0]
        new = replace(first, head={**first.head, **facts}, text=first.text if text is None else text)
        if render(Page(parts=(new,))) != render(Page(parts=(first,))):
            self.put(name, page, 0, new)

    def put(self, name: str, page: Page, place: int, part: Part) -> None:
        """Put a page back with another part in one place."""
        self.store(name, Page(parts=(*page.parts[:place], part, *page.parts[place + 1 :])))


def next_id(page: Page, number: int) -> str:
    """Return an id that is unique in the forge: the page's number and a count that only grows."""
    taken = [str(part.head.get("id", "")).rpartition("-")[2] for part in page.parts[1:]]
    return f"{number}-{max((0, *(int(one) for one in taken if one.isdecimal()))) + 1}"
