"""`hf_upload_model`: asks control to upload a trained model to the Hub."""

from __future__ import annotations

from pathlib import PurePosixPath

from intern_action.core.effects import Effect, WritesHub
from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._jobs import job_named
from intern_action.tools._places import place
from intern_action.tools._repositories import check_repository
from intern_action.tools._tool import QUEUED, ToolOf

_JOB = "job"


@frozen
class Arguments:
    """What goes where."""

    __pydantic_config__ = STRICT

    repository: str
    source: str = _JOB
    message: str = ""
    overwrite: bool = False


def effects(asked: Arguments) -> tuple[Effect, ...]:
    """It writes the Hub; over something that is there only after a person has agreed."""
    check_repository(asked.repository)
    path = PurePosixPath(asked.source)
    if not asked.source or path.is_absolute() or ".." in path.parts:
        raise ToolFailed("`source` is `job` for the newest job's output, or a folder of the checkout")
    return (
        WritesHub(
            repository=asked.repository,
            repository_type="model",
            folder=asked.source,
            message=asked.message or f"Upload {PurePosixPath(asked.repository).name}",
            overwrites=asked.overwrite,
        ),
    )


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Say that it is queued, when there is something to upload."""
    if asked.source == _JOB or asked.source.startswith(f"{_JOB}:"):
        job_named(asked.source.removeprefix(_JOB).removeprefix(":"), desk)
    else:
        with place(asked.source, desk) as (folder, name):
            if not folder.is_folder(name):
                raise ToolFailed(f"{asked.source} is not a folder of the checkout")
    return ToolResult(text=QUEUED, data={"queued": "upload", "repository": asked.repository, "source": asked.source})


TOOL = ToolOf(name="hf_upload_model", arguments=Arguments, work=run, consequences=effects, repeatable=True)
