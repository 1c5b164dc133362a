"""Sandboxes on Hugging Face: a job that becomes a machine to work on, begun once under its lease as every job is (`launches/`).

The Hub ends it when its lease is up, whoever is still there. Control's token begins and ends it and goes nowhere else: a sandbox
is worked in with a token that reads and with a key of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from intern_action.core.errors import HubError, JobError, ToolFailed
from intern_action.core.ports import SandboxOrder, SandboxStatus
from intern_action.core.types import Flavor, JobRef
from intern_action.hub.prices import Prices, hub_offers
from intern_action.launches.body import KEY, SECONDS_A_MINUTE, Body
from intern_action.launches.claim import Claim
from intern_action.launches.once import Launch
from intern_action.launches.said import asking
from intern_action.launches.tenant import Tenant, is_sandbox
from intern_action.launches.told import Told, told_of
from intern_action.sandboxes._backend import Backend, Supplies, check_minutes
from intern_action.sandboxes._hub_door import NAME, HubDoor
from intern_action.sandboxes._hub_server import key_of, sandbox_body
from intern_action.sandboxes._hub_tokens import READS, check_names, check_rights
from intern_action.sandboxes._keys import KeyShelf

if TYPE_CHECKING:
    from huggingface_hub import JobInfo

_MINUTES = "intern-minutes"
_END_SECONDS, _LOOK_SECONDS = 60.0, 0.5


class HubSandboxes:
    """The backend, as control sees it. Several processes may use it at the same time, on several machines."""

    def __init__(self, supplies: Supplies) -> None:
        if supplies.landlord is None:
            raise JobError("sandboxes on Hugging Face need an account; see the setting sandbox.backend")
        self._with = supplies
        self._own = supplies.landlord
        check_names(self._own)
        self._tenant = Tenant(self._own.account)
        self._keys = KeyShelf(Path(supplies.root))
        self._door = HubDoor(replace(supplies, landlord=None, guest=self._own.guest))

    @property
    def name(self) -> str:
        """`hf`."""
        return NAME

    def flavors(self) -> Mapping[str, Flavor]:
        """Return the Hub's hardware with its prices as they are now; where the Hub does not say, as they were or are known."""
        return self._prices.flavors()

    @cached_property
    def _prices(self) -> Prices:
        account = self._own.account
        return Prices(
            source=account.endpoint,
            fetch=hub_offers(account.endpoint, account.token),
            kept=Path(self._with.root) / "prices.json",
            table=self._with.flavors,
            clock=self._with.clock,
        )

    def find(self, launch_key: str) -> JobRef | None:
        """Return the sandbox that carries this key and that we started. Only `create` says whether it is the right one."""
        found = [job for job in self._tenant.labelled(launch_key) if is_sandbox(job) and self._is_ours(job)]
        return self._ref(found[-1]) if found else None

    def _is_ours(self, job: JobInfo) -> bool:
        return job.initiator is not None and job.initiator.name == self._tenant.me

    # --- beginning -------------------------------------------------------------------------------------------------

    def create(self, order: SandboxOrder) -> JobRef:
        """Begin it, or adopt the one that this order began before.

        Raises:
            JobError: it certainly did not begin.
            OutsideError: nobody knows, or a job with our label is not ours; calling again looks again.
            Misconfigured: a token gives too much away.
        """
        check_rights(self._own, self._tenant.account.namespace)
        check_minutes(order, self._with.longest_minutes)
        claim = self._claim(order.launch_key)

        def stage(parent: str) -> Mapping[str, str] | None:
            if not parent:
                return {}  # making the repository was all of the claim
            note = {"taken-over.json": b"{}"}
            taken = claim.commit(note, parent=parent, message="Taken over", doing="take over the start of a sandbox")
            return None if taken is None else {}

        job = Launch(self._tenant, self._with.clock, self._body(order)).once(claim, stage)
        self._leave_key(job)
        return self._ref(job)

    def _body(self, order: SandboxOrder) -> Body:
        account, inside = self._tenant.account, self._own.token
        body = sandbox_body(
            control=account.token,
            endpoint=account.endpoint,
            image=account.image,
            flavor=order.lease.flavor,
            timeout_seconds=order.minutes * SECONDS_A_MINUTE,
            environment={"HF_ENDPOINT": account.endpoint, "PYTHONUNBUFFERED": "1"},
            secrets={**self._own.secrets, **({READS: inside} if inside else {})},
        )
        labels = {**body.labels, _MINUTES: str(order.minutes)}
        return replace(body, labels=labels).labelled(order.labels, key=order.launch_key, home=account.home)

    def ready(self, ref: JobRef) -> SandboxStatus:
        """Wait until it can be used, or has ended.

        Raises:
            JobError: it did not come up.
        """
        clock, patience = self._with.clock, self._own.ready_seconds
        until = clock.monotonic() + patience
        with closing(self._door):
            while clock.monotonic() < until:
                job = self._job(ref)
                status = self._status(ref, job)
                if status.ended_at is not None or (job.status.stage == "RUNNING" and self._is_up(ref)):
                    return status
                clock.wait(_LOOK_SECONDS)
        raise JobError(f"{ref.id} did not come up within {patience / SECONDS_A_MINUTE:.0f} minutes")

    def _is_up(self, ref: JobRef) -> bool:
        try:
            self._door.prepare(ref)
        except ToolFailed:
            return False
        return True

    # --- looking and ending ----------------------------------------------------------------------------------------

    def status(self, ref: JobRef) -> SandboxStatus:
        return self._status(ref, self._job(ref))

    def end(self, ref: JobRef) -> SandboxStatus:
        status = self.status(ref)
        if status.ended_at is None:
            self._cancel(ref)
            status = self._ended(ref)
        self._clear(ref)
        return status

    def _clear(self, ref: JobRef) -> None:
        """Take away the key and the claim, unless they are another's: a second start that came true too late has none."""
        key = self._keys.get(ref.launch_key)
        if key is not None and key.job != ref.id:
            return
        self._keys.drop(ref.launch_key)
        with suppress(HubError):  # it is empty, private and costs nothing
            self._claim(ref.launch_key).delete()

    def _cancel(self, ref: JobRef) -> None:
        try:
            with asking("end the sandbox", self._tenant.account):
                self._tenant.api.cancel_job(job_id=ref.id, namespace=self._tenant.account.namespace)
        except HubError:
            if self.status(ref).ended_at is None:
                raise

    def _ended(self, ref: JobRef) -> SandboxStatus:
        """Wait until the Hub says that it has ended: only then is it known what it cost."""
        until = self._with.clock.monotonic() + _END_SECONDS
        while (status := self.status(ref)).ended_at is None:
            if self._with.clock.monotonic() > until:
                raise HubError(f"the Hub does not say that the sandbox {ref.id} has ended; the next look asks again")
            self._with.clock.wait(_LOOK_SECONDS)
        return status

    def own(self) -> tuple[JobRef, ...]:
        return tuple(self._ref(job) for job in self._tenant.alive() if is_sandbox(job))

    def _job(self, ref: JobRef) -> JobInfo:
        with asking("look at the sandbox", self._tenant.account):
            job = self._tenant.api.inspect_job(job_id=ref.id, namespace=self._tenant.account.namespace)
        running = not told_of(job, timeout_seconds=0).final
        if running and self._keys.get(ref.launch_key) is None and self._is_ours(job):
            self._leave_key(job)
        return job

    def _status(self, ref: JobRef, job: JobInfo) -> SandboxStatus:
        lease = timedelta(minutes=_minutes_of(job))
        told = told_of(job, timeout_seconds=int(lease.total_seconds()))
        began = told.started_at or job.created_at or self._with.clock.now()
        return SandboxStatus(ref=ref, started_at=began, ends_at=began + lease, ended_at=_end_of(told, began))

    def _leave_key(self, job: JobInfo) -> None:
        key = key_of(job, control=self._own.account.token)
        if key is not None:
            self._keys.put((job.labels or {})[KEY], key)

    def _claim(self, launch_key: str) -> Claim:
        return Claim(self._tenant.api, self._tenant.account, self._tenant.account.staging, launch_key)

    def _ref(self, job: JobInfo) -> JobRef:
        return JobRef(backend=NAME, id=job.id, launch_key=(job.labels or {}).get(KEY, ""))


def _end_of(told: Told, began: datetime) -> datetime | None:
    """Return when what is billed ended, None while it runs."""
    return began + timedelta(seconds=told.seconds) if told.final else None


def _minutes_of(job: JobInfo) -> int:
    """Return how long a sandbox was asked for, as its label says; 0 where somebody took that away."""
    said = (job.labels or {}).get(_MINUTES, "")
    return int(said) if said.isdecimal() else 0


BACKEND = Backend(name=NAME, make=HubSandboxes, door=HubDoor)
