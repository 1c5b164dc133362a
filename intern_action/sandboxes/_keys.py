"""The keys of sandboxes on the Hub: control leaves each one here for the agent half, and takes it away at the end."""

from __future__ import annotations

import json
from dataclasses import field
from pathlib import Path

from intern_action.core.frozen import frozen
from intern_action.launches.folder import LaunchFolder, place_of, write_whole


@frozen
class Key:
    """What opens one sandbox, for somebody whose own token the Hub lets through to it."""

    job: str
    namespace: str
    key: str = field(repr=False)


class KeyShelf:
    """One file a sandbox, below a folder that the tools' user does not reach."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, launch_key: str, key: Key) -> None:
        """Leave a key."""
        place = place_of(self._root, launch_key)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with LaunchFolder(path=place).locked():
            write_whole(place / "key.json", json.dumps({"job": key.job, "namespace": key.namespace, "key": key.key}))

    def get(self, launch_key: str) -> Key | None:
        """Return a key, None when there is none (any more)."""
        try:
            return Key(**json.loads((place_of(self._root, launch_key) / "key.json").read_text("utf-8")))
        except FileNotFoundError:
            return None

    def drop(self, launch_key: str) -> None:
        """Take a key away."""
        (place_of(self._root, launch_key) / "key.json").unlink(missing_ok=True)
