"""What becomes of what is asked: a session, a place in its line, an answer, or nothing; and the second time, nothing more."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from intern_action.core.digests import plan_code
from intern_action.core.events import Told
from intern_action.core.incoming import Asked, Begin, Doorbell, Feedback, Origin, Say, Wishes
from intern_action.core.states import State
from intern_action.core.types import Permission, Words
from intern_action.session.admit import Request
from intern_action.session.receive import Received, receive, receive_feedback, rung
from intern_action.triggers._command import parse_command
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse, done, proposal


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        house.forge.open_issue(title="The filter", body="lets spam through", by="eve")
        yield house


def say(house: StoryHouse, words: str, *, by: str = "ada", key: str = "", thread: int = 1, **more: object) -> Received:
    """Somebody comments on issue 1, or elsewhere."""
    command = parse_command(words)
    assert command is not None
    origin = Origin(by=by, thread=thread, mark="9", key=key or f"{words}:{by}:{thread}")
    return receive(house.office, Asked(command=command, origin=replace(origin, **more)), lambda b, o: ask(house, b, o))


def ask(house: StoryHouse, task: Begin, origin: Origin) -> Request:
    return Request(
        event_key=origin.key,
        task=task.task,
        requester=origin.by,
        thread=origin.thread,
        base_sha=house.world.base,
        model="scripted",
        machine=origin.machine,
    )


def drive(house: StoryHouse, session: str) -> StoryHouse:
    """Whoever got it goes on with the session."""
    house.case = house.office.case(session)
    return house.go_on()


def heard_by_the_model(house: StoryHouse) -> list[str]:
    return [turn.text for turn in house.present.memory.turns if isinstance(turn, Words)]


# --- tasks and follow-ups ------------------------------------------------------------------------------------------------


def test_a_task_begins_a_session_and_people_are_told(house: StoryHouse):
    begun = say(house, "/intern train")
    assert begun.session
    assert not begun.answer  # the session's own comment answers
    assert drive(house.script(done()), begun.session).state is State.DONE


def test_the_same_event_again_goes_on_with_its_session_and_answers_nobody(house: StoryHouse):
    begun, again = say(house, "/intern train"), say(house, "/intern train")
    assert (again.session, again.answer) == (begun.session, "")
    assert len(house.ledger.admissions()) == 1


def test_what_is_said_while_a_session_runs_stands_in_line_says_so_and_is_told_at_its_next_stop(house: StoryHouse):
    session = say(house, "/intern train").session
    queued = say(house, "/intern with batch 16", by="grace")
    assert queued.session == session
    assert queued.answer.startswith(f"Queued: session `{session}` (new) is told at its next stop.")
    drive(house.script(done(), done("with 16")), session)
    assert heard_by_the_model(house) == ["train", "with batch 16"]
    assert house.state is State.DONE


def test_in_line_twice_is_told_once_whoever_drives_it(house: StoryHouse):
    session = say(house, "/intern train").session
    for _ in range(2):
        say(house, "/intern with batch 16", key="k")
    drive(house.script(done(), done()), session)
    assert say(house, "/intern with batch 16", key="k").answer == ""
    house.anew().script(done()).go_on()
    assert heard_by_the_model(house) == ["train", "with batch 16"]


def test_words_of_a_session_that_is_over_are_not_taken_for_a_new_task_when_they_come_again(house: StoryHouse):
    session = say(house, "/intern train").session
    say(house, "/intern more", key="k")
    drive(house.script(done(), done()), session)
    again = say(house, "/intern more", key="k")
    assert (again.session, again.answer) == (session, "")
    assert len(house.ledger.admissions()) == 1


def test_on_an_issue_whose_session_is_over_a_task_begins_another(house: StoryHouse):
    session = say(house, "/intern train").session
    drive(house.script(done()), session)
    assert say(house, "/intern something else").session not in {"", session}


def test_a_button_without_an_issue_begins_its_own_session_each_time(house: StoryHouse):
    first, second = (say(house, "/intern train", thread=0, key=key).session for key in "ab")
    assert first != second


def test_flags_come_too_late_for_a_session_that_has_begun(house: StoryHouse):
    say(house, "/intern train")
    late = say(house, "/intern --max-cost 2 train more")
    assert late.session == ""
    assert "flags count when a session begins" in late.answer
    assert parse_command("/intern --max-cost 2 x") != Begin(task="x", wishes=Wishes())


# --- in the pull request -------------------------------------------------------------------------------------------------


@pytest.fixture
def proposed(house: StoryHouse) -> StoryHouse:
    """A plan lies before its reviewers."""
    drive(house.script(*proposal(), done()), say(house, "/intern train").session)
    assert house.state is State.AWAITING_REVIEW
    return house


def test_what_is_said_in_the_pull_request_is_said_to_its_session(proposed: StoryHouse):
    queued = say(proposed, "/intern use 16", thread=proposed.pull_request, on_pull_request=True)
    assert queued.session == proposed.present.began.session
    assert "(awaiting-review)" in queued.answer


def test_before_there_is_a_plan_the_branch_says_whose_pull_request_it_is(house: StoryHouse):
    session = say(house, "/intern train").session
    pull = house.forge.open_pull_request(title="t", body="b", head="intern/1-train", base="main")
    assert say(house, "/intern more", thread=pull.number, on_pull_request=True).session == session
    house.forge.pulls[pull.number] = replace(house.forge.pulls[pull.number], by="mallory")
    assert "There is no session" in say(house, "/intern stop", thread=pull.number, on_pull_request=True).answer


def test_why_names_what_is_missing(proposed: StoryHouse):
    assert "The plan waits for people" in say(proposed, "/intern why").answer


def test_an_approval_in_a_comment_is_none_and_says_where_one_is_given(proposed: StoryHouse):
    newest = plan_code(proposed.digest)
    answer = say(proposed, "/intern approve intern:00000000", by="grace").answer
    assert f"review** of pull request #{proposed.pull_request}" in answer
    assert newest in answer
    assert "`intern:00000000` is not the code of the newest plan" in answer
    assert "is not the code" not in say(proposed, f"/intern approve {newest}", by="grace").answer
    assert proposed.go_on().state is State.AWAITING_REVIEW


def test_stop_ends_a_session_that_waits_and_retry_takes_it_up(proposed: StoryHouse):
    session = proposed.present.began.session
    assert "Queued: `stop`" in say(proposed, "/intern stop").answer
    assert drive(proposed, session).state is State.STOPPED
    assert "`stop` changes nothing" in say(proposed, "/intern stop", key="k2").answer
    assert say(proposed, "/intern stop").answer == ""
    assert drive(proposed, session).state is State.STOPPED
    say(proposed, "/intern retry", by="grace")
    assert drive(proposed.anew().script(done()), session).state is State.DONE
    assert heard_by_the_model(proposed) == ["train"]
    verbs = [e.event.verb for e in proposed.present.journal.entries() if isinstance(e.event, Told)]
    assert verbs == ["stop", "retry"]


def test_an_old_stop_that_comes_again_does_not_stop_what_was_taken_up_since(proposed: StoryHouse):
    session = proposed.present.began.session
    say(proposed, "/intern stop")
    drive(proposed, session)
    say(proposed, "/intern retry")
    again = say(proposed, "/intern stop")
    assert again.answer == ""
    assert drive(proposed.script(done()), session).state is State.DONE


def test_a_comment_on_a_line_is_told_with_its_place_by_those_who_may_write(proposed: StoryHouse):
    origin = Origin(by="grace", thread=proposed.pull_request, mark="5", key="f", on_pull_request=True)
    said = Feedback(
        words="why not 16?", conversation="5", path="train.py", line=3, commit="abcdef0123456789", origin=origin
    )
    assert receive_feedback(proposed.office, replace(said, origin=replace(origin, by="eve", key="e"))).session == ""
    assert (
        receive_feedback(proposed.office, replace(said, origin=replace(origin, machine="lint", key="m"))).answer == ""
    )
    session = receive_feedback(proposed.office, said).session
    drive(proposed, session)
    assert heard_by_the_model(proposed)[1].startswith(
        "On train.py, line 3 of the pull request, as of commit abcdef012345:\n\nwhy not 16?"
    )
    assert len(heard_by_the_model(proposed)) == 2


# --- who is answered, and who is not ---------------------------------------------------------------------------------------


def test_a_stranger_is_told_why_and_a_machine_is_not_answered_at_all(house: StoryHouse):
    assert "eve may not write" in say(house, "/intern train", by="eve").answer
    machine = say(house, "/intern train", by="x[bot]", machine="x[bot]")
    assert machine.answer == ""
    assert "is a machine" in machine.log
    assert house.ledger.admissions() == ()


def test_what_was_not_understood_is_answered_and_claims_nothing(house: StoryHouse):
    answer = say(house, "/intern --modle x train").answer
    assert answer == "Not done: there is no flag `--modle`; did you mean `--model`?"
    assert house.ledger.admissions() == ()


def test_the_kill_switch_leaves_only_stop(house: StoryHouse):
    session = say(house, "/intern train").session
    house.push({".github/intern.yml": "enabled: false\n"}, branch="main")
    for words in ("/intern more", "/intern status", "/intern help", "/intern retry"):
        refused = say(house, words)
        assert (refused.answer, refused.session) == ("", "")
        assert "enabled: false" in refused.log
    assert say(house, "/intern stop").session == session
    assert say(house, "/intern stop", by="eve").session == ""


def test_help_names_every_flag_and_verb_and_what_labels_mean_here(house: StoryHouse):
    house.push({".github/intern.yml": "labels:\n  intern-big: --flavor a100-large\n"}, branch="main")
    answer = say(house, "/intern").answer
    for word in ("--model", "--max-iterations", "--max-cost", "--flavor", "--timeout", "--sandbox-tools"):
        assert f"`{word}" in answer
    for verb in ("status", "why", "stop", "retry", "budget"):
        assert f"`/intern {verb}`" in answer
    assert "`intern-big` (`--flavor a100-large`)" in answer


def test_status_and_budget_tell_numbers_and_change_nothing(house: StoryHouse):
    assert "There is no session" in say(house, "/intern status").answer
    session = say(house, "/intern train").session
    head = house.ledger.head
    assert say(house, "/intern status").answer == f"Session `{session}` is **new**."
    told = say(house, "/intern budget").answer
    assert "- on jobs: $100\n" in told
    assert "- on the model: as much as is wanted\n" in told
    assert told.endswith("The limits:\n\n- a month, all that is approved: $100")
    assert house.ledger.head == head


def test_limits_of_one_kind_are_told_beside_those_of_all(house: StoryHouse):
    house.push({".github/intern.yml": "budget: {model: {session_usd: 5}, jobs: {month_usd: 7}}\n"}, branch="main")
    told = say(house, "/intern budget").answer
    assert "- on jobs: $7\n- on sandboxes: $100\n- on endpoints: $100\n- on the model: $5\n" in told
    assert told.endswith("- a month, all that is approved: $100\n- a month, jobs: $7\n- a session, the model: $5")


# --- doorbells -----------------------------------------------------------------------------------------------------------


def test_a_bell_leads_to_the_sessions_that_wait_and_only_where_it_says(proposed: StoryHouse):
    session, pull = proposed.present.began.session, proposed.pull_request
    assert rung(proposed.office, Doorbell(why="run")) == (session,)
    assert rung(proposed.office, Doorbell(why="review", pull_requests=(pull,))) == (session,)
    assert rung(proposed.office, Doorbell(why="dispatch", session=session)) == (session,)
    assert rung(proposed.office, Doorbell(why="dispatch", session="0" * 12)) == ()


def test_a_bell_for_what_is_over_leads_nowhere(proposed: StoryHouse):
    pull = proposed.pull_request
    say(proposed, "/intern stop")
    drive(proposed, proposed.present.began.session)
    assert rung(proposed.office, Doorbell(why="pushed", pull_requests=(pull,))) == ()


def test_somebody_who_lost_their_rights_since_cannot_stop_either(house: StoryHouse):
    say(house, "/intern train")
    house.forge.people["ada"] = Permission.READ
    assert say(house, "/intern stop").session == ""
    assert Say(verb="stop") == parse_command("/intern stop")
