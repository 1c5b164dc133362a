"""What a tool call would do beyond the checkout.

A call with effects is never executed by the agent half. Rules look at effects, never at tool names. A *held* effect ends
the loop until control has answered the call; a *queued* one is answered "queued" at once and carried out by control at
the next boundary. Any rule may hold what would be queued; none can free what is held.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

from intern_action.core.endpoint import EndpointSpec
from intern_action.core.frozen import frozen
from intern_action.core.types import JobRef, JobSpec, LeaseSpec


class Disposition(StrEnum):
    """What happens to a call because of its effects."""

    FREE = "free"
    QUEUED = "queued"
    HELD = "held"


@frozen
class Spends:
    """Costs money: starts a job."""

    job: JobSpec
    kind: Literal["spends"] = "spends"


@frozen
class Leases:
    """Costs money by the hour: begins an isolated machine."""

    lease: LeaseSpec
    kind: Literal["leases"] = "leases"


@frozen
class Serves:
    """Costs money by the hour, also after the session: makes an inference endpoint."""

    endpoint: EndpointSpec
    kind: Literal["serves"] = "serves"


@frozen
class CancelsJob:
    """Ends a running job. Saves money, loses work: control does it, nobody need agree."""

    job: JobRef
    kind: Literal["cancels_job"] = "cancels_job"


@frozen
class WritesHub:
    """Writes a repository on the Hub.

    Args:
        repository: `owner/name` there.
        repository_type: model or dataset.
        folder: what is uploaded: a folder of the checkout, or `job:<launch_key>` for a job's output, or `sandbox:<folder>`
            for one of the newest sandbox.
        overwrites: the target exists with other content. Then the write is held.
    """

    repository: str
    repository_type: Literal["model", "dataset"]
    folder: str
    message: str
    overwrites: bool = False
    kind: Literal["writes_hub"] = "writes_hub"


@frozen
class Pushes:
    """Publishes the checkout's commits and opens or updates the draft pull request.

    `paths` are the files those commits touch, as far as the one who asks the rules knows them.
    """

    title: str
    body: str
    paths: tuple[str, ...] = ()
    kind: Literal["pushes"] = "pushes"


@frozen
class Contacts:
    """Sends words to somebody."""

    destination: str
    text: str
    kind: Literal["contacts"] = "contacts"


Effect: TypeAlias = Spends | Leases | Serves | CancelsJob | WritesHub | Pushes | Contacts


def natural_disposition(effect: Effect) -> Disposition:
    """The least that happens to an effect, before any rule is asked."""
    match effect:
        case Spends() | Leases() | Serves():
            return Disposition.HELD
        case WritesHub(overwrites=True):
            return Disposition.HELD
        case CancelsJob() | WritesHub() | Pushes() | Contacts():
            return Disposition.QUEUED
