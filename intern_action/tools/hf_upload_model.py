"""`hf_upload_model`: asks control to upload a trained model to the Hub."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from intern_action.core.effects import Effect, WritesHub
from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._jobs import job_named
from intern_action.tools._places import place
from intern_action.tools._sandboxes import sandbox_named
from intern_action.tools._tool import QUEUED, ToolOf

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_JOB, _SANDBOX = "job", "sandbox:"


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
    if not _REPOSITORY.fullmatch(asked.repository):
        raise ToolFailed(f"`repository` is owner/name on the Hub, not {asked.repository!r}")
    path = PurePosixPath(asked.source)
    if not asked.source or path.is_absolute() or ".." in path.parts:
        raise ToolFailed(
            "`source` is `job` for the newest job's output, a folder of the checkout, or `sandbox:` and a folder there"
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
    if asked.source == _JOB or asked.source.startswith(f"{_JOB}:"):
        job_named(asked.source.removeprefix(_JOB).removeprefix(":"), desk)
    elif asked.source.startswith(_SANDBOX):
        _look_in_sandbox(asked.source.removeprefix(_SANDBOX), desk)
    else:
        with place(asked.source, desk) as (folder, name):
            if not folder.is_folder(name):
                raise ToolFailed(f"{asked.source} is not a folder of the checkout")
    return ToolResult(text=QUEUED, data={"queued": "upload", "repository": asked.repository, "source": asked.source})


def _look_in_sandbox(folder: str, desk: Desk) -> None:
    sandbox = sandbox_named("", desk)
    with desk.sandboxes.opened(sandbox) as files:
        if not files.is_folder(folder):
            raise ToolFailed(f"{folder} is not a folder of the sandbox {sandbox.id}")


TOOL = ToolOf(name="hf_upload_model", arguments=Arguments, work=run, consequences=effects, repeatable=True)
