"""Bundles on a shelf: a folder each, with `bundle.json`, the journal segment and a git bundle of the snapshots."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from intern_action.core.bundle import Bundle, Fault
from intern_action.core.errors import NotAllowed
from intern_action.trace.codec import dump, split, verify

SCHEMA = 1


class _Fault(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    kind: str
    message: str
    exit_code: int


class _Manifest(BaseModel):
    """`bundle.json`, as control reads it: the other half wrote it, so nothing in it is believed without a look."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    bundle_schema: int
    session: str
    after: str
    snapshot: str
    commits: str
    fault: _Fault | None


class BundleFolder:
    """Implements `core.bundle.BundleShelf` in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, bundle: Bundle) -> str:
        """Write a bundle beside its place and move it there, so that it is whole or not there."""
        target = self._folder / bundle.session
        fresh = self._folder / f".{bundle.session}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        (fresh / "segment.jsonl").write_bytes(dump(bundle.entries))
        if bundle.commits:
            shutil.copyfile(bundle.commits, fresh / "commits.bundle")
        (fresh / "bundle.json").write_text(json.dumps(_manifest(bundle), indent=1))
        shutil.rmtree(target, ignore_errors=True)
        os.replace(fresh, target)  # noqa: PTH105 -- the one call that is atomic by contract
        return str(target)

    def take(self, folder: str) -> Bundle:
        """Read a bundle and check its segment's chain."""
        place = Path(folder)
        manifest = _read(place)
        whole, rest = split((place / "segment.jsonl").read_bytes())
        if rest:
            raise NotAllowed(f"the bundle {folder} ends in the middle of a line; it was not written to its end")
        return Bundle(
            session=manifest.session,
            after=manifest.after,
            entries=verify(whole, before=manifest.after, seq=None),
            snapshot=manifest.snapshot,
            commits=str(place / "commits.bundle") if manifest.commits else "",
            fault=_fault(manifest.fault),
        )


def _manifest(bundle: Bundle) -> dict[str, object]:
    fault = bundle.fault
    return {
        "bundle_schema": SCHEMA,
        "session": bundle.session,
        "after": bundle.after,
        "snapshot": bundle.snapshot,
        "commits": "commits.bundle" if bundle.commits else "",
        "fault": {"kind": fault.kind, "message": fault.message, "exit_code": fault.exit_code} if fault else None,
    }


def _read(place: Path) -> _Manifest:
    try:
        manifest = _Manifest.model_validate_json((place / "bundle.json").read_bytes())
    except ValidationError as error:
        raise NotAllowed(f"{place}/bundle.json is not a bundle's: {error.errors()[0]['msg']}") from None
    if manifest.bundle_schema != SCHEMA:
        raise NotAllowed(f"{place} is a bundle of schema {manifest.bundle_schema}; this version reads {SCHEMA}")
    return manifest


def _fault(fault: _Fault | None) -> Fault | None:
    return Fault(kind=fault.kind, message=fault.message, exit_code=fault.exit_code) if fault else None
