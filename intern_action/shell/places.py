"""Where things lie on a machine: what an interpreter needs, where secrets rest, which folder shuts the way."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress

MACHINE_FOLDERS = {"/workspace": "workspace", "/home/intern": "home", "/tmp": "tmp"}  # noqa: S108  # its own
"""What a process on an isolated machine may write, by the name of the folder that it is outside (`_machine.py`)."""


def interpreter_paths(python: str) -> tuple[str, ...]:
    """Return the folders an interpreter needs: its own, each one that a link or its `pyvenv.cfg` leads to."""
    found: list[str] = []
    while python:
        folder = os.path.dirname(os.path.abspath(python))
        prefix = os.path.dirname(folder)
        needed = prefix if _is_prefix(prefix) else folder
        if needed not in {*found, "/", "/usr", "/usr/bin", "/bin"}:
            found.append(needed)
        python = _next_interpreter(python, prefix)
    return tuple(found)


def close_to_others(paths: Iterable[str]) -> None:
    """Take the rights of others away from each path, as far as we may; owner and group keep theirs.

    For an ordinary container, where nothing can be covered: a runner's files belong to the runner, which sees no difference.
    Links are not followed, and what lies in a folder is left as it is, for nobody else gets there any more.
    """
    for path in paths:
        with suppress(OSError):
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                os.fchmod(file, stat.S_IMODE(os.fstat(file).st_mode) & ~stat.S_IRWXO)
            finally:
                os.close(file)


def usual_secrets(*, home: str, repository: str = "", runner_temp: str = "") -> tuple[str, ...]:
    """Return where secrets commonly lie at rest: to be handed over as `hidden`.

    Args:
        home: the home folder of the person or of the runner.
        repository: the person's own checkout, whose `.git/config` may hold credentials.
        runner_temp: the runner's folder for its command files (`RUNNER_TEMP`).
    """
    names = (
        ".netrc",
        ".git-credentials",
        ".gitconfig",
        ".config",
        ".ssh",
        ".aws",
        ".azure",
        ".docker",
        ".kube",
        ".npmrc",
        ".pypirc",
        ".cache/huggingface/token",
        ".cache/huggingface/stored_tokens",
        ".huggingface",
    )
    paths = [f"{home}/{name}" for name in names]
    paths += [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/run/containerd",
        "/run/podman/podman.sock",
        "/github/file_commands",
    ]
    paths += [f"{repository}/.git"] if repository else []
    paths += [f"{runner_temp}/_runner_file_commands"] if runner_temp else []
    return tuple(paths)


def _is_prefix(folder: str) -> bool:
    """Whether a folder is an installation of Python. A link in `~/.local/bin` does not make all of `~/.local` one."""
    libraries = os.path.join(folder, "lib")
    if os.path.exists(os.path.join(folder, "pyvenv.cfg")):
        return True
    return os.path.isdir(libraries) and any(name.startswith("python3") for name in os.listdir(libraries))


def _next_interpreter(python: str, prefix: str) -> str:
    if os.path.islink(python):
        return os.path.join(os.path.dirname(python), os.readlink(python))
    try:
        with open(f"{prefix}/pyvenv.cfg", encoding="utf-8") as file:
            settings = dict(line.split("=", 1) for line in file if "=" in line)
    except FileNotFoundError:
        return ""
    return next((f"{value.strip()}/python3" for key, value in settings.items() if key.strip() == "home"), "")


def shut_folder(path: str) -> str:
    """Return the topmost folder on the way that others cannot pass."""
    way = [path]
    while way[-1] != "/":
        way.append(os.path.dirname(way[-1]))
    return next((folder for folder in reversed(way) if not os.stat(folder).st_mode & 1), path)
