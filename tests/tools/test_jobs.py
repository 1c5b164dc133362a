"""Asking for a job, following it, ending it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from intern_action.core.effects import CancelsJob, Disposition, Pushes, Spends, WritesHub, natural_disposition
from intern_action.core.errors import Bug, ToolFailed
from intern_action.core.ports import Desk
from intern_action.core.types import JobRef, JobSpec, JobStage
from tests.fakes.desk import BAIT, Past, TableJobs
from tests.tools.conftest import TOOLS, Use

ASKED: Mapping[str, object] = {"script": "training/train.py", "flavor": "t4-small", "timeout": "1h30m"}


def effect_of(tool: str, **arguments: object):
    (effect,) = TOOLS[tool].effects(arguments)
    return effect


def start(past: Past, jobs: TableJobs, number: int = 1, stage: JobStage = JobStage.RUNNING) -> JobRef:
    """Let control have launched a job."""
    job = JobRef(backend="local", id=f"job-{number}", launch_key=f"intern-abc-{number}")
    past.add("hf_create_job", {"job": {"backend": job.backend, "id": job.id, "launch_key": job.launch_key}})
    jobs.stages[job.id] = stage
    return job


# --- asking ----------------------------------------------------------------------------------------------------------


def test_a_job_is_money_and_so_is_held():
    effect = effect_of(
        "hf_create_job",
        **ASKED,
        parameters={"batch-size": 16, "smoke": False},
        variations=[{"batch-size": 8, "accumulation": 2}],
        dependencies=["peft==0.21.2", "trl[vllm]==1.16.0"],
        attempts=2,
        model="org/m",
        model_revision="abc",
    )
    assert effect == Spends(
        job=JobSpec(
            script="training/train.py",
            flavor="t4-small",
            timeout_minutes=90,
            parameters={"batch-size": "16"},
            variations=({"batch-size": "8", "accumulation": "2"},),
            dependencies=("peft==0.21.2", "trl[vllm]==1.16.0"),
            attempts=2,
            model="org/m",
            model_revision="abc",
        )
    )
    assert natural_disposition(effect) is Disposition.HELD


def test_a_held_call_is_never_run_here(desk: Desk):
    with pytest.raises(Bug):
        TOOLS["hf_create_job"].run(ASKED, desk)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"timeout": "a while"}, "1h30m"),
        ({"script": "../train.py"}, "`script`"),
        ({"script": "train.sh"}, "`script`"),
        ({"attempts": 0}, "`attempts`"),
        ({"attempts": 11}, "`attempts`"),
        ({"dependencies": ["torch"]}, "not pinned"),
        ({"dependencies": ["torch>=2"]}, "not pinned"),
        ({"dependencies": ["torch==2.*"]}, "not pinned"),
        ({"dependencies": ["torch==2 ; python_version>'3'"]}, "not pinned"),
        ({"dependencies": ["git+https://example.org/x"]}, "not pinned"),
        ({"dependencies": ["--index-url=https://example.org"]}, "not pinned"),
        ({"parameters": {"a b": "1"}}, "name of a flag"),
        ({"variations": [{"--x": "1"}]}, "name of a flag"),
        ({"variations": [{}] * 21}, "`variations`"),
        ({"parameters": {"a": "1\0"}}, "zero byte"),
    ],
)
def test_a_job_that_cannot_be_pinned_or_priced_is_refused(wrong: Mapping[str, object], words: str):
    with pytest.raises(ToolFailed, match=words):
        TOOLS["hf_create_job"].effects({**ASKED, **wrong})


# --- following -------------------------------------------------------------------------------------------------------


def test_the_status_is_the_newest_jobs_unless_another_is_named(use: Use, past: Past, jobs: TableJobs):
    start(past, jobs, 1, JobStage.OUT_OF_MEMORY)
    start(past, jobs, 2)
    assert use("hf_job_status").text.startswith("local:job-2:intern-abc-2: running")
    first = use("hf_job_status", job="intern-abc-1").data
    assert (first["stage"], first["final"]) == ("out_of_memory", True)


def test_jobs_of_other_sessions_are_nobodys_business(use: Use, past: Past, jobs: TableJobs):
    with pytest.raises(ToolFailed, match="not started a job yet"):
        use("hf_job_status")
    start(past, jobs)
    jobs.stages["theirs"] = JobStage.RUNNING
    for tool in ("hf_job_status", "hf_job_logs"):
        with pytest.raises(ToolFailed, match="no job 'theirs'; it has local:job-1:intern-abc-1"):
            use(tool, job="theirs")
    with pytest.raises(ToolFailed, match="no job"):
        use("hf_job_cancel", job="local:theirs:key")


def test_a_job_that_was_refused_is_no_job(use: Use, past: Past):
    past.add("hf_create_job", {"state": "refused"}, failed=True)
    with pytest.raises(ToolFailed, match="not started a job yet"):
        use("hf_job_status")


def test_a_backend_that_fails_fails_the_call_and_not_the_loop(use: Use, past: Past, jobs: TableJobs):
    start(past, jobs)
    jobs.stages.clear()
    with pytest.raises(ToolFailed, match="cannot be asked for"):
        use("hf_job_status")


def test_a_short_log_is_shown_as_it_is(use: Use, past: Past, jobs: TableJobs):
    job = start(past, jobs)
    assert use("hf_job_logs").text == "(nothing printed yet)"
    jobs.printed[job.id] = f"one\ntoken {BAIT}\n"
    assert use("hf_job_logs").text == "one\ntoken «secret»\n"


def test_of_a_long_log_head_tail_and_the_first_trouble_are_shown(use: Use, past: Past, jobs: TableJobs):
    job = start(past, jobs)
    lines = [f"step {number}" for number in range(3000)]
    lines[1500:1500] = ["Traceback (most recent call last):", '  File "train.py", line 1', "RuntimeError: bad luck"]
    jobs.printed[job.id] = "\n".join([*lines, BAIT])
    result = use("hf_job_logs")
    for shown in ("step 0\n", "step 1499\n", "RuntimeError: bad luck", "step 2999"):
        assert shown in result.text
    assert "step 700\n" not in result.text
    assert len(result.text) <= 12_000
    whole = Path(str(result.data["whole"])).read_text()
    assert whole.splitlines()[700] == "step 700"
    assert BAIT not in whole + result.text


def test_long_lines_do_not_push_the_tail_out(use: Use, past: Past, jobs: TableJobs):
    job = start(past, jobs)
    jobs.printed[job.id] = "\n".join(["x" * 5000] * 500 + ["the last words"])
    result = use("hf_job_logs")
    assert result.text.endswith("the last words")
    assert len(result.text) <= 12_000


# --- ending, uploading, publishing -------------------------------------------------------------------------------------


def test_a_cancel_is_queued_for_control(use: Use, past: Past, jobs: TableJobs):
    job = start(past, jobs)
    effect = effect_of("hf_job_cancel", job="local:job-1:intern-abc-1")
    assert effect == CancelsJob(job=job)
    assert natural_disposition(effect) is Disposition.QUEUED
    assert use("hf_job_cancel", job="local:job-1:intern-abc-1").text.startswith("Queued")
    with pytest.raises(ToolFailed, match="backend:id:key"):
        effect_of("hf_job_cancel", job="job-1")


def test_an_upload_is_queued_and_an_overwriting_one_held(use: Use, past: Past, jobs: TableJobs, checkout: Path):
    new = effect_of("hf_upload_model", repository="org/spam-or-ham")
    assert new == WritesHub(
        repository="org/spam-or-ham", repository_type="model", folder="job", message="Upload spam-or-ham"
    )
    assert natural_disposition(new) is Disposition.QUEUED
    over = effect_of("hf_upload_model", repository="org/x", source="models/x", overwrite=True, message="m")
    assert natural_disposition(over) is Disposition.HELD
    with pytest.raises(ToolFailed, match="not started a job yet"):
        use("hf_upload_model", repository="org/x")
    start(past, jobs)
    assert use("hf_upload_model", repository="org/x").text.startswith("Queued")
    (checkout / "models" / "x").mkdir(parents=True)
    assert use("hf_upload_model", repository="org/x", source="models/x").text.startswith("Queued")
    with pytest.raises(ToolFailed, match="not a folder"):
        use("hf_upload_model", repository="org/x", source="models/y")


@pytest.mark.parametrize(
    "wrong",
    [
        {"repository": "x"},
        {"repository": "a/b/c"},
        {"repository": "../x"},
        {"source": "/etc"},
        {"source": "a/../../b"},
        {"source": ""},
    ],
)
def test_an_upload_to_or_from_nowhere_is_refused(wrong: Mapping[str, str]):
    with pytest.raises(ToolFailed):
        TOOLS["hf_upload_model"].effects({"repository": "org/x", **wrong})


def test_a_pull_request_is_queued(use: Use):
    effect = effect_of("open_pull_request", title=" Train a filter ", body="why")
    assert effect == Pushes(title="Train a filter", body="why")
    assert natural_disposition(effect) is Disposition.QUEUED
    assert use("open_pull_request", title="Train a filter", body="why").text.startswith("Queued")


@pytest.mark.parametrize("title", ["", "  ", "two\nlines", "x" * 201])
def test_a_title_is_one_line(title: str):
    with pytest.raises(ToolFailed, match="title"):
        effect_of("open_pull_request", title=title, body="")
