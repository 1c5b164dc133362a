"""Endpoints of nothing: they come up, answer and go as the test's clock and script say, and count what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from intern_action.core.errors import JobError, OutsideError
from intern_action.core.ports import Clock, EndpointOrder, EndpointStage, EndpointStatus
from intern_action.core.types import Flavor, JobRef

NAME = "story"


@dataclass
class StoryEndpoints:
    """Implements `core.ports.Endpoints`."""

    clock: Clock
    price: Decimal = Decimal("0.60")
    comes_up_after: timedelta = timedelta(0)
    answer: str | JobError | None = "LABEL_0"
    orders: list[EndpointOrder] = field(default_factory=list[EndpointOrder])
    there: dict[str, datetime] = field(default_factory=dict[str, datetime])
    paused: set[str] = field(default_factory=set[str])
    broken: set[str] = field(default_factory=set[str])
    asked: list[str] = field(default_factory=list[str])
    faults: list[JobError | OutsideError] = field(default_factory=list[JobError | OutsideError])
    lost_answers: int = 0

    def flavors(self) -> Mapping[str, Flavor]:
        small = Flavor(name="intel-spr-x1", title="1 vCPU", usd_per_hour=self.price, memory_gb=Decimal(2))
        return {small.name: small}

    def find(self, launch_key: str) -> JobRef | None:
        return _ref(launch_key) if launch_key in self.there else None

    def create(self, order: EndpointOrder) -> JobRef:
        if self.faults:
            raise self.faults.pop(0)
        self.orders.append(order)
        self.there[order.launch_key] = self.clock.now()
        if self.lost_answers:
            self.lost_answers -= 1
            raise OutsideError("the answer was lost on the way")
        return _ref(order.launch_key)

    def status(self, ref: JobRef) -> EndpointStatus:
        made_at = self.there.get(ref.launch_key)
        if made_at is None:
            return EndpointStatus(ref=ref, stage=EndpointStage.GONE, message="nobody knows it")
        stage = self._stage(ref.launch_key, made_at)
        return EndpointStatus(
            ref=ref, stage=stage, made_at=made_at, url="memory://spam", message=f"Endpoint is {stage}"
        )

    def _stage(self, key: str, made_at: datetime) -> EndpointStage:
        if key in self.paused:
            return EndpointStage.PAUSED
        if key in self.broken:
            return EndpointStage.FAILED
        up = self.clock.now() >= made_at + self.comes_up_after
        return EndpointStage.READY if up else EndpointStage.STARTING

    def ask(self, ref: JobRef, text: str) -> str | None:
        del ref
        self.asked.append(text)
        if isinstance(self.answer, JobError):
            raise self.answer
        return self.answer

    def pause(self, ref: JobRef) -> None:
        if ref.launch_key in self.there:
            self.paused.add(ref.launch_key)

    def delete(self, ref: JobRef) -> None:
        self.there.pop(ref.launch_key, None)

    def own(self) -> tuple[JobRef, ...]:
        return tuple(_ref(key) for key in self.there)


def _ref(key: str) -> JobRef:
    return JobRef(backend=NAME, id=f"spam-{key[-8:]}", launch_key=key)
