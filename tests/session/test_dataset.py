"""A data set on its way to the Hub, as stories: queued to a new repository, before people over another, written once."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from intern_action.core.provenance import DataOrigin
from intern_action.core.states import State
from intern_action.core.types import Reply
from intern_action.hub.data_card import dress_data
from intern_action.hub.local import LocalHub, LocalHubWriter
from tests.fakes.git_world import make_world
from tests.fakes.house import KilledHere, StoryHouse, done
from tests.fakes.thinking import calls

REPOSITORY = "ada/mails"
TAKEN = "ada/taken"
ROWS = "text,label\nwin money,spam\nhello ada,ham\n"


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        house.hub.taken = {TAKEN}
        yield house


def written(rows: str = ROWS, path: str = "data/train.csv", call_id: str = "w") -> Reply:
    return calls((call_id, "write_file", {"path": path, "content": rows}))


def upload(repository: str = REPOSITORY, source: str = "data", *, over: bool = False) -> Reply:
    return calls(("u", "hf_upload_dataset", {"repository": repository, "source": source, "overwrite": over}))


def not_done(house: StoryHouse) -> str:
    """Why the last thing that was queued was not done."""
    return house.present.memory.published[-1].data["why"]


def test_a_folder_becomes_a_data_set_with_a_card_that_says_where_it_comes_from(house: StoryHouse) -> None:
    house.script(written(), upload(), done()).ask()
    assert house.state is State.DONE
    ((repository, folder),) = house.hub.uploads
    assert repository == REPOSITORY
    card = (Path(folder) / "README.md").read_text()
    assert (Path(folder) / "train.csv").read_text() == ROWS
    assert "pretty_name: mails" in card
    assert f"session: {house.present.began.session}" in card
    assert "folder: data" in card
    (done_,) = [one for one in house.present.memory.published if one.what == "hub-dataset"]
    assert done_.data["repository"] == REPOSITORY


def test_what_stands_there_is_not_written_over_unasked(house: StoryHouse) -> None:
    house.script(written(), upload(TAKEN), done()).ask()
    assert house.hub.uploads == []
    assert "ask to overwrite it" in not_done(house)


def test_over_another_one_people_agree_to_exactly_these_files_over_exactly_that_revision(house: StoryHouse) -> None:
    house.script(written(), upload(TAKEN, over=True), done()).ask()
    assert house.state is State.AWAITING_REVIEW
    plan = house.ledger.plan(house.digest)
    assert plan is not None
    assert (plan.parent, bool(plan.content), plan.cap_usd) == ("f" * 40, True, 0)
    house.approve()
    assert house.state is State.DONE
    assert [name for name, _ in house.hub.uploads] == [TAKEN]


def test_an_approval_over_a_revision_that_moved_does_not_count(house: StoryHouse) -> None:
    house.script(written(), upload(TAKEN, over=True), done()).ask()
    house.hub.stands[TAKEN] = "a" * 40
    house.approve()
    assert house.state is State.AWAITING_REVIEW
    assert house.hub.uploads == []


def test_killed_after_the_upload_and_before_its_record_it_is_adopted(house: StoryHouse) -> None:
    house.hub.lost_answers = 1
    with pytest.raises(KilledHere):
        house.script(written(), upload(), done()).ask()
    house.anew().go_on()
    assert house.state is State.DONE
    assert len(house.hub.uploads) == 1


@pytest.mark.parametrize("source", ["job", "job:intern-1-1", "/etc", "../data", ""])
def test_only_a_folder_of_the_checkout_is_uploaded(house: StoryHouse, source: str) -> None:
    house.script(written(), upload(source=source), done()).ask()
    assert house.hub.uploads == []
    assert "`source`" in house.present.memory.past("hf_upload_dataset")[0].result.text


def test_a_folder_that_is_not_there_is_said_at_once(house: StoryHouse) -> None:
    house.script(upload(source="nowhere"), done()).ask()
    assert "not a folder" in house.present.memory.past("hf_upload_dataset")[0].result.text


def test_what_the_card_says_already_is_kept(house: StoryHouse) -> None:
    card = "---\nlicense: mit\npretty_name: Mails\n---\n# Mails of a year\n"
    house.script(written(), written(card, "data/README.md", "c"), upload(), done()).ask()
    kept = (Path(house.hub.uploads[0][1]) / "README.md").read_text()
    assert "license: mit" in kept
    assert "pretty_name: Mails\n" in kept
    assert kept.endswith("# Mails of a year\n")
    assert "intern_action:" in kept


def test_a_folder_with_nothing_but_a_card_is_no_data_set(house: StoryHouse) -> None:
    house.script(written("# x\n", "data/README.md"), upload(), done()).ask()
    assert "holds no data" in not_done(house)


def test_the_local_hub_keeps_it_where_it_is_read_again(house: StoryHouse, tmp_path: Path) -> None:
    house.writer = LocalHubWriter(str(tmp_path / "hub"))
    house.anew().script(written(), upload(), done()).ask()
    there = LocalHub(str(tmp_path / "hub"), str(tmp_path / "cache")).fetch("dataset", REPOSITORY)
    assert (Path(there.path) / "train.csv").read_text() == ROWS


def test_the_same_folder_is_the_same_data_set_each_time(house: StoryHouse, tmp_path: Path) -> None:
    house.script(written(), upload(), done()).ask()
    once = Path(house.hub.uploads[0][1])
    first = (once / "README.md").read_bytes()

    origin = DataOrigin(session="s", requester="ada", name="mails", tree="t", folder="data")
    again = [
        Path(dress_data(str(once), str(tmp_path / name), origin, lambda _o, _f: "")) / "README.md"
        for name in ("a", "b")
    ]
    assert first
    assert again[0].read_bytes() == again[1].read_bytes()
