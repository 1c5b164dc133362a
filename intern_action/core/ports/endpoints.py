"""Inference endpoints: control makes, asks and ends them; nobody else can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from intern_action.core.endpoint import EndpointSpec
from intern_action.core.frozen import frozen
from intern_action.core.types import Flavor, JobRef


class EndpointStage(StrEnum):
    """Where an endpoint is."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    PAUSED = "paused"
    GONE = "gone"


@frozen
class EndpointOrder:
    """What is asked to be made: an approved endpoint, once.

    Args:
        revision: the commit of the model, pinned by the plan.
        labels: session, requester and the like.
    """

    endpoint: EndpointSpec
    revision: str
    launch_key: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


@frozen
class EndpointStatus:
    """What the Hub says of an endpoint.

    Args:
        ref: which one; its id is its name there.
        stage: READY also while it sleeps: a request wakes it.
        made_at: None for one that is gone.
        url: where requests go, "" before there is an address.
        message: in the Hub's words.
    """

    ref: JobRef
    stage: EndpointStage
    made_at: datetime | None = None
    url: str = ""
    message: str = ""


class Endpoints(Protocol):
    """Where endpoints are had.

    What is asked twice raises `OutsideError` when it cannot be told, and what is certainly refused `JobError`.
    """

    def flavors(self) -> Mapping[str, Flavor]:
        """Return machines with prices, by name."""
        ...

    def find(self, launch_key: str) -> JobRef | None:
        """Return the endpoint that carries this key."""
        ...

    def create(self, order: EndpointOrder) -> JobRef:
        """Make it. Called once per launch key; the caller has looked with `find` first.

        Raises:
            JobError: it was certainly not made.
            OutsideError: nobody knows; the caller looks again, never creates again blindly.
        """
        ...

    def status(self, ref: JobRef) -> EndpointStatus:
        """Return where it is."""
        ...

    def ask(self, ref: JobRef, text: str) -> str | None:
        """Send one request; return its answer, None while it is not awake yet.

        Raises:
            JobError: it is awake and does not answer as it should.
        """
        ...

    def pause(self, ref: JobRef) -> None:
        """Stop the bill. May be repeated, also for one that is gone."""
        ...

    def delete(self, ref: JobRef) -> None:
        """Take it away. May be repeated."""
        ...

    def own(self) -> tuple[JobRef, ...]:
        """Return every endpoint of ours that is there."""
        ...
