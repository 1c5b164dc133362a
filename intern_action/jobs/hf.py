"""Jobs on Hugging Face: an approved tree is staged in a private repository, and a program of ours runs it there (`in_job/`).

What stands in `launches/once.py` makes one job of a launch, whatever fails; everything else may be asked and done again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from intern_action.core.errors import HubError, JobError
from intern_action.core.ports import JobOrder
from intern_action.core.types import Flavor, JobRef, JobStatus
from intern_action.hub.prices import Prices, hub_offers
from intern_action.jobs._backend import Backend, Supplies
from intern_action.jobs._body import RESUME, STAGED, body_of
from intern_action.jobs._ended import gave_way, status_of
from intern_action.jobs._folder import folder_of
from intern_action.jobs._followed import HubLog
from intern_action.jobs._output import Home
from intern_action.jobs._staging import Staging, has_checkpoint
from intern_action.launches.body import KEY
from intern_action.launches.claim import Standing, claimed_in
from intern_action.launches.folder import write_whole
from intern_action.launches.once import Launch
from intern_action.launches.said import asking
from intern_action.launches.tenant import Tenant, is_sandbox
from intern_action.launches.told import Told, told_of

if TYPE_CHECKING:
    from huggingface_hub import JobInfo

NAME = "hf"


class HfJobs:
    """The backend, as control has it. Several processes may use it at the same time, on several machines."""

    def __init__(self, supplies: Supplies) -> None:
        if supplies.hub is None:
            raise JobError("jobs on Hugging Face need an account; see the setting jobs.hf")
        supplies.hub.check()
        self._with = supplies
        self._root = Path(supplies.root)
        self._given = supplies.hub
        self._tenant = Tenant(supplies.hub)

    @property
    def name(self) -> str:
        """`hf`."""
        return NAME

    def flavors(self) -> Mapping[str, Flavor]:
        """Return the Hub's hardware with its prices as they are now; where the Hub does not say, as they were or are known."""
        return self._prices.flavors()

    @cached_property
    def _prices(self) -> Prices:
        given = self._given
        return Prices(
            source=given.endpoint,
            fetch=hub_offers(given.endpoint, given.token),
            kept=self._root / "prices.json",
            table=self._with.flavors,
            clock=self._with.clock,
            kept_for=self._with.kept_for,
        )

    def find(self, launch_key: str) -> JobRef | None:
        """Return the job that carries this key as a label. Only `launch` says whether it is the right one."""
        found = self._tenant.labelled(launch_key)
        return self._ref(found[-1]) if found else None

    # --- starting --------------------------------------------------------------------------------------------------

    def launch(self, order: JobOrder) -> JobRef:
        """Start the job, or adopt the one that this order started before.

        Raises:
            JobError: it was certainly not started.
            OutsideError: nobody knows, or a job with our label is not ours; calling again looks again.
        """
        staging, devices = self._staging(order.launch_key), self._devices(order.spec.flavor)
        body = body_of(order, self._tenant.account, repository=staging.name, devices=devices)
        resume = self._checkpoint_of(order.resume) if order.resume else ""

        def stage(parent: str) -> Mapping[str, str] | None:
            staged = staging.stage(order.archive, parent=parent)
            return staged and {STAGED: str(staged), **({RESUME: resume} if resume else {})}

        return self._ref(Launch(self._tenant, self._with.clock, body).once(staging, stage))

    def _devices(self, flavor: str) -> int:
        """Return how many accelerators hardware has: the table knows without a request, and the same on every machine."""
        known = self._with.flavors.get(flavor) or self.flavors().get(flavor)
        if known is None:
            raise JobError(f"the Hub has no hardware called {flavor}; nothing was started")
        return known.devices

    def _checkpoint_of(self, ref: JobRef) -> str:
        """Return where the checkpoint of an earlier attempt lies, "" when it left nothing."""
        earlier = self._staging(ref.launch_key)
        standing = earlier.standing()
        return f"{earlier.name} {standing.head}" if standing else ""

    # --- looking ---------------------------------------------------------------------------------------------------

    def status(self, ref: JobRef) -> JobStatus:
        """Return where the job is; of an ended one, with what it left on the Hub."""
        told = self._told(ref)
        if not told.final:
            return status_of(ref, told, {})
        standing, result = self._left(ref)
        status = status_of(ref, told, result)
        return dataclasses.replace(status, checkpoint=has_checkpoint(standing))

    def _left(self, ref: JobRef) -> tuple[Standing | None, Mapping[str, object]]:
        """Return what stands on the Hub with the job's own word on its end; once that is forgotten there, the word kept here."""
        standing, result = self._staging(ref.launch_key).left()
        return standing, result if standing else self._home_of(ref).told()

    def _home_of(self, ref: JobRef) -> Home:
        return Home(folder_of(self._root, ref.launch_key).path)

    def _told(self, ref: JobRef) -> Told:
        """Return what the Hub says of a job; of one that gave way to another start of the same job, what it says of that one."""
        with asking("look at the job", self._tenant.account):
            told = self._read(self._tenant.api.inspect_job(job_id=ref.id, namespace=self._tenant.account.namespace))
        if not gave_way(told):
            return told
        others = map(self._read, self._tenant.labelled(ref.launch_key))
        return next((other for other in others if not gave_way(other)), told)

    def _read(self, job: JobInfo) -> Told:
        return told_of(job, timeout_seconds=self._with.longest_minutes * 60)

    def logs(self, ref: JobRef) -> str:
        """Return everything the job has printed so far; it is kept whole in our folder, too."""
        told = self._told(ref)
        staging = self._staging(ref.launch_key)
        standing = staging.standing() if told.final else None
        whole = staging.log(standing) if standing else ""
        place = folder_of(self._root, ref.launch_key).log
        if told.final and standing is None and place.exists():
            return place.read_text("utf-8")  # the Hub was made to forget it
        whole = whole or "".join(f"{line}\n" for line in self._log(told.id).so_far())
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, whole)
        return whole

    def follow(self, ref: JobRef) -> Iterator[str]:
        """Yield the lines of the log as they come, each once, until the job has ended."""
        return self._log(self._told(ref).id).follow(lambda: self._told(ref).final)

    def _log(self, job: str) -> HubLog:
        url = f"{self._tenant.account.endpoint}/api/jobs/{self._tenant.account.namespace}/{job}/logs"
        return HubLog(self._tenant.account, url, self._with.clock)

    # --- ending ----------------------------------------------------------------------------------------------------

    def cancel(self, ref: JobRef) -> None:
        """End the job; no error when it has ended."""
        told = self._told(ref)
        if told.final:
            return
        try:
            with asking("cancel the job", self._tenant.account):
                self._tenant.api.cancel_job(job_id=told.id, namespace=self._tenant.account.namespace)
        except HubError:
            if not self._told(ref).final:
                raise

    def collect(self, ref: JobRef) -> JobStatus:
        """Return the final status with the output on this machine, as the job listed it. May be repeated.

        Raises:
            JobError: the job has not ended.
        """
        told = self._told(ref)
        if not told.final:
            raise JobError(f"{ref.id} has not ended, so there is nothing to collect")
        standing, result = self._left(ref)
        status, home = status_of(ref, told, result), self._home_of(ref)
        if not result:
            home.note_nothing(standing.head if standing else "")
            return status
        left_out = home.bring(self._staging(ref.launch_key), standing, result) if standing else home.left_out()
        words = f"; left out of the output: {', '.join(left_out[:5])}" if left_out else ""
        return dataclasses.replace(
            status,
            message=status.message + words,
            output_dir=str(home.output),
            checkpoint=has_checkpoint(standing),
        )

    def leftovers(self) -> tuple[str, ...]:
        """Return the launch keys of all staging repositories, by one listing."""
        return claimed_in(self._tenant.api, self._tenant.account)

    def forget(self, ref: JobRef) -> bool:
        """Delete the staging repository of a job that was collected here, or of a launch that started none (no id)."""
        home, staging = self._home_of(ref), self._staging(ref.launch_key)
        if ref.id and not home.is_here:
            return False
        standing = staging.standing()
        if standing is None:
            return True
        if not (home.holds(standing.head) if ref.id else not standing.locked):
            return False
        staging.delete()
        return True

    def alive(self) -> tuple[JobRef, ...]:
        """Return the jobs that this home has started and that have not ended."""
        return tuple(self._ref(job) for job in self._tenant.alive() if not is_sandbox(job))

    def _staging(self, launch_key: str) -> Staging:
        return Staging(self._tenant.api, self._tenant.account, self._tenant.account.staging, launch_key)

    def _ref(self, job: JobInfo) -> JobRef:
        return JobRef(backend=NAME, id=job.id, launch_key=(job.labels or {}).get(KEY, ""))


BACKEND = Backend(name=NAME, make=HfJobs)
