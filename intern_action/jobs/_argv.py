"""The command line of a job: every word literal, no shell anywhere."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from intern_action.core.errors import JobError
from intern_action.core.flags import flags
from intern_action.core.types import JobSpec, Parameters


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


def _flags(parameters: Parameters) -> tuple[str, ...]:
    try:
        return flags(parameters)
    except ValueError as error:
        raise JobError(str(error)) from error
