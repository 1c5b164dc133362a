"""The script of a job, with its flags: checked the same way for a smoke test and for the job itself."""

from __future__ import annotations

from pathlib import PurePosixPath

from intern_action.core.errors import ToolFailed
from intern_action.core.flags import flags
from intern_action.core.types import Parameters


def checked_script(script: str) -> str:
    """Return the path of a Python script, relative to the repository; ToolFailed for anything else."""
    path = PurePosixPath(script)
    if path.suffix != ".py" or path.is_absolute() or ".." in path.parts or "\0" in script:
        raise ToolFailed(
            f"`script` is the path of a Python file in the repository, such as training/train.py, not {script!r}"
        )
    return str(path)


def checked_flags(parameters: Parameters) -> tuple[str, ...]:
    """Return the words of the command line; ToolFailed for what cannot be one."""
    try:
        return flags(parameters)
    except ValueError as error:
        raise ToolFailed(f"`parameters`: {error}") from None
