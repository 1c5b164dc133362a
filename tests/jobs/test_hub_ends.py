"""What the Hub and the job say of an end, and what it means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from intern_action.core.types import JobRef, JobStage
from intern_action.jobs._ended import status_of
from intern_action.launches.told import Told

REF = JobRef(backend="hf", id="1", launch_key="intern-1-1")
BEGAN = datetime(2026, 11, 25, 12, tzinfo=UTC)


def told(stage: str, message: str = "", **more: object) -> Told:
    usual = {"started_at": BEGAN, "finished_at": BEGAN + timedelta(seconds=90), "running_seconds": 90.0}
    return Told(id="1", stage=stage, message=message, timeout_seconds=600, **{**usual, **more})


@pytest.mark.parametrize(
    ("end", "result", "stage"),
    [
        (told("COMPLETED"), {"exit_code": 0}, JobStage.COMPLETED),
        (told("COMPLETED"), {}, JobStage.FAILED),
        (told("CANCELED"), {"exit_code": 143, "stopped": True}, JobStage.CANCELLED),
        (told("DELETED"), {}, JobStage.FAILED),
        (told("ERROR", "Job failed with exit code: 1"), {"exit_code": 1, "last_lines": ["x"]}, JobStage.FAILED),
        (
            told("ERROR", "exit code: 42"),
            {"exit_code": 42, "last_lines": ['{"error": "out_of_memory"}']},
            JobStage.OUT_OF_MEMORY,
        ),
        (told("ERROR", "x"), {"exit_code": 1, "last_lines": ["MemoryError: too much"]}, JobStage.OUT_OF_MEMORY),
        (told("ERROR", "Job failed with exit code: 137. Reason: OOMKilled"), {}, JobStage.OUT_OF_MEMORY),
        (told("ERROR", "exit code: 124"), {"exit_code": 124, "timed_out": True}, JobStage.TIMED_OUT),
        (told("ERROR", "Job timeout"), {}, JobStage.TIMED_OUT),
        (told("ERROR", "exit code: 143"), {"exit_code": 143, "stopped": True}, JobStage.PREEMPTED),
        (told("ERROR", "Job was preempted: its node was reclaimed"), {}, JobStage.PREEMPTED),
        (told("SCHEDULING", started_at=None), {}, JobStage.SCHEDULING),
        (told("RUNNING"), {}, JobStage.RUNNING),
    ],
)
def test_each_end_has_its_stage(end: Told, result: dict[str, object], stage: JobStage) -> None:
    assert status_of(REF, end, result).stage is stage


def test_what_is_billed_is_what_the_hub_counts() -> None:
    assert status_of(REF, told("COMPLETED", running_seconds=88.0), {"exit_code": 0}).seconds == 88


def test_a_job_that_ran_for_less_than_a_second_was_not_free() -> None:
    assert status_of(REF, told("COMPLETED", running_seconds=0.0), {"exit_code": 0}).seconds == 1
    assert status_of(REF, told("CANCELED", started_at=None, running_seconds=0.0), {}).seconds == 0


def test_an_unknown_end_is_billed_to_the_limit_for_unknown_is_not_free() -> None:
    lost = told("DELETED", finished_at=None, running_seconds=None)
    assert status_of(REF, lost, {}).seconds == 600


def test_a_job_that_never_started_costs_nothing() -> None:
    never = told("CANCELED", started_at=None, running_seconds=None)
    assert status_of(REF, never, {}).seconds == 0


def test_a_result_that_was_made_up_breaks_nothing() -> None:
    odd = {"exit_code": "zero", "last_lines": {"a": 1}, "files": 7}
    assert status_of(REF, told("ERROR", "exit code: 9"), odd).exit_code == 9
