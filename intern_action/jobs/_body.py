"""What a training job on the Hub is launched as: our program, and the order as one word that it reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from intern_action.core.errors import JobError
from intern_action.core.flags import flags
from intern_action.core.ports import JobOrder
from intern_action.core.types import JobSpec
from intern_action.jobs._folder import check_output
from intern_action.jobs.in_job import program
from intern_action.launches.account import HubAccount
from intern_action.launches.body import Body

TOKEN = "HF_JOB_TOKEN"  # noqa: S105 -- the name of one
STAGED, RESUME = "INTERN_STAGED", "INTERN_RESUME"
"""Variables that say where something lies, which may differ between two launches of the same job: the tree id is in the order."""

MOST_WORD = 120 * 1024
"""Bytes of one word of a command line; the kernel takes 128 KiB."""
_CHECKPOINT_SECONDS = 60


def body_of(order: JobOrder, account: HubAccount, *, repository: str, devices: int) -> Body:
    """Return the job of an order.

    Args:
        order: the approved spec on the approved tree.
        account: whose job it is: the image, the Hub's address as the job reaches it, the token it gets, whose ledger knows it.
        repository: where its archive is staged.
        devices: how many accelerators the hardware has; each gets a process of its own.

    Raises:
        JobError: it cannot be carried out on the Hub.
    """
    seconds = order.timeout_minutes * account.minute_seconds
    described = _order(order, repository, seconds, processes=max(1, devices))
    told = json.dumps(described, ensure_ascii=True, sort_keys=True)
    command = ("python3", "-c", program(), told)
    if max(len(word.encode()) for word in command) > MOST_WORD:
        raise JobError(f"the parameters of {order.spec.script} are too long for a command line; put them into a file")
    body = Body(
        image=account.image,
        command=command,
        flavor=order.spec.flavor,
        timeout_seconds=seconds,
        environment={"HF_ENDPOINT": account.endpoint, "PYTHONUNBUFFERED": "1"},
        secrets={TOKEN: account.job_token},
    )
    return body.labelled(order.labels, key=order.launch_key, home=account.home)


def stop_after(timeout_seconds: int) -> float:
    """Return when the script is asked to save and end: early enough that what it made is brought home before the Hub ends it."""
    return timeout_seconds - min(150.0, max(10.0, timeout_seconds / 10))


def _order(order: JobOrder, repository: str, timeout_seconds: int, *, processes: int) -> Mapping[str, object]:
    spec = order.spec
    check_output(spec.output)
    _check_reachable(spec)
    return {
        "key": order.launch_key,
        "repository": repository,
        "tree": order.tree,
        "script": spec.script,
        "flags": _flags(spec),
        "dependencies": list(spec.dependencies),
        "output": spec.output,
        "processes": processes,
        "stop_after_seconds": stop_after(timeout_seconds),
        "checkpoint_seconds": _CHECKPOINT_SECONDS,
    }


def _flags(spec: JobSpec) -> Sequence[str]:
    try:
        return list(flags(spec.parameters))
    except ValueError as error:
        raise JobError(str(error)) from error


def _check_reachable(spec: JobSpec) -> None:
    """Refuse a model or data set that lies in a folder of this machine."""
    for name in (spec.model, spec.dataset):
        if name.startswith(("local/", "/", "./")):
            raise JobError(
                f"{name} is a folder of this machine, which a job on Hugging Face cannot reach; upload it to the Hub and "
                "name it there, or run the job with `jobs.backend: local`"
            )
