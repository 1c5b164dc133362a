"""Jobs on Hugging Face: an approved tree is staged in a private repository, and a program of ours runs it there (`in_job/`).

What stands in `_launch.py` makes one job of a launch, whatever fails; everything else may be asked and done again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from intern_action.core.errors import HubError, JobError
from intern_action.core.ports import JobOrder
from intern_action.core.types import Flavor, JobRef, JobStatus
from intern_action.hub._patience import be_patient
from intern_action.hub.prices import Prices, hub_offers
from intern_action.jobs._account import HubAccount
from intern_action.jobs._backend import Backend, Supplies
from intern_action.jobs._body import HOME, KEY, body_of
from intern_action.jobs._ended import Told, status_of
from intern_action.jobs._folder import folder_of, write_whole
from intern_action.jobs._followed import HubLog
from intern_action.jobs._launch import Launch, labelled
from intern_action.jobs._output import bring_home
from intern_action.jobs._said import asking
from intern_action.jobs._staging import Staging

if TYPE_CHECKING:
    from huggingface_hub import HfApi, JobInfo

NAME = "hf"
_NOT_FINAL = ["RUNNING", "SCHEDULING"]


class HfJobs:
    """The backend, as control has it. Several processes may use it at the same time, on several machines."""

    def __init__(self, supplies: Supplies) -> None:
        if supplies.hub is None:
            raise JobError("jobs on Hugging Face need an account; see the setting jobs.hf")
        supplies.hub.check()
        self._with = supplies
        self._root = Path(supplies.root)
        self._given = supplies.hub

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
        )

    def find(self, launch_key: str) -> JobRef | None:
        """Return the job that carries this key as a label. Only `launch` says whether it is the right one."""
        found = labelled(self._api, self._account, launch_key)
        return self._ref(found[-1]) if found else None

    # --- starting --------------------------------------------------------------------------------------------------

    def launch(self, order: JobOrder) -> JobRef:
        """Start the job, or adopt the one that this order started before.

        Raises:
            JobError: it was certainly not started.
            OutsideError: nobody knows, or a job with our label is not ours; calling again looks again.
        """
        body = body_of(
            order,
            repository=self._staging(order.launch_key).name,
            image=self._account.image,
            endpoint=self._account.endpoint,
            home=self._account.home,
            devices=self._devices(order.spec.flavor),
        )
        resume = self._checkpoint_of(order.resume) if order.resume else ""
        launch = Launch(self._api, self._account, self._with.clock, body=body, me=lambda: self._me)
        job = launch.once(self._staging(order.launch_key), order.archive, resume=resume)
        return self._ref(job)

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
        standing, result = self._staging(ref.launch_key).left()
        status = status_of(ref, told, result)
        return dataclasses.replace(status, checkpoint=standing is not None and standing.checkpoint)

    def _told(self, ref: JobRef) -> Told:
        """Return what the Hub says of a job; of one that gave way to another start of the same job, what it says of that one."""
        with asking("look at the job", self._account):
            told = self._read(self._api.inspect_job(job_id=ref.id, namespace=self._account.namespace))
        if not told.gave_way:
            return told
        others = map(self._read, labelled(self._api, self._account, ref.launch_key))
        return next((other for other in others if not other.gave_way), told)

    def _read(self, job: JobInfo) -> Told:
        return Told(
            id=job.id,
            stage=str(getattr(job.status.stage, "value", job.status.stage)),
            message=job.status.message or "",
            started_at=job.started_at,
            finished_at=job.finished_at,
            running_seconds=job.durations.running_secs if job.durations else None,
            timeout_seconds=self._with.longest_minutes * 60,
        )

    def logs(self, ref: JobRef) -> str:
        """Return everything the job has printed so far; it is kept whole in our folder, too."""
        told = self._told(ref)
        staging = self._staging(ref.launch_key)
        standing = staging.standing() if told.final else None
        whole = staging.log(standing) if standing else ""
        whole = whole or "".join(f"{line}\n" for line in self._log(told.id).so_far())
        place = folder_of(self._root, ref.launch_key).log
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, whole)
        return whole

    def follow(self, ref: JobRef) -> Iterator[str]:
        """Yield the lines of the log as they come, each once, until the job has ended."""
        return self._log(self._told(ref).id).follow(lambda: self._told(ref).final)

    def _log(self, job: str) -> HubLog:
        url = f"{self._account.endpoint}/api/jobs/{self._account.namespace}/{job}/logs"
        return HubLog(self._account, url, self._with.clock)

    # --- ending ----------------------------------------------------------------------------------------------------

    def cancel(self, ref: JobRef) -> None:
        """End the job; no error when it has ended."""
        told = self._told(ref)
        if told.final:
            return
        try:
            with asking("cancel the job", self._account):
                self._api.cancel_job(job_id=told.id, namespace=self._account.namespace)
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
        staging = self._staging(ref.launch_key)
        standing, result = staging.left()
        status = status_of(ref, told, result)
        if standing is None or not result:
            return status
        status = dataclasses.replace(status, checkpoint=standing.checkpoint)
        place = folder_of(self._root, ref.launch_key).path
        left_out = bring_home(staging, standing, result, place)
        words = f"; left out of the output: {', '.join(left_out[:5])}" if left_out else ""
        return dataclasses.replace(status, message=status.message + words, output_dir=str(place / "output"))

    def alive(self) -> tuple[JobRef, ...]:
        """Return the jobs that this home has started and that have not ended."""
        with asking("list jobs", self._account):
            listed = self._api.list_jobs(
                labels={HOME: self._account.home}, status=_NOT_FINAL, namespace=self._account.namespace
            )
            return tuple(self._ref(job) for job in listed if (job.labels or {}).get(KEY))

    # --- the account -----------------------------------------------------------------------------------------------

    @cached_property
    def _account(self) -> HubAccount:
        """The account with its namespaces filled in."""
        namespace = self._given.namespace or self._me
        return dataclasses.replace(self._given, namespace=namespace, staging=self._given.staging or namespace)

    @cached_property
    def _me(self) -> str:
        with asking("ask whose the token is", self._given):
            told = cast("dict[str, object]", self._api.whoami())  # pyright: ignore[reportUnknownMemberType]  # a bare dict
        return str(told["name"])

    @cached_property
    def _api(self) -> HfApi:
        from huggingface_hub import HfApi

        be_patient()
        return HfApi(endpoint=self._given.endpoint, token=self._given.token, library_name="intern-action")

    def _staging(self, launch_key: str) -> Staging:
        return Staging(self._api, self._account, self._account.staging, launch_key)

    def _ref(self, job: JobInfo) -> JobRef:
        return JobRef(backend=NAME, id=job.id, launch_key=(job.labels or {}).get(KEY, ""))


BACKEND = Backend(name=NAME, make=HfJobs)
