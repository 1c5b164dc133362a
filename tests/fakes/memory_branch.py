"""A branch in memory that several hands push to, and a small world of plans for the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from intern_action.core.digests import launch_key, plan_digest
from intern_action.core.effects import Spends
from intern_action.core.entries import Admitted, JobMoved, LedgerEvent, MoneyHeld, PlanConsumed, PlanMade
from intern_action.core.plan import Plan
from intern_action.core.states import JobState
from intern_action.core.types import Flavor, JobRef, JobSpec, Quote

MONTH = "2026-11"
MADE = datetime(2026, 11, 23, 11, tzinfo=UTC)


@dataclass(slots=True)
class MemoryBranch:
    """Implements `core.ports.Branch`. `commits` may be tampered with, as somebody with write access could."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict[str, dict[str, bytes]])
    tip: str | None = None

    def head(self) -> str | None:
        return self.tip

    def file(self, commit: str, path: str) -> bytes | None:
        return self.commits[commit].get(path)

    def push(self, files: Mapping[str, bytes], *, parent: str | None, message: str, at: datetime) -> str | None:
        del at
        if parent != self.tip:
            return None
        kept = self.commits[parent] if parent else {}
        self.commit({**kept, **files}, message)
        return self.tip

    def only_grew(self, commit: str, path: str) -> bool:
        kept = [files.get(path, b"") for files in self.commits.values()]
        return all(after.startswith(before) for before, after in pairwise(kept)) or commit not in self.commits

    def turn(self) -> AbstractContextManager[None]:
        return nullcontext()

    def commit(self, files: Mapping[str, bytes], message: str = "") -> None:
        """Put files there as they are."""
        seed = repr((self.tip, sorted(files.items()), message, len(self.commits)))
        self.tip = hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest()
        self.commits[self.tip] = dict(files)

    def text(self, path: str = "entries.jsonl") -> bytes:
        """What stands in a file at the tip."""
        return self.commits[self.tip][path] if self.tip else b""


def make_plan(
    session: str = "s1",
    *,
    usd: str = "10",
    call: str = "c1",
    requester: str = "ada",
    attempts: int = 3,
    **more: datetime,
) -> Plan:
    """A plan of some session."""
    flavor = Flavor(name="a100", title="A100", usd_per_hour=Decimal("2.50"), memory_gb=Decimal(80))
    return Plan(
        session=session,
        pull_request=2,
        base="main",
        merge_base="a" * 40,
        head_sha="b" * 40,
        tree="c" * 40,
        asks=Spends(job=JobSpec(script="train.py", flavor="a100", attempts=attempts)),
        quote=Quote(flavor=flavor, timeout_minutes=60, attempts=attempts, ceiling_usd=Decimal(usd)),
        cap_usd=Decimal(usd),
        policy_blob="",
        requester=requester,
        call_id=call,
        made_at=more.get("made_at", MADE),
        expires_at=more.get("expires_at", MADE + timedelta(days=7)),
    )


def admitted(session: str = "s1", key: str = "", requester: str = "ada") -> Admitted:
    return Admitted(event_key=key or f"key-{session}", session=session, requester=requester, thread=1, task="train it")


def made(plan: Plan) -> PlanMade:
    return PlanMade(digest=plan_digest(plan), plan=plan)


def consumed(plan: Plan) -> PlanConsumed:
    return PlanConsumed(digest=plan_digest(plan), session=plan.session, by=("grace",), reviews=("r1",))


def held(plan: Plan, usd: str = "", month: str = MONTH) -> MoneyHeld:
    money = Decimal(usd) if usd else plan.cap_usd
    return MoneyHeld(digest=plan_digest(plan), session=plan.session, requester=plan.requester, month=month, usd=money)


def moved(plan: Plan, state: JobState, *, attempt: int = 1, fence: int = 1) -> JobMoved:
    """A launch's next state, with what that state needs."""
    key = launch_key(plan_digest(plan), attempt)
    return JobMoved(
        launch_key=key,
        digest=plan_digest(plan),
        session=plan.session,
        state=state,
        fence=fence,
        lease_until=MADE + timedelta(hours=2) if state is JobState.LAUNCHING else None,
        job=JobRef(backend="local", id="j1", launch_key=key) if state is JobState.RUNNING else None,
    )


def approved(plan: Plan) -> tuple[LedgerEvent, ...]:
    """Everything up to the approval of a new session's plan."""
    return (admitted(plan.session, requester=plan.requester), made(plan), consumed(plan), held(plan))


def running(plan: Plan, attempt: int = 1) -> tuple[LedgerEvent, ...]:
    """A launch from its claim to its job."""
    return (moved(plan, JobState.LAUNCHING, attempt=attempt), moved(plan, JobState.RUNNING, attempt=attempt))
