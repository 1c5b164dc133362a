"""A sandbox under a lease, as stories: asked for, approved or not, worked in, given back, paid for by its time."""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.digests import launch_key
from intern_action.core.errors import JobError, ModelUnreachable, OutsideError
from intern_action.core.events import Told
from intern_action.core.ports import HOUSE_LEASE, SandboxOrder
from intern_action.core.states import State
from intern_action.core.types import JsonObject, LeaseSpec, Note, Reply
from intern_action.session.admit import tell
from intern_action.session.lease import sweep
from intern_action.session.review import before_review, explain
from intern_action.session.stopping import stop
from intern_action.session.wake import wake
from tests.fakes.approvals import failing
from tests.fakes.git_world import make_world
from tests.fakes.house import KilledHere, StoryHouse, done, proposal
from tests.fakes.killed_here import DiesAtEntry, DiesAtEvent
from tests.fakes.standings import money
from tests.fakes.thinking import ScriptedModel, SilentWatcher, calls

LEASE: JsonObject = {"flavor": "local-cpu", "timeout": "1h", "purpose": "to try the script"}
WISH = calls(("l", "sandbox_create", LEASE))


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        yield house


def wished(house: StoryHouse, *more: Reply) -> StoryHouse:
    """A lease lies before its reviewers."""
    house.script(WISH, *more, done()).ask()
    assert house.state is State.AWAITING_REVIEW
    return house


# --- asked for and approved ------------------------------------------------------------------------------------------


def test_a_lease_is_asked_for_in_a_draft_pull_request_with_a_price_and_no_code(house: StoryHouse) -> None:
    wished(house)
    pull = house.forge.pull_request(house.pull_request)
    plan = house.ledger.plan(house.digest)
    assert pull.draft
    assert plan is not None
    assert plan.cap_usd == Decimal("0.60")
    assert plan.tree == house.world.git("rev-parse", f"{house.world.base}^{{tree}}")
    assert house.sandboxes.orders == []


def test_an_approved_lease_is_a_sandbox_to_work_in_and_the_session_goes_on(house: StoryHouse) -> None:
    work = calls(("e", "sandbox_exec", {"command": "echo hello from inside"}))
    wished(house, work).approve()
    assert house.state is State.DONE
    assert house.answer("sandbox_create")["state"] == "ready"
    assert "hello from inside" in house.present.memory.past("sandbox_exec")[0].result.text


def test_at_the_end_nothing_is_left_and_the_time_is_paid(house: StoryHouse) -> None:
    wait = calls(("e", "sandbox_exec", {"command": "true"}))
    wished(house, wait, calls(("q", "ask_person", {"question": "go on?"}))).approve()
    assert house.state is State.AWAITING_INPUT
    assert money(house, house.digest) == (Decimal("0.60"), Decimal(0))
    house.clock.wait(20 * 60)
    tell(house.present, by="ada", words="yes")
    house.go_on()
    assert house.state is State.DONE
    assert house.sandboxes.own() == ()
    held, captured = money(house, house.digest)
    assert held == 0
    assert Decimal("0.20") <= captured <= Decimal("0.21")
    assert house.present.memory.jobs_usd == captured


@pytest.mark.parametrize(("by", "condition"), [("ada", "reviewer-not-requester"), ("eve", "reviewer-may-write")])
def test_who_may_not_approve_a_job_may_not_approve_a_lease(house: StoryHouse, by: str, condition: str) -> None:
    wished(house).approve(by)
    before = before_review(house.present)
    assert before is not None
    assert condition in failing(explain(house.present, before))
    assert house.sandboxes.orders == []


def test_a_lease_survives_a_push(house: StoryHouse) -> None:
    wished(house)
    house.push({"notes.md": "by hand\n"})
    house.forge.people["hedy"] = house.forge.people["grace"]
    house.approve("hedy")
    assert len(house.sandboxes.orders) == 1


def test_a_cap_shortens_the_time_and_is_never_passed(house: StoryHouse) -> None:
    capped = calls(("l", "sandbox_create", {**LEASE, "cap_usd": "0.10"}))
    ask = calls(("q", "ask_person", {"question": "go on?"}))
    house.script(capped, ask, done()).ask().approve()
    assert house.sandboxes.orders[0].minutes == 10
    house.clock.wait(24 * 3600)
    wake(house.present)
    assert money(house, house.digest) == (Decimal(0), Decimal("0.10"))


