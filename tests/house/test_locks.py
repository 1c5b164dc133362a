"""The locks name everything that is installed, with hashes; the base stays light."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from tests.house.source import ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One entry of a lock: a requirement and the hashes of the files that may answer it."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> NormalizedName:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        return str(self.requirement.specifier).removeprefix("==")

    @property
    def is_for_this_machine(self) -> bool:
        return self.requirement.marker is None or self.requirement.marker.evaluate()


def lock(name: str) -> list[Locked]:
    entries = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [entry(line) for line in entries]


def entry(line: str) -> Locked:
    requirement, *hashes = line.split(" --hash=")
    return Locked(requirement=Requirement(requirement.strip()), hashes=tuple(one.strip() for one in hashes))


def declared(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines: list[str] = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for extra in extras:
        lines += project["project"]["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def names(entries: Iterable[Locked]) -> set[NormalizedName]:
    return {one.name for one in entries}


@pytest.mark.parametrize("name", ["base.lock", "train.lock", "full.lock"])
def test_every_entry_is_one_version_with_hashes(name: str) -> None:
    for one in lock(name):
        assert re.fullmatch(r"==[\w.+]+", str(one.requirement.specifier)), one
        assert one.requirement.url is None, one
        assert one.hashes, one
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in one.hashes), one


@pytest.mark.parametrize(
    ("name", "extras"), [("base.lock", ()), ("train.lock", ("train",)), ("full.lock", ("train", "demo", "dev"))]
)
def test_a_lock_answers_every_declared_dependency(name: str, extras: tuple[str, ...]) -> None:
    versions = {one.name: one.version for one in lock(name) if one.is_for_this_machine}
    for requirement in declared(*extras):
        version = versions.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not in {name}: make lock"
        assert requirement.specifier.contains(version), f"{requirement}, but {name} has {version}: make lock"


def test_the_base_is_a_part_of_what_trains_and_that_of_the_whole() -> None:
    whole = {(one.name, one.version) for one in lock("full.lock")}
    training = {(one.name, one.version) for one in lock("train.lock")}
    assert {(one.name, one.version) for one in lock("base.lock")} <= training <= whole


def test_the_base_holds_nothing_that_trains() -> None:
    trains = {"torch", "transformers", "peft", "accelerate", "bitsandbytes", "scipy"}
    assert names(lock("base.lock")).isdisjoint({*trains, "datasets", "pandas", "pyarrow", "numpy"})


@pytest.mark.parametrize("name", ["base.lock", "train.lock", "full.lock"])
def test_no_lock_names_a_cuda_package(name: str) -> None:
    assert [one for one in names(lock(name)) if re.match(r"nvidia-(?!ml)|triton|cuda-|cupy", one)] == []


@pytest.mark.parametrize("name", ["train.lock", "full.lock"])
def test_torch_is_its_cpu_build_where_another_would_want_cuda(name: str) -> None:
    [linux] = [one for one in lock(name) if one.name == "torch" and one.version.endswith("+cpu")]
    assert str(linux.requirement.marker) == 'sys_platform == "linux" and platform_machine == "x86_64"'
    assert len(linux.hashes) == 1


def test_what_is_installed_is_what_the_lock_says() -> None:
    installed = {canonicalize_name(one.metadata["Name"]): one.version for one in distributions()}
    wanted = {one.name: one.version for one in lock("full.lock") if one.is_for_this_machine}
    assert {name: installed.get(name) for name in wanted} == wanted
    assert set(installed) - set(wanted) <= {"intern-action", "pip", "setuptools"}
