"""Runs of the action that are killed at a call, before it is heard or after it was done: the story ends the same, nothing twice.

There are some 80 such calls, so 160 deaths, and each story takes half a minute. Here die a run of the comment and one of the
review in each of a few stories, at calls that change something, spread over the walk and never the same; every call, reading
ones too, is `python -m tests.fakes.killed_walk FOLDER`, by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.killed_walk import WHEN, Point, Told, Walk, flaws, walk, writing

STORIES = 5


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with walk(tmp_path_factory.mktemp("walk")) as made:
        yield made


@pytest.fixture(scope="module")
def whole(walked: Walk) -> Told:
    """How it ends where nobody dies."""
    return walked.story()


def spread(calls: list[str], number: int) -> Point:
    """Return where the run of one of the stories dies; before a call and after one in turn."""
    changing = writing(calls)
    place = (2 * number + 1) * len(changing) // (2 * STORIES)
    return Point(call=changing[place], when=WHEN[number % 2])


@pytest.mark.timeout(900)
def test_the_story_is_the_one_that_is_meant(walked: Walk, whole: Told) -> None:
    assert (whole.state, whole.launched, whole.pulls, whole.comments, whole.sessions) == ("done", 1, 1, 1, 1)
    assert whole.checks == (("intern-action", "success"),)
    assert not whole.left
    launches = [call for call in walked.calls["review"] if call == "POST /api/jobs/lab"]
    assert len(launches) == 1
    assert len(writing(walked.calls["comment"])) > STORIES


@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", range(STORIES))
def test_killed_at_a_call_that_changes_something_it_ends_the_same(walked: Walk, whole: Told, number: int) -> None:
    comment, review = (spread(walked.calls[name], number) for name in ("comment", "review"))
    assert flaws(walked, whole, comment, review) == []


@pytest.mark.timeout(900)
@pytest.mark.parametrize("when", WHEN)
def test_killed_at_the_launch_one_job_is_launched(walked: Walk, whole: Told, when: str) -> None:
    launch = walked.calls["review"].index("POST /api/jobs/lab")
    assert flaws(walked, whole, None, Point(call=launch, when="before" if when == "before" else "after")) == []