def test_a_lease_over_the_budget_is_not_approved(house: StoryHouse) -> None:
    day = calls(("l", "sandbox_create", {**LEASE, "timeout": "8d"}))
    house.script(day, done()).ask().approve()
    before = before_review(house.present)
    assert before is not None
    assert "budget-room" in failing(explain(house.present, before))
    assert house.sandboxes.orders == []


def test_a_dearer_price_ends_the_approval(house: StoryHouse) -> None:
    wished(house)
    house.sandboxes.price = Decimal("0.70")
    house.approve()
    assert house.state is State.AWAITING_REVIEW
    assert house.sandboxes.orders == []


def test_hardware_that_nobody_knows_is_refused_with_words(house: StoryHouse) -> None:
    house.script(calls(("l", "sandbox_create", {**LEASE, "flavor": "h900"})), done()).ask()
    assert house.state is State.DONE
    assert "price table" in house.present.memory.past("sandbox_create")[0].result.text


# --- refused, expired, failed ------------------------------------------------------------------------------------------


def test_a_refused_lease_is_told_to_the_agent_in_the_reviewers_words(house: StoryHouse) -> None:
    wished(house).request_changes("do it on the runner")
    answer = house.present.memory.past("sandbox_create")[0].result
    assert answer.failed
    assert "do it on the runner" in answer.text
    assert money(house, house.digest) == (Decimal(0), Decimal(0))


def test_a_sandbox_whose_time_is_up_says_so_and_is_paid_in_full(house: StoryHouse) -> None:
    ask = calls(("q", "ask_person", {"question": "go on?"}))
    late = calls(("e", "sandbox_exec", {"command": "true"}))
    wished(house, ask, late).approve()
    house.clock.wait(3 * 3600)
    tell(house.present, by="ada", words="yes")
    house.go_on()
    answer = house.present.memory.past("sandbox_exec")[0].result
    assert answer.failed
    assert "ask for another with sandbox_create" in answer.text
    assert money(house, house.digest) == (Decimal(0), Decimal("0.60"))


def test_an_unknown_sandbox_is_answered_with_words(house: StoryHouse) -> None:
    house.script(
        calls(("e", "sandbox_exec", {"command": "true"})),
        WISH,
        calls(("f", "sandbox_read", {"path": "x", "sandbox": "nope"})),
        done(),
    ).ask().approve()
    assert "ask for one with sandbox_create" in house.present.memory.past("sandbox_exec")[0].result.text
    assert "it has box-1" in house.present.memory.past("sandbox_read")[0].result.text


def test_one_that_certainly_did_not_begin_costs_nothing(house: StoryHouse) -> None:
    house.sandboxes.faults = [JobError("no room for it")]
    wished(house).approve()
    assert house.state is State.DONE
    assert "no room for it" in house.present.memory.past("sandbox_create")[0].result.text
    assert money(house, house.digest) == (Decimal(0), Decimal(0))


# --- once, whatever dies when ------------------------------------------------------------------------------------------


def test_an_answer_that_is_lost_is_looked_for_not_asked_for_again(house: StoryHouse) -> None:
    house.sandboxes.lost_answers = 1
    wished(house)
    with pytest.raises(OutsideError):
        house.approve()
    house.anew().go_on()
    assert len(house.sandboxes.orders) == 1
    assert house.state is State.DONE
    assert house.sandboxes.own() == ()


def test_a_stop_between_the_beginning_and_its_record_still_ends_it(house: StoryHouse) -> None:
    house.sandboxes.lost_answers = 1
    wished(house)
    with pytest.raises(OutsideError):
        house.approve()
    house.anew()
    stop(house.present, by="ada")
    assert house.sandboxes.own() == ()
    assert house.ledger.held(house.digest) == 0
    assert house.state is State.STOPPED


def test_stop_ends_the_sandbox_and_pays_for_its_time(house: StoryHouse) -> None:
    wished(house, calls(("q", "ask_person", {"question": "go on?"}))).approve()
    house.clock.wait(30 * 60)
    stop(house.present, by="ada")
    held, captured = money(house, house.digest)
    assert house.sandboxes.own() == ()
    assert (held, captured) == (Decimal(0), captured)
    assert Decimal("0.30") <= captured <= Decimal("0.31")


