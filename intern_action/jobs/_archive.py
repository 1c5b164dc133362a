"""The approved tree, unpacked from control's tar and counted again: what runs is what was approved.

Nothing in a tar is trusted. A name that leaves the folder, a link that does, a hard link or a device is refused, and the
git tree id of what lies there in the end must be the approved one (git's object format: gitformat-pack(5), git-mktree(1)).
"""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from pathlib import Path, PurePosixPath

from intern_action.core.errors import JobError

_FOLDER, _FILE, _PROGRAM, _LINK = b"40000", b"100644", b"100755", b"120000"
_SHA1_DIGITS = 40


def unpack(archive: str, target: Path) -> None:
    """Unpack a tar into a new folder; files can be read by everybody and written by us alone.

    Raises:
        JobError: the tar cannot be read, or holds what a tree of files cannot hold.
    """
    target.mkdir()
    try:
        with tarfile.open(archive, "r:") as tar:
            for member in tar:
                _put(tar, member, target)
    except (tarfile.TarError, OSError) as error:
        raise JobError(f"the archive of the approved commit cannot be unpacked: {error}") from error


def tree_id(folder: Path, *, like: str) -> str:
    """Return the git tree id of a folder, in the hash algorithm that `like` is written in.

    Empty folders do not count, as in git. Executable means that the owner may execute it.
    """
    algorithm = "sha1" if len(like) == _SHA1_DIGITS else "sha256"
    return (_tree(folder, algorithm) or _hashed(b"tree", b"", algorithm)).hex()


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    place = _place(member.name, target)
    if member.isdir():
        _folder(place, target)
    elif member.isreg():
        _folder(place.parent, target)
        _file(tar, member, place)
    elif member.issym():
        _folder(place.parent, target)
        _check_link(member, place, target)
        place.symlink_to(member.linkname)
    else:
        raise JobError(f"the archive holds {member.name}, which is no file, folder or symbolic link")


def _place(name: str, target: Path) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise JobError(f"the archive holds {name!r}, which leads out of the tree")
    return target / path


def _folder(place: Path, target: Path) -> None:
    """Make a folder and those above it; none of them may be a link that an earlier member put there."""
    for folder in (*reversed(place.relative_to(target).parents), place.relative_to(target)):
        here = target / folder
        if here.is_symlink() or (here.exists() and not here.is_dir()):
            raise JobError(f"the archive holds files beneath {folder}, which is no folder")
        if not here.exists():
            here.mkdir(mode=0o755)


def _file(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    source = tar.extractfile(member)
    if source is None:
        raise JobError(f"the archive holds {member.name} without its content")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    fd = os.open(place, flags, 0o600)
    with os.fdopen(fd, "wb") as file:
        while piece := source.read(1 << 20):
            file.write(piece)
        os.fchmod(fd, 0o755 if member.mode & stat.S_IXUSR else 0o644)


def _check_link(member: tarfile.TarInfo, place: Path, target: Path) -> None:
    """A link may lead around inside the tree. Its way is read as text: what it passes may not be there yet."""
    depth = len(place.parent.relative_to(target).parts)
    for part in PurePosixPath(member.linkname).parts:
        depth += -1 if part == ".." else 1
        if depth < 0 or part == "/":
            raise JobError(f"{member.name} is a link that leads out of the tree")


def _tree(folder: Path, algorithm: str) -> bytes | None:
    """Return a folder's tree id as bytes, None when no file lies in it."""
    entries: list[tuple[bytes, bytes, bytes]] = []
    with os.scandir(os.fsencode(folder)) as found:
        for one in found:
            entry = _entry(one, algorithm)
            if entry is not None:
                entries.append((one.name, *entry))
    if not entries:
        return None
    # git sorts a folder as if its name ended with a slash
    entries.sort(key=lambda entry: entry[0] + (b"/" if entry[1] == _FOLDER else b""))
    return _hashed(b"tree", b"".join(mode + b" " + name + b"\0" + id_ for name, mode, id_ in entries), algorithm)


def _entry(one: os.DirEntry[bytes], algorithm: str) -> tuple[bytes, bytes] | None:
    if one.is_symlink():
        text = os.readlink(one.path)  # noqa: PTH115  # pathlib would tidy it, and another text is another blob
        return _LINK, _hashed(b"blob", text, algorithm)
    if one.is_dir(follow_symlinks=False):
        below = _tree(Path(os.fsdecode(one.path)), algorithm)
        return None if below is None else (_FOLDER, below)
    mode = _PROGRAM if one.stat(follow_symlinks=False).st_mode & stat.S_IXUSR else _FILE
    return mode, _blob(Path(os.fsdecode(one.path)), algorithm)


def _blob(path: Path, algorithm: str) -> bytes:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest = hashlib.new(algorithm, b"blob %d\0" % size, usedforsecurity=False)
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.digest()


def _hashed(kind: bytes, content: bytes, algorithm: str) -> bytes:
    return hashlib.new(algorithm, b"%s %d\0" % (kind, len(content)) + content, usedforsecurity=False).digest()
