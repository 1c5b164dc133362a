"""Jobs on Hugging Face, over HTTP with the official client, on a Hub that really runs them."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from intern_action.core.errors import JobError, Misconfigured, OutsideError
from intern_action.core.ports import JobOrder
from intern_action.core.types import JobRef, JobStage, JobStatus
from intern_action.jobs._body import STAGED
from intern_action.jobs._staging import Staging
from intern_action.jobs.hf import HfJobs
from intern_action.launches.body import KEY
from tests.fakes.hub_jobs import PAYS, HubWorkshop, hub_workshop, run_mortal, run_mortals
from tests.hub_server.faults import Lost, Refuse
from tests.hub_server.job_runs import Jobs, LogCut

TRAINS = """
import json, os, pathlib, sys
out = pathlib.Path(next(word.split("=", 1)[1] for word in sys.argv if word.startswith("--output-dir=")))
(out / "model").mkdir(parents=True)
(out / "model" / "weights.bin").write_bytes(bytes(range(256)) * 40)
(out / "metrics.json").write_text(json.dumps({"accuracy": 0.93, "argv": sys.argv[1:]}))
print("trained", len(sys.argv), "words")
"""


@pytest.fixture
def at(tmp_path: Path) -> Iterator[HubWorkshop]:
    with hub_workshop(tmp_path) as made:
        yield made


def test_a_job_runs_the_approved_script_and_its_results_come_home(at: HubWorkshop) -> None:
    jobs = at.jobs()
    ref = jobs.launch(at.order(TRAINS))
    status = at.end_of(ref)
    assert (status.stage, status.message) == (JobStage.COMPLETED, f"completed in {status.seconds:.0f} s")
    output = Path(status.output_dir)
    assert json.loads((output / "metrics.json").read_text())["accuracy"] == 0.93
    assert (output / "model" / "weights.bin").read_bytes() == bytes(range(256)) * 40
    assert jobs.logs(ref) == "trained 2 words\n"
    assert at.launched() == 1


def test_control_s_token_reaches_no_job_and_the_job_s_token_starts_none(at: HubWorkshop) -> None:
    at.end_of(at.jobs().launch(at.order(TRAINS)))
    assert all(at.account.token.encode() not in one.body for one in at.hub.requests)
    by_the_job = [one for one in at.hub.requests if one.token == at.account.job_token]
    assert by_the_job
    assert all("/api/jobs" not in one.path for one in by_the_job)


def test_every_word_reaches_the_script_as_it_was_approved(at: HubWorkshop) -> None:
    words = {"a": "x > y; rm -rf /", "b": 'it\'s "quoted" $HOME `id`', "c": "Grüße 東京 \\ \n two lines", "d": "-1"}
    padding = "# " + "x" * 300_000  # more than one word of a command line can hold
    status = at.end_of(at.jobs().launch(at.order(f"{padding}\n{TRAINS}", parameters=words)))
    told = json.loads((Path(status.output_dir) / "metrics.json").read_text())
    assert told["argv"][:4] == [f"--{name}={value}" for name, value in words.items()]


def test_a_machine_with_four_accelerators_runs_four_processes(at: HubWorkshop) -> None:
    # one write a line: four processes share one output
    script = "import os\nos.write(1, f\"rank {os.environ['RANK']} of {os.environ['WORLD_SIZE']}\\n\".encode())\n"
    ref = at.jobs().launch(at.order(script, flavor="l4x4"))
    assert at.end_of(ref).stage is JobStage.COMPLETED
    said = [line for line in at.jobs().logs(ref).splitlines() if line.startswith("rank")]
    assert sorted(said) == [f"rank {rank} of 4" for rank in range(4)]


def test_a_large_tree_and_large_results_travel_whole(at: HubWorkshop) -> None:
    """The tree goes through the large file store; the results, in parts."""
    weights = os.urandom(5 << 20)
    (at.workshop.repository / "weights.bin").write_bytes(weights)
    script = (
        "import pathlib, sys\n"
        "out = pathlib.Path(sys.argv[-1].split('=', 1)[1])\n"
        "whole = pathlib.Path('weights.bin').read_bytes()\n"
        "(out / 'twice.bin').write_bytes(whole * 2)\n"
    )
    order = at.order(script)
    at.hub.world.in_parts_above = 3 << 20
    assert run_mortal(at, "launch", order, die_after=0) == 0
    ref = at.jobs().launch(order)
    status = at.end_of(ref)
    assert status.stage is JobStage.COMPLETED, at.jobs().logs(ref)
    assert (Path(status.output_dir) / "twice.bin").read_bytes() == weights * 2
    stores = [one for one in at.hub.requests if one.path.startswith("/_storage/")]
    assert sum("/parts/" in one.path for one in stores) >= 4
    assert all(not one.token for one in stores)


# --- launched once ---------------------------------------------------------------------------------------------------


def test_from_the_decision_to_the_job_it_takes_fewer_than_five_requests(at: HubWorkshop) -> None:
    order = at.order(TRAINS)
    before = len(at.hub.requests)
    at.jobs().launch(order)
    asked = [f"{one.method} {one.path.partition('?')[0]}" for one in at.hub.requests[before:]]
    assert asked.index(f"POST /api/jobs/{PAYS}") < 5


def test_a_job_whose_answer_was_lost_is_found_and_not_started_again(at: HubWorkshop) -> None:
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Lost())
    ref = at.jobs().launch(at.order(TRAINS))
    assert at.end_of(ref).stage is JobStage.COMPLETED
    assert at.launched() == 1


def test_a_hub_that_is_out_of_order_for_a_moment_is_asked_again(at: HubWorkshop) -> None:
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Lost())
    at.hub.fault("GET", f"/api/jobs/{PAYS}", Refuse(status=503), after=1, times=3)
    assert at.end_of(at.jobs().launch(at.order(TRAINS))).stage is JobStage.COMPLETED
    assert at.launched() == 1


def test_a_job_that_the_list_does_not_show_is_not_started_again_once_it_runs(at: HubWorkshop) -> None:
    order = at.order(TRAINS)
    ref = at.jobs().launch(order)
    at.end_of(ref)
    where = f"{at.hub.url}/api/jobs/{PAYS}/{ref.id}/labels"
    httpx.put(where, json={"labels": {}}, headers=at.account.headers).raise_for_status()
    with pytest.raises(OutsideError, match="needs-human"):
        at.jobs(patience_seconds=1).launch(order)
    assert at.launched() == 1


def test_where_nobody_knows_the_next_look_finds_the_job(at: HubWorkshop) -> None:
    order = at.order(TRAINS)
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Lost())
    at.hub.fault("GET", f"/api/jobs/{PAYS}", Refuse(status=503), after=1, times=None)
    with pytest.raises(OutsideError):
        at.jobs(patience_seconds=1).launch(order)
    at.hub.world.faults.clear()
    assert at.jobs().launch(order) == at.jobs().find(order.launch_key)
    assert at.launched() == 1


def test_a_launch_that_was_killed_anywhere_is_taken_up_and_starts_one_job(at: HubWorkshop) -> None:
    order = at.order(TRAINS)
    died = run_mortals(at, "launch", order)
    assert died >= 5
    keys = [f"{order.launch_key[:-1]}{number}" for number in range(1, died + 1)]
    elsewhere = at.jobs(root="elsewhere", patience_seconds=1)
    with ThreadPoolExecutor() as pool:
        refs = list(pool.map(lambda key: elsewhere.launch(dataclasses.replace(order, launch_key=key)), keys))
    assert {at.end_of(ref).stage for ref in refs} == {JobStage.COMPLETED}
    assert at.launched() == died + 1  # one each, and that of the one that lived


def test_a_collection_that_was_killed_anywhere_is_done_again_with_the_same_result(at: HubWorkshop) -> None:
    ref = at.jobs().launch(at.order(TRAINS))
    at.until(lambda: at.jobs().status(ref).stage.final)
    wanted = at.jobs(root="elsewhere").collect(ref)
    died = run_mortals(at, "collect", ref)
    assert died > 8
    for number in range(1, died + 1):
        got = at.jobs(root=f"mortal-{number}").collect(ref)
        assert dataclasses.replace(got, output_dir="") == dataclasses.replace(wanted, output_dir="")
        assert listing(got) == listing(wanted)


def test_thirty_launchers_of_one_plan_start_one_job(at: HubWorkshop) -> None:
    order = at.order(TRAINS)

    def launch(number: int) -> JobRef | None:
        try:
            return at.jobs(root=f"machine-{number}", patience_seconds=40, look_seconds=1).launch(order)
        except OutsideError:
            return None

    with ThreadPoolExecutor(30) as pool:
        refs = set(pool.map(launch, range(30)))
    assert len(refs - {None}) == 1
    assert at.launched() == 1


def test_of_two_starts_of_one_job_the_second_does_nothing(at: HubWorkshop) -> None:
    order = at.order(TRAINS)
    ref = at.jobs().launch(order)
    [body] = [one.body for one in at.hub.requests if one.method == "POST" and one.path == f"/api/jobs/{PAYS}"]
    twin = httpx.post(f"{at.hub.url}/api/jobs/{PAYS}", content=body, headers=at.account.headers).json()["id"]
    at.end_of(ref)
    statuses = [JobRef(backend="hf", id=one, launch_key=order.launch_key) for one in (ref.id, twin)]
    at.until(lambda: all(at.jobs().status(one).stage.final for one in statuses))
    assert {at.jobs().status(one).stage for one in statuses} == {JobStage.COMPLETED}  # told of the one that ran
    logs = [printed(at, one.id) for one in statuses]
    assert sorted("trained" in log for log in logs) == [False, True]
    assert sum("another start of this job runs already" in log for log in logs) == 1


def test_what_is_staged_again_on_top_of_a_job_that_runs_is_not_run(at: HubWorkshop) -> None:
    """A launcher that was slow stages and starts when another has long taken over."""
    order = at.order(TRAINS)
    jobs = at.jobs()
    jobs.launch(order)
    at.until(lambda: is_locked(jobs, order))
    slow = staging_of(jobs, order).stage(order.archive)
    [asked] = [one.body for one in at.hub.requests if one.method == "POST" and one.path == f"/api/jobs/{PAYS}"]
    body = json.loads(asked)
    body["environment"][STAGED] = str(slow)
    late = httpx.post(f"{at.hub.url}/api/jobs/{PAYS}", json=body, headers=at.account.headers).json()["id"]
    assert at.end_of(JobRef(backend="hf", id=late, launch_key=order.launch_key)).stage is JobStage.COMPLETED
    at.until(lambda: "another start of this job runs already" in printed(at, late))
    assert "trained" not in printed(at, late)


def printed(at: HubWorkshop, job: str) -> str:
    """Return what exactly this job printed, whatever its twin did."""
    folder = at.hub.world.part(Jobs).folders.find(PAYS, job)
    assert folder is not None
    return folder.logs.read_text()


@pytest.mark.parametrize("who", ["somebody else", "we, with another script"])
def test_a_strange_job_with_our_label_is_not_adopted_and_said_loudly(at: HubWorkshop, who: str) -> None:
    order = at.order(TRAINS)
    at.hub.accounts.add_user("mallory", orgs={PAYS: "write"})
    token = at.hub.accounts.add_token("mallory") if who == "somebody else" else at.account.token
    spec = {
        "command": ["sleep", "60"],
        "arguments": [],
        "environment": {},
        "flavor": "cpu-basic",
        "dockerImage": "python:3.12",
        "labels": {KEY: order.launch_key},
    }
    httpx.post(f"{at.hub.url}/api/jobs/{PAYS}", json=spec, headers={"Authorization": f"Bearer {token}"})
    with pytest.raises(OutsideError, match="needs-human"):
        at.jobs().launch(order)
    assert at.launched() == 1


# --- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "Make a new one at"),
        (402, "Add credit at"),
        (403, "must be allowed to use Jobs"),
    ],
)
def test_a_refusal_says_what_a_person_can_do(at: HubWorkshop, status: int, words: str) -> None:
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Refuse(status=status))
    with pytest.raises(JobError, match=words):
        at.jobs().launch(at.order(TRAINS))


def test_a_refused_launch_can_be_made_again_once_it_is_allowed(at: HubWorkshop) -> None:
    order = at.order(TRAINS)
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Refuse(status=402))
    with pytest.raises(JobError):
        at.jobs().launch(order)
    assert at.end_of(at.jobs(patience_seconds=0).launch(order)).stage is JobStage.COMPLETED


def test_without_a_token_for_jobs_nothing_begins(at: HubWorkshop) -> None:
    with pytest.raises(Misconfigured, match="HF_JOB_TOKEN.*lab-staging"):
        at.jobs(job_token="")
    with pytest.raises(Misconfigured, match="very token"):
        at.jobs(job_token=at.account.token)


def test_another_archive_than_the_approved_one_is_not_run(at: HubWorkshop) -> None:
    order = dataclasses.replace(at.order(TRAINS), tree="1" * 40)
    ref = at.jobs().launch(order)
    status = at.end_of(ref)
    assert status.stage is JobStage.FAILED
    assert "not what was approved" in status.message
    assert "trained" not in at.jobs().logs(ref)


# --- ends ------------------------------------------------------------------------------------------------------------


def test_memory_that_ran_out_is_told_from_another_failure(at: HubWorkshop) -> None:
    jobs = at.jobs()
    greedy = jobs.launch(at.order("raise MemoryError('too much')\n", key="intern-a-1"))
    wrong = jobs.launch(at.order("raise ValueError('no such column')\n", key="intern-b-1"))
    assert at.end_of(greedy).stage is JobStage.OUT_OF_MEMORY
    status = at.end_of(wrong)
    assert (status.stage, status.exit_code) == (JobStage.FAILED, 1)
    assert "no such column" in jobs.logs(wrong)


SAVES = """
import pathlib, signal, sys, time
out = pathlib.Path(next(word.split("=", 1)[1] for word in sys.argv if word.startswith("--output-dir=")))
place = out / "checkpoint" / "course.json"
if place.exists():
    print("went on from", place.read_text())
    raise SystemExit
