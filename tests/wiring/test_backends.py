"""Which backend runs jobs, and what it needs before anything begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.settings.clock import SystemClock
from intern_action.settings.load import load
from intern_action.settings.world import make, world_at
from intern_action.wiring.parts import backend_named, flavors_for, hub_account, usual_flavor
from intern_action.wiring.premises import Premises


def premises(folder: Path, **environment: str) -> Premises:
    given = {"HOME": str(folder), "INTERN_ACTION_WORK": str(folder / "work"), **environment}
    world = world_at(str(folder / "out"), given)
    make(world)
    return Premises(load({}, given, folder, folder).settings, world, given, SystemClock())


def test_each_backend_is_found_by_its_name_and_another_name_is_refused_with_those_there_are() -> None:
    assert [backend_named(name).name for name in ("local", "hf")] == ["local", "hf"]
    with pytest.raises(Misconfigured, match="there is hf, local"):
        backend_named("mars")


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ({}, "HF_WRITE_TOKEN"),
        ({"HF_WRITE_TOKEN": "hf_ours"}, "HF_JOB_TOKEN"),
        ({"HF_WRITE_TOKEN": "hf_ours", "HF_JOB_TOKEN": "hf_ours"}, "very token"),
    ],
)
def test_jobs_on_the_hub_say_which_token_is_missing(tmp_path: Path, tokens: dict[str, str], words: str) -> None:
    given = premises(tmp_path, INTERN_ACTION_JOBS_BACKEND="hf", INTERN_ACTION_JOBS_HF_STAGING="lab-staging", **tokens)
    account = hub_account(given)
    with pytest.raises(Misconfigured, match=words) as told:
        account.check()
    assert "lab-staging" in str(told.value)


def test_a_job_that_names_no_hardware_gets_some_that_its_backend_has(tmp_path: Path) -> None:
    here, there = premises(tmp_path).settings, premises(tmp_path, INTERN_ACTION_JOBS_BACKEND="hf").settings
    assert usual_flavor(here) in flavors_for(here)
    assert usual_flavor(there) in flavors_for(there)
    assert not set(flavors_for(here)) & set(flavors_for(there))


def test_a_world_keeps_the_name_that_its_jobs_carry(tmp_path: Path) -> None:
    assert premises(tmp_path).home == premises(tmp_path).home
    assert premises(tmp_path / "another").home != premises(tmp_path).home
