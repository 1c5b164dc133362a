"""The files of a sandbox on the Hub, over its own file interface and our hands inside. What lies there is a stranger's."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import WORKSPACE, FileState
from intern_action.git.ignore import ALWAYS, IgnoreRules, write_always
from intern_action.git.names import is_git_directory
from intern_action.git.run import Git, make_git_dir
from intern_action.git.walk import MOST_NAMES, PATH_BYTES
from intern_action.sandboxes._hub_box import Box
from intern_action.shell.beneath import Outside

if TYPE_CHECKING:
    from huggingface_hub.errors import SandboxError

FILE_BYTES = 512 << 20
"""Larger files are not looked into: they stay where they are."""

_BLOB = re.compile(r"[0-9a-f]{40}|")
_SKIPPED = tuple(pattern.rstrip("/") for pattern in ALWAYS if pattern.endswith("/"))
_NOT_THERE, _UNKNOWN, _BROKEN = 404, 401, 500


@frozen
class Seen:
    """What a look at the workspace found: plain files, names that are something else, and ignore rules by folder."""

    files: Mapping[str, FileState]
    odd: frozenset[str]
    rules: Mapping[str, bytes]


class HubFiles:
    """Implements `core.ports.SandboxFiles`.

    Args:
        box: the open sandbox.
        git_dir: ours: a git directory that tells which names git would ignore.
    """

    def __init__(self, box: Box, git_dir: Path) -> None:
        self._box = box
        self._git_dir = git_dir
        self._seen: Seen | None = None
        self._written: set[str] = set()

    def is_folder(self, path: str) -> bool:
        try:
            with _as_on_this_machine(path):
                return self._box.files.stat(_inside(path)).type == "dir"
        except OSError:
            return False

    def list(self, path: str) -> list[str]:
        with _as_on_this_machine(path):
            found = self._box.files.list(_inside(path))
        return sorted(f"{one.name}/" if one.type == "dir" else one.name for one in found)

    @contextmanager
    def reading(self, path: str) -> Generator[BinaryIO]:
        with tempfile.TemporaryDirectory(dir=self._folder()) as folder:
            copy = Path(folder) / "file"
            with _as_on_this_machine(path):
                if self._box.files.stat(_inside(path)).type != "file":
                    raise Outside(errno.EINVAL, f"{path} is not a plain file")
                self._box.files.download(_inside(path), copy)
            with copy.open("rb") as file:
                yield file

    def write(self, path: str, data: bytes, *, executable: bool | None = None) -> bool:
        mode = None if executable is None else "755" if executable else "644"
        with _as_on_this_machine(path):
            new = not self._is_there(path)
            self._box.files.write(_inside(path), data, mode=mode)
        self._written.add(path)
        return new

    def _is_there(self, path: str) -> bool:
        """Whether a file stands there: what was seen or written a moment ago is not asked for again."""
        if path in self._written:
            return True
        if self._seen is None or path.startswith("/"):
            return self._box.files.exists(_inside(path))
        return path in self._seen.files

    def make_way(self, path: str) -> None:
        if self._seen is not None and not _stands_in_the_way(path, self._seen):
            return
        with _as_on_this_machine(path):
            self._box.hands("make-way", path=path)

    def remove(self, path: str) -> None:
        with _as_on_this_machine(path):
            self._box.hands("remove", path=path)
        self._written.discard(path)

    def states(self, known: Collection[str]) -> Mapping[str, FileState]:
        with _as_on_this_machine("the workspace"):
            told = self._box.hands("states", known=sorted(known), skipped=_SKIPPED, most_bytes=FILE_BYTES)
        seen = self._seen = _read(told)
        unknown = [path for path in seen.files if path not in known]
        ignored = self._ignored(unknown, seen.rules)
        return {path: state for path, state in seen.files.items() if path not in ignored}

    def _ignored(self, paths: Collection[str], rules: Mapping[str, bytes]) -> set[str]:
        """Return which of these git would ignore."""
        if not paths:
            return set()
        make_git_dir(str(self._git_dir))
        write_always(str(self._git_dir))
        judge = IgnoreRules(Git(git_dir=str(self._git_dir)))
        judge.told(rules)
        judge.ask(paths)
        return {path for path in paths if judge.verdict(path)}

    def _folder(self) -> Path:
        self._git_dir.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._git_dir.parent


def _read(told: Mapping[str, object]) -> Seen:
    """Read what the sandbox says of its files; what no honest one would say is left out.

    Raises:
        ToolFailed: more names than anybody can review.
    """
    files: dict[str, FileState] = {}
    for path, about in _mapping(told.get("files")).items():
        match about:
            case [str(blob), bool(executable)] if _fit(path) and _BLOB.fullmatch(blob):
                files[path] = FileState(blob=blob, executable=executable)
            case _:
                pass
    if len(files) > MOST_NAMES:
        raise ToolFailed(f"the workspace holds more than {MOST_NAMES:,} files; name the folder of data in .gitignore")
    odd = told.get("odd")
    rules = {folder: str(text).encode() for folder, text in _mapping(told.get("rules")).items() if _fit(f"{folder}/x")}
    return Seen(
        files=files,
        odd=frozenset(str(path) for path in cast("list[object]", odd)) if isinstance(odd, list) else frozenset(),
        rules={folder.strip("/"): text for folder, text in rules.items()},
    )


def _fit(path: str) -> bool:
    """Whether a path lies in the workspace and could be one of a repository's."""
    parts = path.removeprefix("/").split("/") if path == "/x" else path.split("/")
    return (
        len(os.fsencode(path)) <= PATH_BYTES
        and "\0" not in path
        and not any(part in {"", ".", ".."} or is_git_directory(part) for part in parts)
    )


def _stands_in_the_way(path: str, seen: Seen) -> bool:
    """Whether a look at the workspace leaves open that a plain file can stand there."""
    parts = path.split("/")
    above = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
    return path in seen.odd or any(
        folder in seen.odd or folder in seen.files or part in _SKIPPED
        for folder, part in zip(above, parts, strict=False)
    )


def _inside(path: str) -> str:
    return path if path.startswith("/") else f"{WORKSPACE}/{path}"


def _mapping(value: object) -> Mapping[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


@contextmanager
def _as_on_this_machine(path: str) -> Generator[None]:
    """Say what went wrong with a file as this machine would."""
    from huggingface_hub.errors import SandboxCommandError, SandboxError

    try:
        yield
    except SandboxCommandError as error:
        raise OSError(errno.EIO, f"the sandbox could not look at its files: {error}") from error
    except SandboxError as error:
        if error.status_code in {None, _UNKNOWN} or (error.status_code or 0) >= _BROKEN:
            raise  # the sandbox itself does not answer: its door says why
        raise _os_error(error, path) from error
    except (ValueError, UnicodeError) as error:  # an answer that is none, a name that no address can hold
        raise OSError(errno.EIO, f"it cannot be told what {path} is: {error}") from error


def _os_error(error: SandboxError, path: str) -> OSError:
    if error.status_code == _NOT_THERE:
        return FileNotFoundError(errno.ENOENT, "it is not there", path)
    if "symlink" in str(error):
        return Outside(errno.ELOOP, f"{path} is a link, or lies behind one")
    return OSError(errno.EINVAL, str(error))
