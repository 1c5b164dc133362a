"""Jobs that end as the test says, and a count of how often each was really started."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from intern_action.core.errors import JobError, OutsideError
from intern_action.core.ports import Clock, JobOrder
from intern_action.core.types import Flavor, JobRef, JobStage, JobStatus

FLAVOR = Flavor(name="local-cpu", title="This machine", usd_per_hour=Decimal("0.60"), memory_gb=Decimal(16))


@dataclass
class StoryJobs:
    """Implements `core.ports.Jobs`. A job runs until `end` is called for it, or ends at once when `script` says so."""

    clock: Clock
    folder: Path
    name: str = "story"
    price: Decimal = Decimal("0.60")
    script: list[JobStage] = field(default_factory=list[JobStage])
    orders: list[JobOrder] = field(default_factory=list[JobOrder])
    states: dict[str, JobStatus] = field(default_factory=dict[str, JobStatus])
    faults: list[JobError | OutsideError] = field(default_factory=list[JobError | OutsideError])
    lost_answers: int = 0
    more: dict[str, Flavor] = field(default_factory=dict[str, Flavor])
    forgotten: list[str] = field(default_factory=list[str])
    elsewhere: bool = False
    metrics: Mapping[str, object] = field(default_factory=lambda: {"accuracy": 0.93})

    def flavors(self) -> Mapping[str, Flavor]:
        return {
            "local-cpu": Flavor(name="local-cpu", title="This machine", usd_per_hour=self.price, memory_gb=Decimal(16)),
            **self.more,
        }

    def find(self, launch_key: str) -> JobRef | None:
        status = self.states.get(launch_key)
        return status.ref if status else None

    def launch(self, order: JobOrder) -> JobRef:
        if order.launch_key in self.states:
            return self.states[order.launch_key].ref
        if self.faults:
            raise self.faults.pop(0)
        self.orders.append(order)
        ref = JobRef(backend=self.name, id=f"job-{len(self.orders)}", launch_key=order.launch_key)
        self.states[order.launch_key] = JobStatus(ref=ref, stage=JobStage.RUNNING, started_at=self.clock.now())
        if self.script:
            self.end(ref, self.script.pop(0))
        if self.lost_answers:
            self.lost_answers -= 1
            raise OutsideError("the answer was lost on the way")
        return ref

    def end(
        self, ref: JobRef, stage: JobStage = JobStage.COMPLETED, *, minutes: float = 6, checkpoint: bool = False
    ) -> None:
        """End a job after so many minutes."""
        started = self.states[ref.launch_key].started_at or self.clock.now()
        output = self.folder / ref.launch_key
        output.mkdir(parents=True, exist_ok=True)
        (output / "metrics.json").write_text(json.dumps(self.metrics))
        self.states[ref.launch_key] = JobStatus(
            ref=ref,
            stage=stage,
            message=stage.value,
            exit_code=0 if stage is JobStage.COMPLETED else 1,
            started_at=started,
            finished_at=started + timedelta(minutes=minutes),
            output_dir=str(output),
            checkpoint=checkpoint,
        )

    def status(self, ref: JobRef) -> JobStatus:
        return self.states[ref.launch_key]

    def logs(self, ref: JobRef) -> str:
        return f"log of {ref.id}\n"

    def follow(self, ref: JobRef) -> Iterator[str]:
        yield from self.logs(ref).splitlines()

    def alive(self) -> tuple[JobRef, ...]:
        return tuple(status.ref for status in self.states.values() if not status.stage.final)

    def cancel(self, ref: JobRef) -> None:
        if not self.states[ref.launch_key].stage.final:
            self.end(ref, JobStage.CANCELLED, minutes=1)

    def collect(self, ref: JobRef) -> JobStatus:
        return self.states[ref.launch_key]

    def leftovers(self) -> tuple[str, ...]:
        return tuple(key for key in self.states if key not in self.forgotten)

    def forget(self, ref: JobRef) -> bool:
        if self.elsewhere:
            return False
        self.forgotten.append(ref.launch_key)
        return True
