"""Which backend runs jobs, and what it needs before anything begins."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.git.shared_word import SharedWord
from intern_action.settings.clock import SystemClock
from intern_action.settings.load import load
from intern_action.settings.world import make, world_at
from intern_action.wiring.parts import backend_named, flavors_for, hub_account, usual_flavor
from intern_action.wiring.premises import Premises
from tests.fakes.git_world import NOON, make_world


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
    given.world.remote.symlink_to(make_world(tmp_path / "made").bare.path)
    account = hub_account(given)
    with pytest.raises(Misconfigured, match=words) as told:
        account.check()
    assert "lab-staging" in str(told.value)


def test_a_job_that_names_no_hardware_gets_some_that_its_backend_has(tmp_path: Path) -> None:
    here, there = premises(tmp_path).settings, premises(tmp_path, INTERN_ACTION_JOBS_BACKEND="hf").settings
    assert usual_flavor(here) in flavors_for(here)
    assert usual_flavor(there) in flavors_for(there)
    assert not set(flavors_for(here)) & set(flavors_for(there))


def test_a_world_keeps_the_name_that_its_jobs_carry_and_another_has_another(tmp_path: Path) -> None:
    first, another = (premises(tmp_path / name) for name in ("first", "another"))
    for one in (first, another):
        shutil.copytree(make_world(one.world.out / "made").bare.path, one.world.remote)
    assert premises(tmp_path / "first").home == first.home
    assert another.home != first.home


def test_two_machines_on_one_ledger_give_its_jobs_one_name(tmp_path: Path) -> None:
    first, second = (premises(tmp_path / name) for name in ("first", "second"))
    remote = make_world(tmp_path / "made").bare.path
    for one in (first, second):
        one.world.remote.symlink_to(remote)
    with ThreadPoolExecutor() as pool:
        names = set(pool.map(lambda one: one.home, (first, second)))
    assert len(names) == 1


def test_a_word_that_stands_is_not_said_again(tmp_path: Path) -> None:
    world = make_world(tmp_path / "world")
    word = SharedWord.at(str(tmp_path / "git"), world.bare.path, "refs/intern/word")
    assert word.settle("first", at=NOON) == word.settle("second", at=NOON) == "first"