def test_a_session_that_fails_keeps_no_sandbox(house: StoryHouse) -> None:
    wished(house)
    house.model = ScriptedModel(ModelUnreachable("nobody there"))
    house.approve()
    assert house.state is State.FAILED
    assert house.sandboxes.own() == ()


def test_giving_back_twice_pays_once(house: StoryHouse) -> None:
    wished(house).approve()
    spent = money(house, house.digest)
    house.anew()
    stop(house.present, by="ada")
    assert money(house, house.digest) == spent


def test_the_sweeper_ends_what_nobody_owns_and_what_is_past_its_time(house: StoryHouse) -> None:
    wished(house, calls(("q", "ask_person", {"question": "go on?"}))).approve()
    sweep(house.office, spare="")
    assert len(house.sandboxes.own()) == 1
    house.clock.wait(2 * 3600)
    sweep(house.office, spare=house.present.began.session)
    assert len(house.sandboxes.own()) == 1
    sweep(house.office, spare="")
    assert house.sandboxes.own() == ()
    assert money(house, house.digest) == (Decimal(0), Decimal("0.60"))


def test_a_start_that_comes_true_after_it_was_given_up_is_swept_and_costs_no_money_of_the_plan(
    house: StoryHouse,
) -> None:
    wished(house)
    house.sandboxes.faults = [OutsideError("nobody knows")]
    with pytest.raises(OutsideError):
        house.approve()
    house.anew()
    stop(house.present, by="ada")
    lease = LeaseSpec(flavor="local-cpu", minutes=60, cap_usd=None, purpose="late")
    house.sandboxes.create(SandboxOrder(lease=lease, launch_key=launch_key(house.digest, 1), minutes=60))
    sweep(house.office, spare="")
    assert house.sandboxes.own() == ()
    assert money(house, house.digest) == (Decimal(0), Decimal(0))


# --- changes are asked for afterwards ----------------------------------------------------------------------------------


ASK = calls(("q", "ask_person", {"question": "go on?"}))


def test_a_request_for_changes_after_the_approval_ends_the_sandbox_pays_its_time_and_tells_the_agent(
    house: StoryHouse,
) -> None:
    wished(house, ASK).approve()
    assert house.state is State.AWAITING_INPUT
    house.clock.wait(20 * 60)
    house.request_changes("do it on the runner")
    assert house.sandboxes.own() == ()
    held, captured = money(house, house.digest)
    assert (held, captured > 0) == (Decimal(0), True)
    told = [entry.event for entry in house.present.journal.entries() if isinstance(entry.event, Told)]
    assert (told[-1].by, "do it on the runner" in told[-1].words) == ("grace", True)
    assert house.state is State.DONE
    assert house.kinds().count("told") == 1


def test_a_request_for_changes_by_somebody_without_a_say_ends_nothing(house: StoryHouse) -> None:
    wished(house, ASK).approve().request_changes("stop", by="eve")
    assert house.state is State.AWAITING_INPUT
    assert len(house.sandboxes.own()) == 1


def test_changes_asked_of_the_next_plan_do_not_end_the_sandbox(house: StoryHouse) -> None:
    house.script(WISH, *proposal(), ASK, done()).ask().approve()
    assert house.state is State.AWAITING_REVIEW
    house.request_changes("train longer")
    assert house.state is State.AWAITING_INPUT
    assert len(house.sandboxes.own()) == 1


def approved_and_killed(house: StoryHouse) -> bool:
    """Approve and go on to the end, through one death; whether there was one."""
    try:
        house.anew().approve()
    except KilledHere:
        house.use(SilentWatcher())
        house.anew().go_on()
        return True
    return False


def ended_well(house: StoryHouse) -> bool:
    """Whether there was one sandbox, it is gone, and its price was taken once and told once."""
    held, captured = money(house, house.digest)
    return (
        house.state is State.DONE
        and len(house.sandboxes.orders) == 1
        and house.sandboxes.own() == ()
        and held == 0
        and house.present.memory.jobs_usd == captured > 0
    )


def test_killed_at_every_event_there_is_one_sandbox_and_one_price(tmp_path: Path) -> None:
    for after in range(1, 40):
        with StoryHouse(make_world(tmp_path / str(after))) as house:
            wished(house, calls(("e", "sandbox_exec", {"command": "true"})))
            house.use(DiesAtEvent(after))
            killed = approved_and_killed(house)
            assert ended_well(house), after
            if not killed:
                return
    pytest.fail("it never came to its end")


