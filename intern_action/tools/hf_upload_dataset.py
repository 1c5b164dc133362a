"""`hf_upload_dataset`: asks control to upload a folder of the checkout to the Hub as a data set."""

from __future__ import annotations

from pathlib import PurePosixPath

from intern_action.core.effects import Effect, WritesHub
from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._repositories import check_repository
from intern_action.tools._sources import check_is_there, check_source, is_job
from intern_action.tools._tool import QUEUED, ToolOf

_SOURCE = "`source` is a folder of the checkout; what a job wrote is brought there first"


@frozen
class Arguments:
    """What goes where."""

    __pydantic_config__ = STRICT

    repository: str
    source: str
    message: str = ""
    overwrite: bool = False


def effects(asked: Arguments) -> tuple[Effect, ...]:
    """It writes the Hub; over something that is there only after a person has agreed."""
    check_repository(asked.repository)
    check_source(asked.source, _SOURCE)
    if is_job(asked.source):
        raise ToolFailed(_SOURCE)
    return (
        WritesHub(
            repository=asked.repository,
            repository_type="dataset",
            folder=asked.source,
            message=asked.message or f"Upload {PurePosixPath(asked.repository).name}",
            overwrites=asked.overwrite,
        ),
    )


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Say that it is queued, when there is something to upload."""
    check_is_there(asked.source, desk)
    return ToolResult(text=QUEUED, data={"queued": "upload", "repository": asked.repository, "source": asked.source})


TOOL = ToolOf(name="hf_upload_dataset", arguments=Arguments, work=run, consequences=effects, repeatable=True)
