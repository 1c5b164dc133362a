"""The loop: answer the open calls, ask, again; whatever happened before it was started."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import pytest

from intern_action.agent.budget import Allowance
from intern_action.agent.context import Room
from intern_action.agent.loop import Loop
from intern_action.agent.memory import Memory
from intern_action.agent.toolbox import Toolbox
from intern_action.agent.voice import Voice
from intern_action.core.effects import Contacts, Effect, Spends
from intern_action.core.endings import Ending, Exhausted, Finished, GaveUp, NeedsInput, NeedsJob, NeedsReview
from intern_action.core.errors import HubError, ModelCut, ModelError, ToolFailed
from intern_action.core.events import Answered, Event, Heard, Held, Spent, Started, Submitted
from intern_action.core.ports import Desk
from intern_action.core.types import Answer, Call, JobRef, JobSpec, JsonObject, Reply, ToolResult, Usage
from intern_action.settings.words import prompt, text
from tests.fakes.histories import began
from tests.fakes.thinking import (
    BareDesk,
    CountingCheckout,
    ListJournal,
    NamedTool,
    ScriptedModel,
    SilentWatcher,
    StillClock,
    calls,
    says,
)

BEGAN = began("train")
BOOKED = Spent(usd=None, why="scripted")
COSTLY = (Spends(job=JobSpec(script="train.py")),)


class Bench:
    """A loop with everything around it."""

    def __init__(
        self,
        *script: Reply | ModelError,
        tools: tuple[NamedTool, ...] = (),
        before: tuple[Event, ...] = (),
        allowance: Allowance | None = None,
        hold: str | None = None,
        room: Room | None = None,
    ) -> None:
        self.journal = ListJournal()
        self.checkout = CountingCheckout()
        self.model = ScriptedModel(*script)
        self.memory = Memory.of((BEGAN, *before))

        def rule(effects: tuple[Effect, ...]) -> str | None:
            return hold if effects else None

        self.loop = Loop(
            memory=self.memory,
            model=self.model,
            toolbox=Toolbox(tools, rule),
            desk=cast("Desk", BareDesk(clock=StillClock(), checkout=self.checkout)),
            journal=self.journal,
            allowance=allowance or Allowance(),
            watcher=SilentWatcher(),
            system="be good",
            room=lambda: room or Room(),
            voice=Voice(prompt=prompt, text=text),
        )

    def run(self) -> Ending:
        return self.loop.run()

    def kinds(self) -> list[str]:
        return [event.kind for event in self.journal.events]

    def answers(self) -> dict[str, ToolResult]:
        return {event.call_id: event.result for event in self.journal.events if isinstance(event, Answered)}


def echo(arguments: JsonObject) -> str:
    return f"did {dict(arguments)}"


def test_words_without_calls_are_the_end() -> None:
    bench = Bench(says("all done"))
    assert bench.run() == Finished(text="all done")
    assert bench.kinds() == ["heard", "spent"]


def test_a_call_is_started_answered_and_the_model_is_shown_the_answer() -> None:
    bench = Bench(calls(("1", "look", {"at": "x"})), says("seen"), tools=(NamedTool("look", echo),))
    bench.run()
    assert bench.kinds() == ["heard", "spent", "started", "answered", "heard", "spent"]
    last = bench.model.asked[1].turns[-1]
    assert isinstance(last, Answer)
    assert last.result.text == "did {'at': 'x'}"


def test_an_answer_that_changed_the_checkout_carries_its_snapshot() -> None:
    bench = Bench(calls(("1", "write", {})), says("."), tools=(NamedTool("write", echo),))
    bench.checkout.changed = True
    bench.run()
    assert bench.memory.snapshot == "c1"


def test_a_tool_that_fails_answers_and_the_loop_goes_on() -> None:
    def fail(_arguments: JsonObject) -> str:
        raise ToolFailed("the disk is made of cheese")

    bench = Bench(calls(("1", "eat", {})), says("pity"), tools=(NamedTool("eat", fail),))
    assert bench.run() == Finished(text="pity")
    assert bench.answers()["1"] == ToolResult(text="the disk is made of cheese", failed=True)


def test_an_unknown_tool_is_answered_with_its_nearest_name() -> None:
    bench = Bench(calls(("1", "read_fil", {})), says("."), tools=(NamedTool("read_file", echo),))
    bench.run()
    assert "did you mean read_file?" in bench.answers()["1"].text


def test_flawed_arguments_are_answered_and_never_run() -> None:
    tool = NamedTool("look", echo)
    flawed = Reply(calls=(Call(id="1", name="look", flaw="not JSON at column 3"),))
    bench = Bench(flawed, says("."), tools=(tool,))
    bench.run()
    assert tool.ran == []
    assert "not JSON at column 3" in bench.answers()["1"].text


def test_arguments_that_do_not_fit_are_answered_and_never_run() -> None:
    tool = NamedTool("look", echo)
    bench = Bench(calls(("1", "look", {"bad": True})), says("."), tools=(tool,))
    bench.run()
    assert tool.ran == []
    assert bench.answers()["1"].failed


def test_an_alias_reaches_the_tool() -> None:
    tool = NamedTool("read_file", echo, aliases=("read",))
    Bench(calls(("1", "read", {})), says("."), tools=(tool,)).run()
    assert len(tool.ran) == 1


def test_a_call_that_spends_is_held_and_never_run() -> None:
    tool = NamedTool("hf_create_job", echo, has=COSTLY)
    bench = Bench(calls(("1", "hf_create_job", {})), tools=(tool,))
    assert bench.run() == NeedsReview(call_ids=("1",))
    assert tool.ran == []
    assert bench.kinds() == ["heard", "spent", "held"]


def test_calls_beside_a_held_one_are_answered_first() -> None:
    costly, free = NamedTool("spend", echo, has=COSTLY), NamedTool("look", echo)
    bench = Bench(calls(("1", "spend", {}), ("2", "look", {})), tools=(costly, free))
    assert bench.run() == NeedsReview(call_ids=("1",))
    assert len(free.ran) == 1


def test_a_queued_call_is_answered_at_once() -> None:
    tool = NamedTool("notify", echo, has=(Contacts(destination="ada", text="hi"),))
    bench = Bench(calls(("1", "notify", {})), says("."), tools=(tool,))
    assert bench.run() == Finished(text=".")
    assert len(tool.ran) == 1


def test_a_rule_can_hold_what_would_be_queued() -> None:
    tool = NamedTool("notify", echo, has=(Contacts(destination="ada", text="hi"),))
    bench = Bench(calls(("1", "notify", {})), tools=(tool,), hold="nobody is written to here")
    assert bench.run() == NeedsReview(call_ids=("1",))
    assert bench.journal.events[-1] == Held(call_id="1", why="nobody is written to here")


def test_calls_that_only_read_run_together_and_answer_in_order() -> None:
    tool = NamedTool("read", echo, parallel=True)
    bench = Bench(calls(*((str(n), "read", {"n": n}) for n in range(6))), says("."), tools=(tool,))
    bench.run()
    assert list(bench.answers()) == [str(n) for n in range(6)]
    assert bench.checkout.taken == []


def test_a_call_in_which_the_runner_died_is_told_so_and_not_run_again() -> None:
    tool = NamedTool("bash", echo)
    before = (Heard(reply=calls(("1", "bash", {}))), BOOKED, Started(call_id="1"))
    bench = Bench(says("."), tools=(tool,), before=before)
    bench.run()
    assert tool.ran == []
    assert bench.answers()["1"].data == {"interrupted": True}


def test_a_call_that_may_be_repeated_is_run_again_after_a_crash_without_a_second_start() -> None:
    tool = NamedTool("read_file", echo, repeatable=True)
    before = (Heard(reply=calls(("1", "read_file", {}))), Started(call_id="1"))
    bench = Bench(says("."), tools=(tool,), before=before)
    bench.run()
    assert len(tool.ran) == 1
    assert "started" not in bench.kinds()


def test_a_call_that_was_heard_and_never_started_is_run_on_resume() -> None:
    tool = NamedTool("bash", echo)
    bench = Bench(says("."), tools=(tool,), before=(Heard(reply=calls(("1", "bash", {}))),))
    bench.run()
    assert len(tool.ran) == 1


def test_a_session_whose_last_words_were_journaled_does_not_ask_again() -> None:
    bench = Bench(before=(Heard(reply=says("done before the crash")),))
    assert bench.run() == Finished(text="done before the crash")
    assert bench.model.asked == []


def test_a_held_call_stays_held_on_resume() -> None:
    before = (Heard(reply=calls(("1", "spend", {}))), BOOKED, Held(call_id="1", why="it spends"))
    bench = Bench(tools=(NamedTool("spend", echo, has=COSTLY),), before=before)
    assert bench.run() == NeedsReview(call_ids=("1",))
    assert bench.kinds() == []


def test_a_submitted_call_needs_its_job() -> None:
    job = JobRef(backend="local", id="1", launch_key="k")
    before = (
        Heard(reply=calls(("1", "spend", {}))),
        Held(call_id="1", why="it spends"),
        Submitted(call_id="1", digest="d", job=job, attempt=1),
    )
    bench = Bench(tools=(NamedTool("spend", echo, has=COSTLY),), before=before)
    assert bench.run() == NeedsJob(call_ids=("1",))


def test_a_question_to_a_person_ends_the_run() -> None:
    tool = NamedTool("ask_person", echo)
    bench = Bench(calls(("1", "ask_person", {"question": "which split?"})), tools=(tool,))
    assert bench.run() == NeedsInput(question="which split?")


def test_giving_up_ends_the_run_with_its_reason() -> None:
    tool = NamedTool("give_up", echo)
    bench = Bench(calls(("1", "give_up", {"reason": "one class only", "because": "task"})), tools=(tool,))
    assert bench.run() == GaveUp(text="one class only", because="task")


def test_turns_run_out() -> None:
    tool = NamedTool("look", echo)
    bench = Bench(*(calls((str(n), "look", {})) for n in range(3)), tools=(tool,), allowance=Allowance(turns=3))
    ending = bench.run()
    assert isinstance(ending, Exhausted)
    assert ending.what == "turns"
    assert len(tool.ran) == 3


def test_money_runs_out() -> None:
    reply = calls(("1", "look", {}))
    dear = Reply(calls=reply.calls, usage=Usage(cost_usd=Decimal("0.50")))
    bench = Bench(dear, tools=(NamedTool("look", echo),), allowance=Allowance(usd=Decimal("0.50")))
    ending = bench.run()
    assert isinstance(ending, Exhausted)
    assert ending.what == "money"


def test_a_cap_on_a_model_without_a_price_is_not_kept_by_hoping() -> None:
    bench = Bench(calls(("1", "look", {})), tools=(NamedTool("look", echo),), allowance=Allowance(usd=Decimal(9)))
    ending = bench.run()
    assert isinstance(ending, Exhausted)
    assert "no known price" in ending.text


def test_a_fault_of_the_model_keeps_everything_heard_so_far() -> None:
    bench = Bench(calls(("1", "look", {})), ModelCut("the stream ended"), tools=(NamedTool("look", echo),))
    with pytest.raises(ModelCut):
        bench.run()
    assert bench.kinds() == ["heard", "spent", "started", "answered"]


def test_replaying_the_journal_gives_the_same_conversation() -> None:
    bench = Bench(calls(("1", "look", {})), says("."), tools=(NamedTool("look", echo),))
    bench.run()
    assert Memory.of((BEGAN, *bench.journal.events)).turns == bench.memory.turns


def test_an_answer_that_was_heard_and_not_yet_booked_is_booked_on_resume() -> None:
    bench = Bench(before=(Heard(reply=says("done before the crash")),))
    bench.run()
    assert bench.kinds() == ["spent"]


class Flaky(NamedTool):
    """Fails as the Hub does, so many times."""

    fails = 0

    def run(self, arguments: JsonObject, desk: Desk) -> ToolResult:
        result = super().run(arguments, desk)
        if len(self.ran) <= self.fails:
            raise HubError("502")
        return result


def test_a_tool_that_may_be_repeated_is_tried_again_while_the_hub_fails() -> None:
    tool = Flaky("look", echo, repeatable=True)
    tool.fails = 3
    bench = Bench(calls(("1", "look", {"at": "x"})), says("seen"), tools=(tool,))

    assert bench.run() == Finished(text="seen")
    assert len(tool.ran) == 4
    assert bench.answers()["1"].text == "did {'at': 'x'}"


def test_a_tool_that_may_not_be_repeated_is_not_tried_again() -> None:
    tool = Flaky("send", echo)
    tool.fails = 1
    bench = Bench(calls(("1", "send", {})), says("sent"), tools=(tool,))

    with pytest.raises(HubError):
        bench.run()
    assert len(tool.ran) == 1


def test_a_hub_that_stays_away_ends_the_run_by_its_name() -> None:
    tool = Flaky("look", echo, repeatable=True)
    tool.fails = 99
    bench = Bench(calls(("1", "look", {})), says("seen"), tools=(tool,))

    with pytest.raises(HubError):
        bench.run()
    assert len(tool.ran) == 5
