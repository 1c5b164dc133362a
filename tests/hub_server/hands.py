"""What a test does to a Hub without asking: put a repository there, look into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from .attributes import default_attributes, is_large
from .moment import now
from .objects import Entry, large
from .refusals import Refused
from .repositories import MAIN, Repository, new_id, repositories

if TYPE_CHECKING:
    from .world import World


def put_repository(
    world: World,
    type: str,  # noqa: A002 -- the Hub's own words
    id: str,  # noqa: A002
    files: Mapping[str, bytes],
    *,
    private: bool,
    gated: str,
) -> str:
    """Make a repository, or a newer commit of it, of exactly these files; return the commit."""
    house, author = repositories(world), id.partition("/")[0]
    entries = {path: _entry(world, type, path, data) for path, data in files.items()}
    with house.lock:
        found = house.find(type, id)
        if found is None:
            new = Repository(uid=new_id(), type=type, id=id, created=now(), private=private, gated=gated)
            made = house.make(new, author, entries)
        else:
            changed = replace(found, private=private, gated=gated)
            made = house.commit(changed, MAIN, entries, author=author, title="A newer one")
    return made.branches[MAIN]


def read_file(world: World, type: str, id: str, path: str, revision: str) -> bytes:  # noqa: A002
    """Return the content of a file.

    Raises:
        KeyError: there is no such repository, revision or file.
    """
    house = repositories(world)
    found = house.find(type, id)
    if found is None:
        raise KeyError(id)
    try:
        return house.content.read(house.revision(found, revision).files[path])
    except Refused as refused:
        raise KeyError(revision) from refused


def _entry(world: World, type: str, path: str, data: bytes) -> Entry:  # noqa: A002
    content = repositories(world).content
    if is_large(path, default_attributes(type)):
        return large(content.keep_large(data), len(data))
    return content.keep(data)
