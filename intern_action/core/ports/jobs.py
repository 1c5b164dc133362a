"""Where training runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Protocol

from intern_action.core.frozen import frozen
from intern_action.core.types import (
    Flavor,
    JobRef,
    JobSpec,
    JobStatus,
)


@frozen
class JobOrder:
    """What a backend is asked to start: the approved spec on the approved tree, once.

    Args:
        archive: tar of the approved commit, made by control.
        tree: its tree id; checked in the job.
        labels: session, requester and the like.
        resume: the attempt whose checkpoint this one goes on from.
        timeout_minutes: the quote's limit for this attempt.
    """

    spec: JobSpec
    launch_key: str
    archive: str
    tree: str
    timeout_minutes: int
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    resume: JobRef | None = None


class JobReader(Protocol):
    """What the agent half may ask of a backend."""

    def status(self, ref: JobRef) -> JobStatus:
        """Return where the job is."""
        ...

    def logs(self, ref: JobRef) -> str:
        """Return everything it has printed so far."""
        ...


class Jobs(JobReader, Protocol):
    """A backend, as control sees it."""

    @property
    def name(self) -> str:
        """The backend's name, as in a `JobRef`."""
        ...

    def flavors(self) -> Mapping[str, Flavor]:
        """Return hardware with prices, by name."""
        ...

    def find(self, launch_key: str) -> JobRef | None:
        """Return the job that carries this key, if there is one."""
        ...

    def launch(self, order: JobOrder) -> JobRef:
        """Start it, or return the job that this order has started before, whoever died in between.

        Raises:
            JobError: it was certainly not started.
            OutsideError: nobody knows; calling it again looks for the job first.
        """
        ...

    def cancel(self, ref: JobRef) -> None:
        """End it; no error when it has ended."""
        ...

    def alive(self) -> tuple[JobRef, ...]:
        """Return the jobs that this ledger's launches have started and that have not ended, whoever knows of them."""
        ...

    def collect(self, ref: JobRef) -> JobStatus:
        """Return the final status with `output_dir` on this machine. May be repeated."""
        ...

    def follow(self, ref: JobRef) -> Iterator[str]:
        """Yield each line it prints, once, from the first on, until it has ended."""
        ...

    def leftovers(self) -> tuple[str, ...]:
        """Return the launch keys whose results still lie with the backend, whoever's they are."""
        ...

    def forget(self, ref: JobRef) -> bool:
        """Delete what a collected job left with the backend. May be repeated.

        Args:
            ref: the job; without an id, a launch that started none.

        Returns:
            False, with nothing deleted, where its results are not on this machine.
        """
        ...
