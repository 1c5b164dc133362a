"""A secret that somebody wrote into a task, a comment or a review stands neither in the ledger nor in the journal."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from intern_action.core.events import Began, Noted, Refused, Told
from intern_action.core.types import Verdict
from intern_action.session.admit import tell
from intern_action.trace.redact import MASK, SecretRedactor
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse, done, proposal

SECRET = f"hf_{'aB3dE5gH7j' * 3}kLmN"


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        house.office = replace(house.office, redactor=SecretRedactor({}))
        yield house


def written(house: StoryHouse) -> str:
    """All that was written, in ledger and journal."""
    return house.branch.text().decode() + str([entry.event for entry in house.present.journal.entries()])


def test_of_a_task_and_of_what_stood_in_the_thread(house: StoryHouse) -> None:
    house.script(*proposal(), done())
    house.forge.open_issue(title=f"use {SECRET}", body=f"or {SECRET}", by="eve")
    house.ask(f"fine-tune x on y with {SECRET}")
    kinds = {type(entry.event): entry.event for entry in house.present.journal.entries()}
    began = kinds[Began]
    assert isinstance(began, Began)
    assert began.task == f"fine-tune x on y with {MASK}"
    assert SECRET.lower()[:20] not in began.branch
    assert Noted not in kinds or SECRET not in str(kinds[Noted])
    assert SECRET not in written(house)


def test_of_what_is_said_later_and_of_a_review(house: StoryHouse) -> None:
    house.script(*proposal(), done(), done()).ask()
    tell(house.present, by="ada", words=f"the key is {SECRET}")
    house.forge.review(house.pull_request, by="grace", verdict=Verdict.CHANGES_REQUESTED, body=f"not {SECRET}")
    house.go_on()
    said = [entry.event for entry in house.present.journal.entries() if isinstance(entry.event, Told | Refused)]
    assert [one.words for one in said] == [f"the key is {MASK}", f"not {MASK}"]
    assert SECRET not in written(house)