def save(*_):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("step 7")
    raise SystemExit(3)
signal.signal(signal.SIGTERM, save)
print("waiting", flush=True)
time.sleep(300)
"""


def test_a_job_that_runs_over_its_time_is_stopped_and_costs_no_more_than_its_limit(at: HubWorkshop) -> None:
    """One saves when it is asked to; the other does not listen, and the Hub ends it."""
    deaf = "import signal, time\nsignal.signal(signal.SIGTERM, lambda *_: None)\nwhile True: time.sleep(1)\n"
    jobs = at.jobs(minute_seconds=14)
    saves = jobs.launch(at.order(SAVES, key="intern-a-1", minutes=1))
    listens_not = jobs.launch(at.order(deaf, key="intern-b-1", minutes=1))
    first, second = at.end_of(saves), at.end_of(listens_not)
    assert (first.stage, first.checkpoint) == (JobStage.TIMED_OUT, True)
    assert (second.stage, second.checkpoint) == (JobStage.TIMED_OUT, False)
    assert 3 <= first.seconds <= 14
    assert 13 <= second.seconds <= 16


def test_a_job_whose_machine_is_taken_away_leaves_a_checkpoint_that_the_next_attempt_goes_on_from(
    at: HubWorkshop,
) -> None:
    order = at.order(SAVES)
    ref = at.jobs().launch(order)
    at.until(lambda: "waiting" in at.jobs().logs(ref))
    runs = at.hub.world.part(Jobs)
    folder = runs.folders.find(PAYS, ref.id)
    assert folder is not None
    runs.preempt(folder)
    status = at.end_of(ref)
    assert (status.stage, status.checkpoint) == (JobStage.PREEMPTED, True)
    again = at.jobs().launch(dataclasses.replace(order, launch_key=order.launch_key[:-1] + "2", resume=ref))
    assert at.end_of(again).stage is JobStage.COMPLETED
    assert at.jobs().logs(again) == "went on from step 7\n"


def test_a_cancelled_job_ends_and_cancelling_it_again_does_no_harm(at: HubWorkshop) -> None:
    jobs = at.jobs()
    ref = jobs.launch(at.order(SAVES))
    at.until(lambda: jobs.status(ref).stage is JobStage.RUNNING)
    jobs.cancel(ref)
    jobs.cancel(ref)
    assert at.end_of(ref).stage is JobStage.CANCELLED


# --- afterwards ------------------------------------------------------------------------------------------------------


def test_what_was_collected_is_forgotten_on_the_hub_and_told_from_home(at: HubWorkshop) -> None:
    jobs = at.jobs()
    ref = jobs.launch(at.order(TRAINS))
    assert not jobs.forget(ref)
    status, log = at.end_of(ref), jobs.logs(ref)
    whole = listing(status)
    assert jobs.leftovers() == (ref.launch_key,)
    assert jobs.forget(ref)
    assert jobs.leftovers() == ()
    assert jobs.forget(ref)
    again = at.jobs()
    assert (again.status(ref).stage, again.logs(ref)) == (JobStage.COMPLETED, log)
    assert listing(again.collect(ref)) == whole


def test_what_another_machine_collected_is_not_forgotten_here(at: HubWorkshop) -> None:
    ref = at.jobs().launch(at.order(TRAINS))
    at.end_of(ref)
    assert not at.jobs(root="elsewhere").forget(ref)
    assert at.jobs().leftovers() == (ref.launch_key,)


def test_results_whose_files_are_gone_from_home_stay_on_the_hub(at: HubWorkshop) -> None:
    ref = at.jobs().launch(at.order(TRAINS))
    shutil.rmtree(at.end_of(ref).output_dir)
    assert not at.jobs().forget(ref)


def test_a_launch_that_was_refused_leaves_nothing_once_it_is_forgotten(at: HubWorkshop) -> None:
    order = at.order(TRAINS)
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Refuse(status=402))
    with pytest.raises(JobError):
        at.jobs().launch(order)
    assert at.jobs().leftovers() == (order.launch_key,)
    assert at.jobs().forget(JobRef(backend="hf", id="", launch_key=order.launch_key))
    assert at.jobs().leftovers() == ()


def test_a_price_list_is_used_for_as_long_as_it_may_be_where_the_hub_is_away(at: HubWorkshop) -> None:
    at.jobs().flavors()
    at.hub.fault("GET", "/api/jobs/hardware", Refuse(status=503), times=None)
    supplies = at.jobs()._with
    kept, table = (
        HfJobs(dataclasses.replace(supplies, kept_for=age)).flavors()["cpu-basic"]
        for age in (timedelta(hours=1), timedelta(0))
    )
    assert (kept.live_at is not None, table.live_at) == (True, None)


# --- logs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("looks_finished", [False, True])
def test_a_log_that_is_cut_twenty_times_has_each_line_once(at: HubWorkshop, looks_finished: bool) -> None:
    script = "import time\nfor n in range(200):\n    print('line', n, flush=True)\n    time.sleep(0.01)\n"
    ref = at.jobs().launch(at.order(script))
    cuts = at.hub.world.part(Jobs).settings.log_cuts
    cuts.append(LogCut(after_lines=3, times=20, further=7, looks_finished=looks_finished))
    assert list(at.jobs().follow(ref)) == [f"line {n}" for n in range(200)]
    at.end_of(ref)
    assert at.jobs().logs(ref).splitlines() == [f"line {n}" for n in range(200)]


def staging_of(jobs: HfJobs, order: JobOrder) -> Staging:
    return jobs._staging(order.launch_key)


def is_locked(jobs: HfJobs, order: JobOrder) -> bool:
    standing = staging_of(jobs, order).standing()
    return standing is not None and standing.locked


def listing(status: JobStatus) -> dict[str, bytes]:
    folder = Path(status.output_dir)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
