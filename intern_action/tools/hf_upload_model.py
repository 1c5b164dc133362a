"""`hf_upload_model`: asks control to upload a trained model to the Hub."""

from __future__ import annotations

from pathlib import PurePosixPath

from intern_action.core.effects import Effect, WritesHub
from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._repositories import check_repository
from intern_action.tools._sandboxes import sandbox_named
from intern_action.tools._sources import JOB, check_is_there, check_source
from intern_action.tools._tool import QUEUED, ToolOf

_SANDBOX = "sandbox:"


@frozen
class Arguments:
    """What goes where."""

    __pydantic_config__ = STRICT

    repository: str
    source: str = JOB
    message: str = ""
    overwrite: bool = False


def effects(asked: Arguments) -> tuple[Effect, ...]:
    """It writes the Hub; over something that is there only after a person has agreed."""
    check_repository(asked.repository)
    check_source(
        asked.source,
        "`source` is `job` for the newest job's output, a folder of the checkout, or `sandbox:` and a folder there",
    )
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
    if asked.source.startswith(_SANDBOX):
        _look_in_sandbox(asked.source.removeprefix(_SANDBOX), desk)
    else:
        check_is_there(asked.source, desk)
    return ToolResult(text=QUEUED, data={"queued": "upload", "repository": asked.repository, "source": asked.source})


def _look_in_sandbox(folder: str, desk: Desk) -> None:
    sandbox = sandbox_named("", desk)
    with desk.sandboxes.opened(sandbox) as files:
        if not files.is_folder(folder):
            raise ToolFailed(f"{folder} is not a folder of the sandbox {sandbox.id}")


TOOL = ToolOf(name="hf_upload_model", arguments=Arguments, work=run, consequences=effects, repeatable=True)
