"""What the Hub says of a job: its stage, and how long it has been there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from intern_action.core.frozen import frozen

if TYPE_CHECKING:
    from huggingface_hub import JobInfo

NOT_FINAL = ["RUNNING", "SCHEDULING"]
_FINAL = frozenset({"COMPLETED", "ERROR", "CANCELED", "DELETED"})


@frozen
class Told:
    """What the Hub says of a job."""

    id: str
    stage: str
    message: str
    started_at: datetime | None
    finished_at: datetime | None
    running_seconds: float | None
    timeout_seconds: int

    @property
    def final(self) -> bool:
        """Whether it has ended."""
        return self.stage in _FINAL

    @property
    def seconds(self) -> float:
        """Billed seconds: the Hub's own count where there is one; what is not known counts as the whole time."""
        if self.running_seconds is not None:
            # the Hub drops what is left of a second, so a job that ran for less shows none: what ran was not free
            return max(self.running_seconds, 1.0) if self.started_at else self.running_seconds
        if self.started_at is None:
            return 0.0
        if self.finished_at is None:
            return float(self.timeout_seconds)
        return (self.finished_at - self.started_at).total_seconds()


def told_of(job: JobInfo, *, timeout_seconds: int) -> Told:
    """Return what the Hub says of a job whose time limit we know."""
    return Told(
        id=job.id,
        stage=str(getattr(job.status.stage, "value", job.status.stage)),
        message=job.status.message or "",
        started_at=job.started_at,
        finished_at=job.finished_at,
        running_seconds=job.durations.running_secs if job.durations else None,
        timeout_seconds=timeout_seconds,
    )
