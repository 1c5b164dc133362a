"""A machine of its own for a process: a root with programs and one folder of files, no network, and nothing else of ours.

Its folder is laid out by `prepare`; the process sees `/workspace`, `/home/intern` and `/tmp` of it, and may write nowhere else.
What is not listed is not there: this names what may be seen, not what may not (pivot_root(2), network_namespaces(7)).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import stat
import struct
from contextlib import suppress

from intern_action.shell import _confine
from intern_action.shell._confine import BIND, NO_DEV, NO_EXEC, NO_SUID, READ_ONLY, RECURSIVE, REMOUNT, Kept
from intern_action.shell.places import MACHINE_FOLDERS as FOLDERS

_, HOME, TEMPORARY = FOLDERS

_ROOT = "root"
_PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
_ETC = (
    "alternatives",
    "group",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "nsswitch.conf",
    "passwd",
    "protocols",
    "services",
)
_DEVICES = ("null", "zero", "full", "random", "urandom")
_SHARED_MEMORY = "/dev/shm"  # noqa: S108  # a new one, of the machine's own
_STREAMS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
_NEW_NETWORK, _NEW_IPC, _NEW_NAME = 0x40000000, 0x08000000, 0x04000000
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_DETACH = 2
_SET_FLAGS, _GET_FLAGS, _UP = 0x8914, 0x8913, 1


def prepare(machine: str, uid: int) -> None:
    """Lay out the folder of a new machine; what the process may write belongs to user `uid`."""
    os.makedirs(os.path.join(machine, _ROOT), mode=0o755, exist_ok=True)
    for name in FOLDERS.values():
        folder = os.path.join(machine, name)
        os.makedirs(folder, mode=0o755, exist_ok=True)
        os.lchown(folder, uid, uid)


def enter(machine: str, *, readable: tuple[str, ...]) -> None:
    """Leave our network and our files for those of the machine. `own_proc` is to follow, from the first process of it.

    Raises:
        OSError: the kernel does not allow it; the message names the wall that cannot be built.
    """
    _confine.unshare(_NEW_NETWORK, "CLONE_NEWNET")
    _loopback()
    _confine.unshare(_NEW_IPC | _NEW_NAME, "CLONE_NEWIPC | CLONE_NEWUTS")
    socket.sethostname("sandbox")
    _confine.private_mounts()
    kept = _confine.held(readable, ())
    own = [Kept(os.path.join(machine, name), writable=True) for name in FOLDERS.values()]
    root = os.path.join(machine, _ROOT)
    _confine.mount("tmpfs", root, kind="tmpfs", flags=NO_SUID, data="mode=0755,size=1m")
    _programs(root)
    _devices(root)
    for one, inside in zip(own, FOLDERS, strict=True):
        _show(one, root + inside)
    for number, one in enumerate(kept):
        over = next((inside for inside in FOLDERS if one.path.startswith(f"{inside}/")), "")
        if over:
            _show_inside(one, root, over, staged=f"{root}/kept/{number}")
        else:
            _show(one, root + one.path)
    os.mkdir(f"{root}/proc", 0o755)
    for one in (*kept, *own):
        os.close(one.fd)
    _become_root(root)


def _loopback() -> None:
    """Switch the machine's own loopback on; it leads nowhere else (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        found = fcntl.ioctl(asking, _GET_FLAGS, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", found)[1]
        fcntl.ioctl(asking, _SET_FLAGS, struct.pack("16sh14x", b"lo", flags | _UP))


def _programs(root: str) -> None:
    """Show the programs and the few files of /etc that they need; a link stays a link."""
    os.mkdir(f"{root}/etc", 0o755)
    for path in (*_PROGRAMS, *(f"/etc/{name}" for name in _ETC)):
        if os.path.islink(path):
            os.symlink(os.readlink(path), root + path)
        elif os.path.exists(path):
            one = Kept(path, writable=False)
            _show(one, root + path)
            os.close(one.fd)


def _devices(root: str) -> None:
    os.mkdir(f"{root}/dev", 0o755)
    for name in _DEVICES:
        os.close(os.open(f"{root}/dev/{name}", os.O_CREAT | os.O_WRONLY, 0o666))
        _confine.mount(f"/dev/{name}", f"{root}/dev/{name}", flags=BIND)
    for name, target in _STREAMS.items():
        os.symlink(target, f"{root}/dev/{name}")
    shared = f"{root}{_SHARED_MEMORY}"
    os.mkdir(shared, 0o755)
    _confine.mount("tmpfs", shared, kind="tmpfs", flags=NO_SUID | NO_DEV | NO_EXEC, data="mode=1777,size=64m")


def _show(one: Kept, place: str) -> None:
    """Make what is held open appear at `place`."""
    if not os.path.lexists(place):
        os.makedirs(place if one.folder else os.path.dirname(place), mode=0o755, exist_ok=True)
        if not one.folder:
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o644))
    elif not stat.S_ISDIR(os.lstat(place).st_mode) and one.folder:
        return  # a link that stands there already leads to it
    _confine.mount(f"/proc/self/fd/{one.fd}", place, flags=BIND | RECURSIVE)
    flags = REMOUNT | BIND | NO_SUID | NO_DEV
    _confine.mount("none", place, flags=flags if one.writable else flags | READ_ONLY)


def _show_inside(one: Kept, root: str, over: str, *, staged: str) -> None:
    """Make what is held open appear inside of a folder that the process may write to: an interpreter may lie in `/tmp`.

    What lies in that folder is hostile: the way is walked by descriptors that follow no link, and the last one is mounted onto.
    It is made read-only beforehand, at a place of ours, for a second mount has the flags of the first.
    """
    _show(one, staged)
    fd = os.open(root + over, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    *folders, last = one.path.removeprefix(f"{over}/").split("/")
    for part in folders:
        fd = _step(fd, part, folder=True)
    fd = _step(fd, last, folder=one.folder)
    _confine.mount(staged, f"/proc/self/fd/{fd}", flags=BIND | RECURSIVE)
    os.close(fd)


def _step(above: int, name: str, *, folder: bool) -> int:
    """Open a folder or a file below an open folder, made where it is not there; close the one above."""
    try:
        if folder:
            with suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=above)
            return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
        return os.open(name, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=above)
    finally:
        os.close(above)


def _become_root(root: str) -> None:
    """Make `root` the root, let go of the old one, and let nothing be written to it."""
    os.chdir(root)
    number = _PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(0, f"pivot_root(2) is not known on {os.uname().machine}")
    _confine.checked(_confine.LIBC.syscall(ctypes.c_long(number), b".", b"."), "pivot_root")
    _confine.checked(_confine.LIBC.umount2(b".", _DETACH), "umount of the old root")
    os.chdir("/")
    _confine.mount("none", "/", flags=REMOUNT | BIND | READ_ONLY | NO_SUID)
