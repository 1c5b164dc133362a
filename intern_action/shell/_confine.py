"""The walls around a process of the model: its own view of mounts and processes, another user, limits.

Only called in a freshly forked, single-threaded process that is about to become the command (mount(2), unshare(2),
mount_namespaces(7), pid_namespaces(7), prctl(2)).
"""

from __future__ import annotations

import ctypes
import os
import resource
import stat
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from intern_action.shell._order import Order

LIBC = ctypes.CDLL(None, use_errno=True)
_NEW_MOUNTS, _NEW_PROCESSES = 0x00020000, 0x20000000
READ_ONLY, NO_SUID, NO_DEV, NO_EXEC, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_NO_NEW_PRIVILEGES, _SUBREAPER, _DEATH_SIGNAL = 38, 36, 1


class Kept:
    """A path that stays reachable, held open before anything is mounted over it."""

    __slots__ = ("fd", "folder", "owner", "path", "writable")

    def __init__(self, path: str, *, writable: bool) -> None:
        self.path = path
        self.writable = writable
        self.fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        found = os.fstat(self.fd)
        self.folder = stat.S_ISDIR(found.st_mode)
        self.owner = found.st_uid


def reap_orphans() -> None:
    """Become the parent of every orphan among our descendants, so that none gets away by daemonising."""
    checked(LIBC.prctl(_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)")


def die_with_parent() -> None:
    """Ask the kernel to kill us when our parent thread ends."""
    checked(LIBC.prctl(_DEATH_SIGNAL, 9, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)")


def new_process_view() -> None:
    """Let the next fork be the first process of a new pid namespace."""
    unshare(_NEW_PROCESSES, "CLONE_NEWPID")


def unshare(kinds: int, name: str) -> None:
    """Leave namespaces that we share with our parent for new ones."""
    checked(LIBC.unshare(kinds), f"unshare({name})")


def private_mounts() -> None:
    """Begin a view of mounts that nobody else sees."""
    unshare(_NEW_MOUNTS, "CLONE_NEWNS")
    os.chdir("/")
    mount("none", "/", flags=RECURSIVE | PRIVATE)


def new_mount_view(*, uid: int, readable: Iterable[str], writable: Iterable[str], hidden: Iterable[str]) -> None:
    """Build what the process sees: needed paths reachable, closed folders empty around them, hidden paths covered.

    Writable folders are mounted onto themselves, so that no hard link can be made from our files into them; what belongs to
    the user and is only to be read is mounted so that it can only be read.

    Raises:
        OSError: the kernel does not allow it.
    """
    private_mounts()
    kept = held(readable, writable)
    covered = [path for path in hidden if os.path.exists(path)]
    files = [path for path in covered if not os.path.isdir(path)]
    folders = [os.path.realpath(path) for path in covered if path not in files]
    closed = {ancestor for one in kept if (ancestor := closed_ancestor(one.path, uid))}
    emptied = sorted(closed.union(folders), key=_depth)
    for folder in emptied:
        if os.path.isdir(folder):
            _empty(folder, [one for one in kept if _beneath(one.path, folder)])
    for one in kept:
        if (one.writable or one.owner == uid) and not any(_beneath(one.path, folder) for folder in emptied):
            _bind(one)
    for path in files:
        if os.path.exists(path):
            mount("/dev/null", path, flags=BIND)
    for one in kept:
        os.close(one.fd)


def own_proc() -> None:
    """Show the processes of this pid namespace alone. Called by its first process."""
    mount("proc", "/proc", kind="proc", flags=NO_SUID | NO_DEV | NO_EXEC)


def closed_ancestor(path: str, uid: int) -> str | None:
    """Return the topmost folder above `path` that user and group `uid` cannot pass through, None when the way is open."""
    for folder in reversed(PurePosixPath(path).parents):
        if not _passable(os.stat(folder), uid):
            return str(folder)
    return None


def limit(order: Order) -> None:
    """Set the limits every process of the command inherits."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if order.uid is not None:
        resource.setrlimit(resource.RLIMIT_NPROC, (order.processes, order.processes))
    if order.memory_mb is not None:
        size = order.memory_mb << 20
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def become(uid: int | None) -> None:
    """Become the tool user, for good: no groups, no capabilities, no way back through a setuid file."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    checked(LIBC.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")


def held(readable: Iterable[str], writable: Iterable[str]) -> list[Kept]:
    """Open the needed paths, parents before what lies in them; a path that is asked for twice stays writable.

    What is not there is not there for the command either.
    """
    rights = {os.path.realpath(path): False for path in readable if os.path.exists(path)}
    rights |= {os.path.realpath(path): True for path in writable if os.path.exists(path)}
    return [Kept(path, writable=rights[path]) for path in sorted(rights, key=_depth)]


def _empty(folder: str, kept: Sequence[Kept]) -> None:
    """Put an empty read-only file system over `folder` and the kept paths back into it."""
    mount("tmpfs", folder, kind="tmpfs", flags=NO_SUID | NO_DEV, data="mode=0755,size=1m")
    for one in kept:
        _make_room(one)
        _bind(one)
    mount("none", folder, flags=REMOUNT | BIND | READ_ONLY | NO_SUID | NO_DEV)


def _make_room(one: Kept) -> None:
    if os.path.exists(one.path):
        return  # lies in a path that was put back before
    os.makedirs(one.path if one.folder else os.path.dirname(one.path), mode=0o755, exist_ok=True)
    if not one.folder:
        os.close(os.open(one.path, os.O_CREAT | os.O_WRONLY, 0o644))


def _bind(one: Kept) -> None:
    mount(f"/proc/self/fd/{one.fd}", one.path, flags=BIND | RECURSIVE)
    flags = REMOUNT | BIND | NO_SUID | NO_DEV
    mount("none", one.path, flags=flags if one.writable else flags | READ_ONLY)


def _passable(found: os.stat_result, uid: int) -> bool:
    if found.st_uid == uid:
        return bool(found.st_mode & stat.S_IXUSR)
    return bool(found.st_mode & (stat.S_IXGRP if found.st_gid == uid else stat.S_IXOTH))


def _beneath(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def mount(source: str, target: str, *, kind: str = "", flags: int = 0, data: str = "") -> None:
    done = LIBC.mount(
        source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None
    )
    checked(done, f"mount of {source} on {target}")


def checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
