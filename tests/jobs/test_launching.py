"""A launch is made once, whoever tries and whoever dies."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from intern_action.core.errors import JobError, Misconfigured
from intern_action.core.ports import Command, JobOrder, Outcome
from intern_action.core.types import JobRef, JobStage
from intern_action.jobs import local
from tests.fakes.local_jobs import MachineClock, Workshop

MOST_STEPS = 200


def counting(workshop: Workshop) -> str:
    """A script that leaves one line each time it is run."""
    return f"open({str(workshop.notes / 'runs')!r}, 'a').write('ran\\n')"


def runs(workshop: Workshop) -> int:
    path = workshop.notes / "runs"
    return len(path.read_text().splitlines()) if path.exists() else 0


def launch_elsewhere(workshop: Workshop, order: JobOrder, *, kill_at: int) -> int:
    """Launch in a process that kills itself at its `kill_at`-th deed; return its exit code."""
    words = {"launch_key": order.launch_key, "archive": order.archive, "tree": order.tree}
    argv = (sys.executable, "-m", "tests.fakes.local_jobs", str(workshop.place), json.dumps(words), str(kill_at))
    done = subprocess.run(argv, check=False, capture_output=True, cwd=Path(__file__).parents[2])
    return done.returncode


def test_a_launcher_killed_at_any_step_leaves_a_job_that_runs_once_or_is_reported_lost(workshop: Workshop):
    order = workshop.order(counting(workshop))
    for step in range(1, MOST_STEPS):
        key = f"intern-1-{step}"
        before = runs(workshop)
        one = JobOrder(spec=order.spec, launch_key=key, archive=order.archive, tree=order.tree, timeout_minutes=2)
        if launch_elsewhere(workshop, one, kill_at=step) == 0:
            assert step > 15, "the launch has more steps than that"
            return
        ref = workshop.jobs().find(key) or workshop.jobs().launch(one)
        stage = ended_or_lost(workshop, ref)
        assert (stage, runs(workshop) - before) in {(JobStage.COMPLETED, 1), (JobStage.FAILED, 0)}, step
        assert workshop.jobs().find(key) == ref
    pytest.fail("the launch never came to its end")


def ended_or_lost(workshop: Workshop, ref: JobRef) -> JobStage:
    """Wait for the job's end; when nothing shows for a second, look as somebody would after the grace."""
    try:
        workshop.until(lambda: workshop.jobs().status(ref).stage.final, within_seconds=0.7)
    except TimeoutError:
        return looks_later(workshop).status(ref).stage
    return workshop.jobs().status(ref).stage


class LaterClock(MachineClock):
    """The same machine after the grace."""

    def now(self) -> datetime:
        """Return a time at which no starter can still be on its way."""
        return super().now() + local.GRACE + timedelta(seconds=1)


def looks_later(workshop: Workshop) -> local.LocalJobs:
    return local.LocalJobs(dataclasses.replace(workshop.supplies(), clock=LaterClock()))


def test_two_launchers_at_once_start_one_job(workshop: Workshop):
    order = workshop.order(counting(workshop))
    gate = threading.Barrier(4)

    def launch() -> JobRef:
        gate.wait()
        return workshop.jobs().launch(order)

    with ThreadPoolExecutor(4) as pool:
        refs = {future.result() for future in [pool.submit(launch) for _ in range(4)]}
    (ref,) = refs
    assert workshop.end_of(ref).stage is JobStage.COMPLETED
    assert runs(workshop) == 1


def test_two_launching_processes_start_one_job(workshop: Workshop):
    order = workshop.order(counting(workshop))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: launch_elsewhere(workshop, order, kill_at=0), range(2)))
    ref = workshop.jobs().find(order.launch_key)
    assert ref is not None
    workshop.end_of(ref)
    assert runs(workshop) == 1


def test_a_job_outlives_its_launcher(workshop: Workshop):
    order = workshop.order("import time\ntime.sleep(1)\n" + counting(workshop))
    assert launch_elsewhere(workshop, order, kill_at=0) == 0
    ref = workshop.jobs().find(order.launch_key)
    assert ref is not None
    assert workshop.end_of(ref).stage is JobStage.COMPLETED
    assert runs(workshop) == 1


def test_launching_an_ended_job_again_returns_it(workshop: Workshop):
    order = workshop.order(counting(workshop))
    ref = workshop.jobs().launch(order)
    workshop.end_of(ref)
    assert workshop.jobs().launch(order) == ref
    assert runs(workshop) == 1


def test_another_attempt_has_a_key_of_its_own(workshop: Workshop):
    first = workshop.order(counting(workshop))
    second = workshop.order(counting(workshop), key="intern-1-2")
    for order in (first, second):
        workshop.end_of(workshop.jobs().launch(order))
    assert runs(workshop) == 2


def test_a_job_cancelled_before_its_start_is_never_started(workshop: Workshop):
    order = workshop.order(counting(workshop))
    assert launch_elsewhere(workshop, order, kill_at=8) != 0
    ref = JobRef(backend="local", id=order.launch_key, launch_key=order.launch_key)
    assert workshop.jobs().find(order.launch_key) is None
    workshop.jobs().cancel(ref)
    assert workshop.jobs().status(ref).stage is JobStage.CANCELLED
    with pytest.raises(JobError, match="cancelled"):
        workshop.jobs().launch(order)
    assert runs(workshop) == 0


class Refuses:
    """A shell whose walls cannot be built."""

    def run(self, command: Command) -> Outcome:
        raise Misconfigured(f"{command.argv[0]} was not started")

    def detach(self, command: Command, *, pid_file: str, status_file: str) -> None:
        raise Misconfigured(f"{command.argv[0]} was not started, so neither {pid_file} nor {status_file} is there")


def test_a_shell_that_cannot_start_it_leaves_no_job(workshop: Workshop):
    order = workshop.order(counting(workshop))
    refusing = local.LocalJobs(dataclasses.replace(workshop.supplies(), shell=Refuses()))
    with pytest.raises(JobError, match="was not started"):
        refusing.launch(order)
    assert refusing.find(order.launch_key) is None
    workshop.end_of(workshop.jobs().launch(order))
    assert runs(workshop) == 1
