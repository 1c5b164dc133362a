"""Where a local run keeps what it makes, and how a later command finds it again."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from intern_action.core.errors import InternError, Interrupted, Misconfigured
from intern_action.core.frozen import frozen

ROOT_WORK = "/var/tmp/intern-action"  # noqa: S108 -- survives a restart and every user can reach it; `make` checks its owner


@frozen
class World:
    """The folders of one world.

    Args:
        out: what people look at: the bare repository, threads and pull requests, the local Hub, results.
        work: what the tool user works in: checkouts, scratch folders, jobs, the cache. May be deleted between runs.
    """

    out: Path
    work: Path

    @property
    def remote(self) -> Path:
        """The bare repository: branches, ledger, journals."""
        return self.out / "remote.git"

    @property
    def forge(self) -> Path:
        """Threads, pull requests and reviews as files."""
        return self.out / "forge"

    @property
    def hub(self) -> Path:
        """The local Hub."""
        return self.out / "hub"

    @property
    def control(self) -> Path:
        """Control's own: git directory, journals, bundles. Nobody else reads it."""
        return self.out / "control"

    @property
    def cache(self) -> Path:
        """Models and data sets in the Hub's cache layout."""
        return self.work / "cache"

    @property
    def jobs(self) -> Path:
        """One folder a job."""
        return self.work / "jobs"

    @property
    def sandboxes(self) -> Path:
        """One folder a sandbox."""
        return self.work / "sandboxes"

    def results(self, session: str) -> Path:
        """Return the folder with a session's trace, result and model."""
        return self.out / "sessions" / session

    def desk(self, session: str) -> Path:
        """Return the folder with a session's checkout and scratch."""
        return self.work / "sessions" / session


def world_at(out: str, environment: Mapping[str, str]) -> World:
    """Return the places below `out` without making any.

    Work lies where another user can reach it: below `/var/tmp` for root, in the user's cache folder otherwise.
    """
    whole = Path(out).absolute()
    mark = hashlib.sha256(str(whole).encode()).hexdigest()[:12]
    if os.geteuid() == 0:
        return World(out=whole, work=Path(environment.get("INTERN_ACTION_WORK") or ROOT_WORK) / mark)
    cache = environment.get("XDG_CACHE_HOME") or f"{environment.get('HOME') or tempfile.gettempdir()}/.cache"
    return World(out=whole, work=Path(environment.get("INTERN_ACTION_WORK") or f"{cache}/intern-action") / mark)


def make(world: World) -> None:
    """Make the folders; the one for people ignores itself, so it may lie inside of a repository."""
    try:
        for folder in (world.out, world.forge, world.hub, world.work, world.cache, world.jobs, world.sandboxes):
            folder.mkdir(parents=True, exist_ok=True)
        world.control.mkdir(mode=0o700, exist_ok=True)
        _check_owner(world.work.parent)
        ignore = world.out / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    except OSError as error:
        raise Misconfigured(
            f"the folder {error.filename or world.out} cannot be written ({error.strerror}); name another one with --out"
        ) from error


def unmake(world: World) -> None:
    """Take back what `make` made of a world in which nothing began: folders of ours, each still empty."""
    if world.remote.exists():
        return
    for folder in (world.forge, world.hub, world.control):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    if {path.name for path in world.out.iterdir()} == {".gitignore"}:
        shutil.rmtree(world.out)


# --- when it cannot be written ----------------------------------------------------------------------------------------

FULL_BELOW_BYTES = 64 * 1024
NO_ROOM = "No space left on device"
UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def writing(world: World) -> Generator[None, None, None]:
    """Say of whatever fails inside because the disk is full, or not ours to write, that this is why.

    Git and the libraries say it in many ways, or only that something went wrong: the disk itself is asked.

    Raises:
        Misconfigured: a disk of this world is full, or one of its folders cannot be written.
    """
    try:
        yield
    except Interrupted:
        raise
    except (InternError, OSError) as error:
        full = _full(world, error)
        if full:
            raise Misconfigured(
                f"the disk with {full} is full, so the session cannot be written; what was written before is kept: "
                "make room there and give the same command again, or name a folder on another disk with --out"
            ) from error
        if isinstance(error, OSError) and error.errno in UNWRITABLE:
            raise Misconfigured(
                f"{error.filename or world.out} cannot be written ({error.strerror}); give us the right to, "
                "or name another folder with --out"
            ) from error
        raise


def _full(world: World, error: BaseException) -> Path | None:
    """Return the folder whose disk is full; `out` when only the error says that some disk is."""
    for folder in (world.out, world.control, world.work):
        if folder.is_dir():
            disk = os.statvfs(folder)
            if disk.f_blocks and disk.f_bavail * disk.f_frsize < FULL_BELOW_BYTES:
                return folder
    no_room = NO_ROOM in str(error) or (isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT})
    return world.out if no_room else None


def _check_owner(folder: Path) -> None:
    """Refuse a folder that somebody else made ready for us: what lies there is run and read as ours."""
    found = folder.stat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise Misconfigured(
            f"{folder} belongs to somebody else or others may write to it; remove it, "
            "or set INTERN_ACTION_WORK to a folder of yours"
        )


# --- finding a session again -----------------------------------------------------------------------------------------


def sessions_in(world: World) -> frozenset[str]:
    """Return the sessions whose journals lie in this world."""
    return frozenset(path.stem for path in (world.control / "journals").glob("*.jsonl"))


def remember(session: str, world: World, environment: Mapping[str, str]) -> None:
    """Note where a session's world lies. Finding it is a comfort: a home that cannot be written is no error."""
    try:
        known = _known(environment)
        known.mkdir(parents=True, exist_ok=True)
        (known / session).write_text(f"{world.out}\n")
    except OSError:
        return


def forget(session: str, environment: Mapping[str, str]) -> None:
    """Take the note away. A home that cannot be written is no error: the note names a folder alone."""
    try:
        (_known(environment) / session).unlink(missing_ok=True)
    except OSError:
        return


def find(session: str, out: str, environment: Mapping[str, str]) -> World:
    """Return the world of a session: the one under `out` if it stands there, else where it was noted.

    Raises:
        Misconfigured: nobody knows it.
    """
    here = world_at(out, environment)
    if here.remote.exists() and (not session or (here.control / "journals" / f"{session}.jsonl").exists()):
        return here
    for name, where in sorted(_notes(environment), key=lambda note: note[1].stat().st_mtime, reverse=True):
        there = world_at(where.read_text().strip(), environment)
        if (not session or name == session) and there.remote.exists():
            return there
    what = f"session {session}" if session else "any session"
    raise Misconfigured(
        f"{here.out} does not hold {what}, and no other folder is known to; name its folder with --out "
        "(`intern-action status --out DIR` lists what a folder holds)"
    )


def _known(environment: Mapping[str, str]) -> Path:
    state = environment.get("XDG_STATE_HOME") or f"{environment.get('HOME') or '/nonexistent'}/.local/state"
    return Path(state) / "intern-action" / "sessions"


def _notes(environment: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    known = _known(environment)
    if known.is_dir():
        for note in known.iterdir():
            yield note.name, note
