"""The shared cache in huggingface_hub's own layout, so that its functions find there offline what we put there.

    models--owner--name/refs/main                   the newest revision
    models--owner--name/blobs/<sha256>              contents, read-only
    models--owner--name/snapshots/<revision>/<path> relative links to blobs
    models--owner--name/trees/<revision>.json       every file of the revision: without it, a snapshot asked for by its commit
                                                    is not believed to be whole, and the client wants the network

(https://huggingface.co/docs/huggingface_hub/guides/manage-cache)
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from intern_action.core.errors import Misconfigured, ToolFailed
from intern_action.hub._names import Kind
from intern_action.hub._source import Source

_SPARE_BYTES = 256 << 20
_LISTING_VERSION = 1


class Cache:
    """Writes snapshots, each whole or not at all.

    Args:
        root: what jobs are told as HF_HUB_CACHE; made if need be.
    """

    def __init__(self, root: str) -> None:
        self.root = Path(root)

    def place(self, kind: Kind, repository: str) -> Path:
        """Return the folder of a repository."""
        return self.root / f"{kind}s--{repository.replace('/', '--')}"

    def snapshot(self, kind: Kind, repository: str, revision: str) -> Path | None:
        """Return a snapshot's folder, None when it is not here."""
        folder = self.place(kind, repository) / "snapshots" / revision
        return folder if folder.is_dir() else None

    def publish(self, kind: Kind, repository: str, revision: str, source: Source, digests: Mapping[str, str]) -> Path:
        """Copy files in and make them the revision and `main`; does nothing twice.

        `digests` has the SHA-256 of each file to copy, as it was when the revision was told.

        Raises:
            ToolFailed: the source changed meanwhile. Misconfigured: the disk is full.
        """
        place = self.place(kind, repository)
        there = self.snapshot(kind, repository, revision)
        if there is None:
            there = self._build(place, revision, source, digests)
        list_files(place, revision, {name: _entry(there / name, digest) for name, digest in digests.items()})
        tell(place, "main", revision)
        return there

    def _build(self, place: Path, revision: str, source: Source, digests: Mapping[str, str]) -> Path:
        (place / "blobs").mkdir(parents=True, exist_ok=True)
        new = place / "snapshots" / f".new-{secrets.token_hex(8)}"
        new.mkdir(parents=True)
        try:
            for name, digest in digests.items():
                blob = _blob(place, source, name, digest)
                link = new / name
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(os.path.relpath(blob, link.parent))
            return _take_place(new, place / "snapshots" / revision)
        finally:
            shutil.rmtree(new, ignore_errors=True)


def list_files(place: Path, revision: str, entries: Mapping[str, object]) -> None:
    """Write the list of a revision's files, as huggingface_hub keeps it."""
    listing = {"format_version": _LISTING_VERSION, "files": dict(entries)}
    _write_whole(place / "trees" / f"{revision}.json", json.dumps(listing, indent=1))


def listed_files(place: Path, revision: str) -> Mapping[str, object]:
    """Return the list of a revision's files, empty when there is none."""
    try:
        found = json.loads((place / "trees" / f"{revision}.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return cast("Mapping[str, object]", found["files"])


def tell(place: Path, name: str, revision: str) -> None:
    """Make a branch's name mean a revision."""
    _write_whole(place / "refs" / name, revision)


def check_room(root: Path, size_bytes: int) -> None:
    """Raise Misconfigured when the disk of the cache does not hold that much more."""
    root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(root).free
    if size_bytes + _SPARE_BYTES > free:
        raise Misconfigured(
            f"{size_bytes / 1e9:.1f} GB have to go to {root}, where {free / 1e9:.1f} GB are free; "
            "make room there, or move the cache"
        )


def _blob(place: Path, source: Source, name: str, digest: str) -> Path:
    blob = place / "blobs" / digest
    if blob.exists():
        return blob
    new = place / "blobs" / f".new-{secrets.token_hex(8)}"
    try:
        if source.copy(name, new) != digest:
            raise ToolFailed(f"{name} in {source.folder} changed while it was read; try again when nobody writes to it")
        new.chmod(0o444)
        new.replace(blob)
    finally:
        new.unlink(missing_ok=True)
    return blob


def _entry(path: Path, digest: str) -> dict[str, object]:
    return {"size": path.stat().st_size, "blob_id": digest}


def _take_place(new: Path, final: Path) -> Path:
    try:
        new.rename(final)
    except OSError:  # somebody else was quicker; the same revision is the same content
        if not final.is_dir():
            raise
    return final


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
