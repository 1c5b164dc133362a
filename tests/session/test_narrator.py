"""What people read while a run waits: where the job is and its last line, and that telling it costs little and breaks nothing."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from intern_action.core.errors import HubError
from intern_action.core.states import State
from intern_action.core.types import JobRef, JobStage, JobStatus, Review, Standing
from intern_action.session.drive import Patience
from intern_action.session.narrator import in_words
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse, done, proposal
from tests.fakes.memory_forge import MemoryForge
from tests.fakes.story_jobs import StoryJobs


@dataclass
class SlowJobs(StoryJobs):
    """Jobs that wait for hardware for 20 seconds, take a minute, print each second, and whose log takes a while to read."""

    log_seconds: float = 0
    broken: bool = False
    looks: list[float] = field(default_factory=list[float])

    def status(self, ref: JobRef) -> JobStatus:
        told = super().status(ref)
        if told.stage.final or told.started_at is None:
            return told
        if self._age(ref) >= timedelta(seconds=80):
            self.end(ref, minutes=1)
            return super().status(ref)
        waits = self._age(ref) < timedelta(seconds=20)
        return replace(told, stage=JobStage.SCHEDULING, message="waits for hardware") if waits else told

    def logs(self, ref: JobRef) -> str:
        self.looks.append(self._age(ref).total_seconds())
        self.clock.wait(self.log_seconds)
        if self.broken:
            raise HubError("the log breaks off")
        return "".join(f"step {second}/60\n" for second in range(int(self._age(ref).total_seconds()) - 19)) + "\n"

    def _age(self, ref: JobRef) -> timedelta:
        began = self.states[ref.launch_key].started_at
        assert began is not None
        return self.clock.now() - began


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        yield house


def waited(house: StoryHouse, jobs: SlowJobs) -> list[str]:
    """Approve, wait on the runner until the job has ended, and return what was shown, each line once."""
    house.jobs = jobs
    house.anew().script(*proposal(), done()).ask()
    house.approve()  # looks once and goes away
    assert (house.state, house.shown) == (State.AWAITING_JOB, [])
    house.go_on(Patience(poll_seconds=1))
    assert house.state is State.DONE
    return list(dict.fromkeys(house.shown))


def jobs_of(house: StoryHouse, **how: object) -> SlowJobs:
    return SlowJobs(clock=house.clock, folder=house.folder / "jobs", **how)  # type: ignore[arg-type]


def test_where_the_job_is_and_its_last_line_are_told_as_they_change(house: StoryHouse) -> None:
    shown = waited(house, jobs_of(house))
    assert shown[0] == "job-1 is scheduling: waits for hardware"
    steps = [line for line in shown if line.startswith("job-1 is running: step ")]
    assert len(steps) > 8
    assert steps[-1] > steps[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            '{"step": 41, "loss": 0.066782, "learning_rate": 7.851239669e-05, "of": 135}',
            "step 41 of 135, loss 0.06678, learning_rate 7.851e-05",
        ),
        ('{"epoch": 1, "note": "warm"}', "epoch 1, note warm"),
        ('{"step": 41, "deep": {"loss": 1}}', '{"step": 41, "deep": {"loss": 1}}'),
        ('{"step": 41', '{"step": 41'),
        ("{}", "{}"),
        ("step 3: loss 0.2", "step 3: loss 0.2"),
    ],
)
def test_a_trainers_numbers_are_told_in_words(line: str, words: str) -> None:
    assert in_words(line) == words


def test_a_look_at_the_log_is_a_small_part_of_the_wait_however_long_it_takes(house: StoryHouse) -> None:
    quick, slow = jobs_of(house), jobs_of(house, log_seconds=3)
    waited(house, quick)
    assert min(later - earlier for earlier, later in zip(quick.looks, quick.looks[1:-1], strict=False)) >= 5
    house.shown.clear()
    waited(house, slow)
    assert len(slow.looks) - 1 <= 2  # the last one is the result's


def test_a_log_that_cannot_be_read_keeps_nothing_from_going_on(house: StoryHouse) -> None:
    jobs = jobs_of(house)
    jobs.broken = True
    house.jobs = jobs
    house.anew().script(*proposal(), done()).ask().approve()
    house.go_on(Patience(poll_seconds=1, longest_seconds=40))
    assert house.shown[-1] == "job-1 is running"


class CountingForge(MemoryForge):
    """Remembers when it was asked for reviews, and closes what it has after a while."""

    def __init__(self, house: StoryHouse, *, closes_after: float = 1e9) -> None:
        super().__init__(house.world.bare, house.clock)
        self.people = house.forge.people
        self.closes_after = closes_after
        self.looks: list[float] = []

    def reviews(self, number: int) -> tuple[Review, ...]:
        self.looks.append(self.clock.monotonic())
        return super().reviews(number)

    def standing(self, number: int) -> Standing:
        if self.looks and self.clock.monotonic() >= self.closes_after:
            self.close_pull_request(number)
        return super().standing(number)


def test_what_people_say_is_looked_for_now_and_then_and_not_at_each_look_at_the_job(house: StoryHouse) -> None:
    house.forge = forge = CountingForge(house)
    began = house.clock.monotonic()
    waited(house, jobs_of(house))
    looks = sorted({at for at in forge.looks if at > began + 10})
    assert 5 <= len(looks) <= 12
    assert min(later - earlier for earlier, later in pairwise(looks[:-1])) >= 10


def test_and_it_is_noticed_soon_enough(house: StoryHouse) -> None:
    house.forge = CountingForge(house, closes_after=house.clock.monotonic() + 40)
    house.jobs = jobs_of(house)
    house.anew().script(*proposal(), done()).ask().approve()
    house.go_on(Patience(poll_seconds=1))
    assert house.state is State.STOPPED
    assert house.clock.monotonic() < 60
    assert house.jobs.alive() == ()
