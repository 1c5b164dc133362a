"""The command line of a job: every word literal, no shell anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from intern_action.core.errors import JobError
from intern_action.core.types import JobSpec, Parameters

_FLAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def argv_of(spec: JobSpec, *, python: str, tree: Path, output: Path) -> tuple[str, ...]:
    """Return the command line. Flag and value are one word (`--name=value`), so a value may begin with a dash.

    Raises:
        JobError: a name that is no flag, a value that no command line can hold, a script that is not in the tree.
    """
    return (python, str(script_in(tree, spec.script)), *_flags(spec.parameters), f"--output-dir={output}")


def script_in(tree: Path, script: str) -> Path:
    """Return the script's path in the unpacked tree; JobError when it is not a file there."""
    path = tree / script
    inside = not PurePosixPath(script).is_absolute() and path.resolve().is_relative_to(tree.resolve())
    if not inside or not path.is_file():
        raise JobError(f"{script!r} is not a file of the approved commit; commit the script, or name another one")
    return path


def _flags(parameters: Parameters) -> Iterator[str]:
    for name, value in parameters.items():
        if not _FLAG.fullmatch(name):
            raise JobError(f"{name!r} cannot be the name of a flag; use letters, digits, dashes and underscores")
        if "\0" in value:
            raise JobError(f"the value of --{name} holds a zero byte, which no command line can carry")
        if value == "true":
            yield f"--{name}"
        elif value != "false":
            yield f"--{name}={value}"
