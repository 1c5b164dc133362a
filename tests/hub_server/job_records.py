"""The record of a job: what was ordered, and what its folder says of how it went. Nothing about a job lives in memory alone.

A folder holds `record.json` (the order, written by the server), `started.json` and `ended.json` (written by the keeper),
`canceled.json` (written by the server), `logs.jsonl`, and `files/`, which stands in for the container's file system. The stage of
a job is never stored: it is read from these each time. A keeper that lives holds a lock on `keeper.lock`.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TERMINAL = frozenset({"COMPLETED", "CANCELED", "ERROR", "DELETED"})

_MESSAGES = {
    "timeout": "Job timeout",
    "preempted": "Job was preempted: its node was reclaimed",
    "orphaned": "Job lost: the machine that ran it has gone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a job stands, and since when."""

    stage: str
    message: str | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobFolder:
    """One job on disk."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def files(self) -> Path:
        """What stands in for the container's file system."""
        return self.path / "files"

    @property
    def logs(self) -> Path:
        return self.path / "logs.jsonl"

    def record(self) -> dict[str, object]:
        """Return the order as it was written down."""
        return read_json(self.path / "record.json")

    def write(self, name: str, value: Mapping[str, object]) -> None:
        """Write one of the folder's JSON files; a reader sees the old one or the new one, never half."""
        beside = self.path / f"{name}.{os.urandom(4).hex()}"
        beside.write_text(json.dumps(value), encoding="utf-8")
        beside.replace(self.path / name)

    def status(self) -> Status:
        """Say where the job stands now."""
        # Whether somebody keeps it is asked first: a keeper writes how it ended before it lets go.
        kept = self.is_kept()
        canceled, started, ended = (read_json(self.path / f"{name}.json") for name in ("canceled", "started", "ended"))
        started_at = moment(started.get("at"))
        if canceled:
            return Status(stage="CANCELED", message=None, started_at=started_at, finished_at=moment(canceled["at"]))
        if not ended and not kept:
            ended = self._give_up()
        if ended:
            stage, message = _ending(ended)
            return Status(stage=stage, message=message, started_at=started_at, finished_at=moment(ended["at"]))
        stage = "RUNNING" if started else "SCHEDULING"
        return Status(stage=stage, message=None, started_at=started_at, finished_at=None)

    def is_kept(self) -> bool:
        """Say whether the job's keeper lives."""
        with (self.path / "keeper.lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _give_up(self) -> dict[str, object]:
        ended: dict[str, object] = {"at": now(), "exit_code": None, "reason": "orphaned"}
        self.write("ended.json", ended)
        return ended


def _ending(ended: Mapping[str, object]) -> tuple[str, str | None]:
    reason, code = str(ended["reason"]), ended["exit_code"]
    if reason in _MESSAGES:
        return "ERROR", _MESSAGES[reason]
    if reason == "canceled":
        return "CANCELED", None
    if code == 0:
        return "COMPLETED", None
    return "ERROR", f"Job failed with exit code: {code}. Reason: {reason}"


class JobFolders:
    """All jobs of a server, by namespace."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(self, namespace: str) -> JobFolder:
        """Make the folder of a new job; its identifier has the time in front, as the Hub's have, so names sort by age."""
        identifier = f"{int(datetime.now(UTC).timestamp()):08x}{os.urandom(8).hex()}"
        folder = JobFolder(self._root / namespace / identifier)
        folder.files.mkdir(parents=True)
        folder.logs.touch()
        return folder

    def find(self, namespace: str, identifier: str) -> JobFolder | None:
        """Return a job, None where there is none of this name."""
        folder = JobFolder(self._root / namespace / identifier)
        return folder if identifier.isalnum() and (folder.path / "record.json").exists() else None

    def of(self, namespace: str) -> Iterator[JobFolder]:
        """Yield a namespace's jobs, the newest first."""
        found = [path for path in (self._root / namespace).glob("*") if (path / "record.json").exists()]
        dated = [(str(read_json(path / "record.json")["createdAt"]), path) for path in found]
        yield from (JobFolder(path) for _, path in sorted(dated, reverse=True))

    def everywhere(self) -> Iterator[JobFolder]:
        """Yield the jobs of all namespaces."""
        yield from (JobFolder(path.parent) for path in self._root.glob("*/*/record.json"))


def read_json(path: Path) -> dict[str, object]:
    """Return a file's JSON object, an empty one where there is no such file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def now() -> str:
    """Return this moment as the Hub writes moments."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def moment(text: object) -> datetime | None:
    """Read a moment as it was written, None where there is none."""
    return datetime.fromisoformat(text) if isinstance(text, str) else None