def test_killed_after_every_word_in_the_ledger_there_is_one_sandbox_and_one_price(tmp_path: Path) -> None:
    for after in range(1, 40):
        with StoryHouse(make_world(tmp_path / str(after))) as house:
            house.branch = DiesAtEntry()
            wished(house.anew(), calls(("e", "sandbox_exec", {"command": "true"})))
            house.branch.left = after
            killed = approved_and_killed(house)
            assert ended_well(house), after
            if not killed:
                return
    pytest.fail("it never came to its end")


# --- beside a job ------------------------------------------------------------------------------------------------------


def test_a_job_is_planned_beside_a_sandbox_in_use_and_both_are_paid(house: StoryHouse) -> None:
    house.script(WISH, *proposal(), done()).ask().approve()
    lease = next(planned.digest for planned in house.present.memory.planned.values())
    assert house.state is State.AWAITING_REVIEW
    assert len(house.sandboxes.own()) == 1
    house.approve().end_job()
    assert house.state is State.DONE
    assert house.sandboxes.own() == ()
    assert house.digest != lease
    assert house.ledger.held(lease) == house.ledger.held(house.digest) == 0
    assert house.ledger.captured(house.digest) == Decimal("0.06")
    assert house.ledger.captured(lease) > 0


def test_a_sandbox_is_no_job_to_cancel(house: StoryHouse) -> None:
    wished(house).approve()
    assert house.present.memory.submitted == {}


# --- waiting for a long command ------------------------------------------------------------------------------------------

LONG = (
    calls(("e", "sandbox_exec", {"command": "true", "timeout": "2h"})),
    calls(("g", "sandbox_logs", {"wait": "40m"}), ("r", "read_file", {"path": "README.md"})),
    calls(("h", "sandbox_logs", {})),
)


def waits(house: StoryHouse) -> StoryHouse:
    """A session waits for a command that runs on its own."""
    house.sandboxes.running = {"p001"}
    wished(house, *LONG).approve()
    assert house.state is State.AWAITING_JOB
    return house


def notes(house: StoryHouse) -> list[str]:
    return [turn.text for turn in house.present.memory.turns if isinstance(turn, Note)]


def test_waiting_for_a_long_command_holds_no_runner_and_goes_on_when_it_has_ended(house: StoryHouse) -> None:
    waits(house).anew().go_on()
    assert house.state is State.AWAITING_JOB
    assert notes(house) == []
    house.sandboxes.running.clear()
    house.anew().go_on()
    assert house.state is State.DONE
    assert notes(house) == ["p001 in the sandbox box-1 ended with exit code 0; sandbox_logs shows what it printed"]
    assert house.present.memory.past("sandbox_logs")[-1].result.data["exit_code"] == 0


def test_a_long_command_is_not_waited_for_longer_than_was_asked(house: StoryHouse) -> None:
    waits(house)
    house.clock.wait(41 * 60)
    house.go_on()
    assert house.state is State.DONE
    assert "waited for as long as was asked" in notes(house)[0]


def test_the_end_of_the_lease_ends_the_wait_and_is_paid(house: StoryHouse) -> None:
    waits(house)
    house.clock.wait(61 * 60)
    house.go_on()
    assert house.state is State.DONE
    assert "ask for another with sandbox_create" in notes(house)[0]
    assert money(house, house.digest) == (Decimal(0), Decimal("0.60"))


def test_somebody_s_words_end_the_wait(house: StoryHouse) -> None:
    waits(house)
    tell(house.present, by="ada", words="never mind")
    house.go_on()
    assert house.state is State.DONE


def test_a_stop_ends_the_wait_and_the_sandbox(house: StoryHouse) -> None:
    waits(house)
    stop(house.present, by="ada")
    assert house.state is State.STOPPED
    assert house.sandboxes.own() == ()
    assert house.ledger.held(house.digest) == 0


# --- results ------------------------------------------------------------------------------------------------------------


def made(*, over: bool) -> tuple[Reply, Reply]:
    """A model is made in a sandbox, and is to be uploaded from there."""
    lines = "mkdir -p m/deep; echo one > m/deep/w; ln -s /etc/passwd m/p; mkfifo m/q"
    wish: JsonObject = {"repository": "ada/m", "source": "sandbox:m", "overwrite": over}
    return calls(("e", "sandbox_exec", {"command": lines})), calls(("u", "hf_upload_model", wish))


