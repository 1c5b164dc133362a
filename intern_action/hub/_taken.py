"""From a folder to a snapshot in the shared cache: what may be taken is taken, the rest is refused in words."""

from __future__ import annotations

from intern_action.core.ports import HubSnapshot
from intern_action.hub._cache import Cache, check_room
from intern_action.hub._card import read_card
from intern_action.hub._contents import chosen, refuse_remote_code
from intern_action.hub._names import Kind
from intern_action.hub._shelf import Stored


def take(kind: Kind, repository: str, stored: Stored, cache: Cache) -> HubSnapshot:
    """Put a revision into the cache and return it there.

    Raises:
        ToolFailed: it has only pickles, needs code of its own, or holds no data. Misconfigured: the disk is full.
    """
    names = chosen(kind, repository, stored.sizes)
    if "config.json" in names and kind == "model":
        refuse_remote_code(repository, stored.source.text("config.json"))
    if cache.snapshot(kind, repository, stored.revision) is None:
        check_room(cache.root, sum(stored.sizes[name] for name in names))
    digests = {name: stored.digests[name] for name in names}
    path = cache.publish(kind, repository, stored.revision, stored.source, digests)
    card, licence = read_card(path)
    return HubSnapshot(id=repository, kind=kind, revision=stored.revision, path=str(path), licence=licence, card=card)
