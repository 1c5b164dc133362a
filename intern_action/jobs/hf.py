"""Jobs on Hugging Face: the approved tree is staged in a private repository, and a program of ours runs it there, once.

A launch is made once per key, whoever launches and whoever dies: a job with our label, our specification and our account
is adopted; making the staging repository is the claim; whoever finds it made looks for the job with patience before taking
the launch over; and of two starts that happen after all, the one that commits the lock first runs and the other ends.
Nothing is ever sent a second time because its answer was lost.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from intern_action.core.errors import HubError, JobError, OutsideError
from intern_action.core.ports import JobOrder
from intern_action.core.types import Flavor, JobRef, JobStatus
from intern_action.hub.prices import Prices, hub_offers
from intern_action.jobs._account import HubAccount
from intern_action.jobs._backend import Backend, Supplies
from intern_action.jobs._body import HOME, KEY, RESUME, SPEC, STAGED, TOKEN, Body, body_of
from intern_action.jobs._ended import Told, status_of
from intern_action.jobs._folder import folder_of, write_whole
from intern_action.jobs._followed import HubLog
from intern_action.jobs._output import bring_home
from intern_action.jobs._said import Unanswered, asking, starting
from intern_action.jobs._staging import Staged, Staging
from intern_action.settings.words import text

if TYPE_CHECKING:
    from huggingface_hub import HfApi, JobInfo

NAME = "hf"
_OLD = timedelta(minutes=10)
"""A claim of that age belongs to nobody who still works on it."""
_NOT_FINAL = ["RUNNING", "SCHEDULING"]
_ANSWER_SECONDS, _CONNECT_SECONDS = 120.0, 20.0


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
        found = self._labelled(launch_key)
        return self._ref(found[0]) if found else None

    # --- starting --------------------------------------------------------------------------------------------------

    def launch(self, order: JobOrder) -> JobRef:
        """Start the job, or adopt the one that this order started before.

        Raises:
            JobError: it was certainly not started, or a job with our label is not ours.
            OutsideError: nobody knows; calling again looks again.
        """
        body = self._body(order)
        found = self._mine(body)
        if found:
            return found
        staging = self._staging(order.launch_key)
        staged = staging.stage(order.archive) if staging.make() else self._claim(staging, body, order)
        if isinstance(staged, JobRef):
            return staged
        if staged is None:
            raise OutsideError(f"another run launches {order.launch_key} right now; the next look finds its job")
        return self._start(body, staged, order)

    def _body(self, order: JobOrder) -> Body:
        return body_of(
            order,
            repository=self._staging(order.launch_key).name,
            image=self._account.image,
            endpoint=self._account.endpoint,
            home=self._account.home,
            devices=self._devices(order.spec.flavor),
        )

    def _devices(self, flavor: str) -> int:
        """Return how many accelerators hardware has: the table knows without a request, and the same on every machine."""
        known = self._with.flavors.get(flavor) or self.flavors().get(flavor)
        if known is None:
            raise JobError(f"the Hub has no hardware called {flavor}; nothing was started")
        return known.devices

    def _claim(self, staging: Staging, body: Body, order: JobOrder) -> Staged | JobRef | None:
        """Look for the job of whoever came first; when there is none and no sign of anybody, take the launch over."""
        standing = staging.standing()
        changed = standing.changed_at if standing else None
        if changed is None or changed > self._with.clock.now() - _OLD:
            found = self._look_again(body)
            if found:
                return found
            standing = staging.standing()
        if standing and standing.locked:
            raise HubError(text("hub-lost-job", key=order.launch_key, namespace=self._account.namespace))
        return staging.stage(order.archive, parent=standing.head) if standing else None

    def _start(self, body: Body, staged: Staged, order: JobOrder) -> JobRef:
        """Ask for the job, once."""
        try:
            with starting("start the job", self._account):
                job = self._api.run_job(
                    image=body.image,
                    command=list(body.command),
                    env={**body.environment, STAGED: str(staged), **self._resume(order)},
                    secrets={TOKEN: self._account.job_token},
                    flavor=body.flavor,
                    timeout=body.timeout_seconds,
                    labels=dict(body.labels),
                    namespace=self._account.namespace,
                )
        except Unanswered:
            found = self._look_again(body)
            if found is None:
                raise
            return found
        return self._ref(job)

    def _resume(self, order: JobOrder) -> Mapping[str, str]:
        """Return where the checkpoint of the attempt before lies."""
        if order.resume is None:
            return {}
        earlier = self._staging(order.resume.launch_key)
        standing = earlier.standing()
        return {RESUME: f"{earlier.name} {standing.head}"} if standing else {}

    def _look_again(self, body: Body) -> JobRef | None:
        """Look for a job that may have been started, with patience: a listing can be behind."""
        until = self._with.clock.monotonic() + self._account.patience_seconds
        while self._with.clock.monotonic() < until:
            with suppress(Unanswered):  # the Hub is out of order, and may be back before our patience ends
                found = self._mine(body)
                if found:
                    return found
            self._with.clock.wait(self._account.look_seconds)
        return self._mine(body)

    def _mine(self, body: Body) -> JobRef | None:
        """Return the job with our label when it is what we would start, and we started it."""
        found = self._labelled(body.labels[KEY])
        ours = [job for job in found if self._is_ours(job, body)]
        strange = next((job for job in found if job not in ours and job.finished_at is None), None)
        if strange is not None:
            raise HubError(text("hub-strange-job", url=strange.url, key=body.labels[KEY]))
        return self._ref(ours[-1]) if ours else None  # the oldest: the Hub lists the newest first

    def _is_ours(self, job: JobInfo, body: Body) -> bool:
        same = (job.docker_image or job.space_id or "") in body.image and job.flavor == body.flavor
        words = tuple(job.command or ()) == body.command
        labelled = (job.labels or {}).get(SPEC) == body.spec
        return same and words and labelled and job.initiator is not None and job.initiator.name == self._me

    def _labelled(self, launch_key: str) -> list[JobInfo]:
        with asking("list jobs", self._account):
            return list(self._api.list_jobs(labels={KEY: launch_key}, namespace=self._account.namespace))

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
        with asking("look at the job", self._account):
            job = self._api.inspect_job(job_id=ref.id, namespace=self._account.namespace)
        return Told(
            stage=str(getattr(job.status.stage, "value", job.status.stage)),
            message=job.status.message or "",
            started_at=job.started_at,
            finished_at=job.finished_at,
            running_seconds=job.durations.running_secs if job.durations else None,
            timeout_seconds=self._with.longest_minutes * 60,
        )

    def logs(self, ref: JobRef) -> str:
        """Return everything the job has printed so far; it is kept whole in our folder, too."""
        if self._told(ref).final:
            staging = self._staging(ref.launch_key)
            standing = staging.standing()
            whole = staging.log(standing) if standing else ""
        else:
            whole = ""
        whole = whole or "".join(f"{line}\n" for line in self._log(ref).so_far())
        place = folder_of(self._root, ref.launch_key).log
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, whole)
        return whole

    def follow(self, ref: JobRef) -> Iterator[str]:
        """Yield the lines of the log as they come, each once, until the job has ended."""
        return self._log(ref).follow(lambda: self._told(ref).final)

    def _log(self, ref: JobRef) -> HubLog:
        url = f"{self._account.endpoint}/api/jobs/{self._account.namespace}/{ref.id}/logs"
        return HubLog(self._account, url, self._with.clock)

    # --- ending ----------------------------------------------------------------------------------------------------

    def cancel(self, ref: JobRef) -> None:
        """End the job; no error when it has ended."""
        try:
            with asking("cancel the job", self._account):
                self._api.cancel_job(job_id=ref.id, namespace=self._account.namespace)
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

        _be_patient()
        return HfApi(endpoint=self._given.endpoint, token=self._given.token, library_name="intern-action")

    def _staging(self, launch_key: str) -> Staging:
        return Staging(self._api, self._account, self._account.staging, launch_key)

    def _ref(self, job: JobInfo) -> JobRef:
        return JobRef(backend=NAME, id=job.id, launch_key=(job.labels or {}).get(KEY, ""))


@cache
def _be_patient() -> None:
    """Give huggingface_hub a client that does not wait for ever, once in a process: the one before is closed."""
    import httpx
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils import disable_progress_bars

    def client() -> httpx.Client:
        return httpx.Client(follow_redirects=True, timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS))

    disable_progress_bars()
    set_client_factory(client)


BACKEND = Backend(name=NAME, make=HfJobs)
