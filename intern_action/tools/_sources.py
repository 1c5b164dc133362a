"""What is uploaded: a folder of the checkout, or what a job wrote."""

from __future__ import annotations

from pathlib import PurePosixPath

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import Desk
from intern_action.tools._jobs import job_named
from intern_action.tools._places import place

JOB = "job"


def is_job(source: str) -> bool:
    """Whether it names a job's output: `job`, or `job:` and a launch key."""
    return source == JOB or source.startswith(f"{JOB}:")


def check_source(source: str, words: str) -> None:
    """Refuse a path that leads out of the checkout, with the words for what may be named.

    Raises:
        ToolFailed: it does.
    """
    path = PurePosixPath(source)
    if not source or path.is_absolute() or ".." in path.parts:
        raise ToolFailed(words)


def check_is_there(source: str, desk: Desk) -> None:
    """Refuse what is not there to be uploaded.

    Raises:
        ToolFailed: no such folder, no such job.
    """
    if is_job(source):
        job_named(source.removeprefix(JOB).removeprefix(":"), desk)
        return
    with place(source, desk) as (folder, name):
        if not folder.is_folder(name):
            raise ToolFailed(f"{source} is not a folder of the checkout")