def test_control_brings_plain_files_home_from_a_sandbox_and_uploads_them(house: StoryHouse) -> None:
    wished(house, *made(over=False)).approve()
    assert house.state is State.DONE
    ((repository, folder),) = house.hub.uploads
    assert repository == "ada/m"
    assert [str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()] == ["deep/w"]


def test_what_changed_in_a_sandbox_after_the_plan_is_not_written_over_anything(house: StoryHouse) -> None:
    house.hub.taken.add("ada/m")
    wished(house, *made(over=True)).approve()
    assert house.state is State.AWAITING_REVIEW
    (house.sandboxes.place(house.sandboxes.own()[0]) / "m" / "deep" / "w").write_text("two")
    house.approve()
    assert house.hub.uploads == []


def test_a_folder_that_is_not_in_the_sandbox_is_said_so(house: StoryHouse) -> None:
    wish = calls(("u", "hf_upload_model", {"repository": "ada/m", "source": "sandbox:nowhere"}))
    wished(house, wish).approve()
    assert "nowhere is not a folder of the sandbox box-1" in house.present.memory.past("hf_upload_model")[0].result.text
    assert house.hub.uploads == []


# --- tools in the sandbox ------------------------------------------------------------------------------------------------


def sandboxed(house: StoryHouse, *replies: Reply) -> StoryHouse:
    """A session whose tools work in a sandbox waits for its lease."""
    house.script(*replies).ask(sandbox=LEASE)
    assert house.state is State.AWAITING_REVIEW
    return house


def test_the_house_asks_for_the_sandbox_before_the_model_is_asked_anything(house: StoryHouse) -> None:
    sandboxed(house, done())
    assert house.kinds()[:2] == ["began", "heard"]
    assert house.present.memory.calls.keys() == {HOUSE_LEASE}
    house.approve()
    assert house.state is State.DONE


def test_tools_work_in_the_sandbox_and_what_they_change_comes_back(house: StoryHouse) -> None:
    sandboxed(
        house,
        calls(("w", "write_file", {"path": "train.py", "content": "print('one')\n"})),
        calls(("b", "bash", {"command": "sed -i s/one/two/ train.py; mkdir -p deep && echo x > deep/new.txt; pwd"})),
        calls(("e", "edit_file", {"path": "train.py", "old_str": "two", "new_str": "three"})),
        calls(("r", "read_file", {"path": "train.py"})),
        calls(("d", "bash", {"command": "rm deep/new.txt"})),
        done(),
    ).approve()
    memory = house.present.memory
    assert "three" in memory.past("read_file")[0].result.text
    assert "sandboxes" in memory.past("bash")[0].result.text
    checkout = house.folder / "agent-work" / "tree"
    assert (checkout / "train.py").read_text() == "print('three')\n"
    assert not (checkout / "deep").exists()


def test_everything_after_the_sandbox_stays_as_it_is(house: StoryHouse) -> None:
    sandboxed(house, *proposal(), done()).approve().approve().end_job()
    assert house.state is State.DONE
    assert house.answer()["metrics"] == {"accuracy": 0.93}
    assert house.sandboxes.own() == ()


def test_without_its_sandbox_a_tool_runs_nowhere(house: StoryHouse) -> None:
    sandboxed(house, calls(("b", "bash", {"command": "echo here > trace.txt"})), done()).request_changes("no")
    answer = house.present.memory.past("bash")[0].result
    assert answer.failed
    assert "ask for one with sandbox_create" in answer.text
    assert house.present.memory.snapshot == ""


def test_a_run_that_died_inside_finds_the_sandbox_as_the_checkout_is(house: StoryHouse) -> None:
    first = calls(("w", "write_file", {"path": "a.txt", "content": "a\n"}), ("q", "ask_person", {"question": "?"}))
    sandboxed(house, first, calls(("b", "bash", {"command": "ls"})), done()).approve()
    stray = house.sandboxes.place(house.sandboxes.own()[0]) / "left-by-a-dead-run.txt"
    stray.write_text("x")
    tell(house.present, by="ada", words="go on")
    house.anew().go_on()
    assert house.present.memory.past("bash")[0].result.text.split() == ["README.md", "a.txt", "src"]
