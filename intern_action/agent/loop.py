"""The loop: answer the open calls, ask the model, again. Start, resume and recovery are this one path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from intern_action.agent.budget import Allowance, exhausted
from intern_action.agent.context import Context, Room
from intern_action.agent.door import Stream, masked
from intern_action.agent.ending import ending_of
from intern_action.agent.folding import Folder
from intern_action.agent.guard import Guard, told
from intern_action.agent.memory import Memory, interrupted
from intern_action.agent.toolbox import Toolbox, Verdict
from intern_action.agent.voice import Voice
from intern_action.core.effects import Disposition
from intern_action.core.endings import Ending
from intern_action.core.errors import (
    ContextOverflow,
    ModelError,
    ModelFiltered,
    ModelGarbled,
    OutsideError,
    Stuck,
    ToolFailed,
)
from intern_action.core.events import Answered, Event, Heard, Held, Noted, Spent, Started
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk, JournalFile, Model, Tool, Watcher
from intern_action.core.types import Call, Conversation, FinishReason, Reply, ToolResult

MOST_AT_ONCE = 4
"""Calls that only read and stand side by side run together, this many at a time."""

TOOL_WAITS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before a tool is tried again that the world outside has failed."""

LEAST_SECONDS = 0.1
"""What a call gets that begins at the very end of the run: enough to be ended in good order."""

MOST_CUT = 3
"""How often in a row an answer may be cut short by its length or by a filter."""

MOST_FOLDS = 4
"""How often one question is made smaller because the model cannot read it."""


@frozen
class Run:
    """One call that is free to run."""

    call: Call
    tool: Tool


class Loop:
    """The agent's loop over one memory.

    Args:
        memory: what is known; every event written here is also taken in.
        journal: where events are appended before they count.
        system: the system prompt.
        room: how much the model reads; asked when it is first needed.
        voice: the words of the loop itself.
    """

    def __init__(
        self,
        *,
        memory: Memory,
        model: Model,
        toolbox: Toolbox,
        desk: Desk,
        journal: JournalFile,
        allowance: Allowance,
        watcher: Watcher,
        system: str,
        room: Callable[[], Room],
        voice: Voice,
    ) -> None:
        self._memory = memory
        self._model = model
        self._toolbox = toolbox
        self._desk = desk
        self._journal = journal
        self._allowance = allowance
        self._watcher = watcher
        self._system = system
        self._context = Context(room=room, system=system, tools=toolbox.specs)
        self._voice = voice
        self._since = memory.replies
        self._guard = Guard(voice.prompt)
        self._folder = Folder(
            context=self._context,
            model=model,
            system=system,
            words=voice.prompt,
            redactor=desk.redactor,
            write=self._write,
        )

    def run(self) -> Ending:
        """Go on until there is an ending.

        Raises:
            ModelError: the provider fails; everything heard so far is kept.
            Stuck: the session goes in circles and was not brought out of it.
        """
        self._book()
        while True:
            self._answer_open_calls()
            ending = ending_of(self._memory) or self._exhausted()
            if ending is None:
                self._go_on()
                self._heed()
                ending = self._went_on()
            if ending is not None:
                return ending

    def _go_on(self) -> None:
        """Say why its last answer is not the end to a model that was cut short; end when that keeps happening."""
        last = self._memory.turns[-1]
        if not isinstance(last, Reply) or last.calls:
            return
        cut = self._memory.cut_short
        if cut >= MOST_CUT:
            kind = ModelFiltered if last.finish is FinishReason.FILTER else ModelGarbled
            raise kind(
                self._voice.text("cut-short", times=cut, finish=last.finish.value, model=self._model.name).strip()
            )
        self._write(Noted(text=self._voice.prompt("cut", finish=last.finish.value)))

    def _heed(self) -> None:
        """Say what the guard has noticed, or end where saying it did not help."""
        self._guard.follow(self._memory)
        if self._guard.stuck is not None:
            raise Stuck(self._voice.text("stuck", **told(self._guard.stuck)).strip())
        if self._guard.due:
            self._write(Noted(text=self._guard.due))
            self._guard.follow(self._memory)

    def _exhausted(self) -> Ending | None:
        return exhausted(self._memory, self._allowance, self._desk.clock.now(), since=self._since)

    # --- asking --------------------------------------------------------------------------------------------------

    def _went_on(self) -> Ending | None:
        """Ask once; return an ending where a limit of ours was reached meanwhile, which is what cut the model's answer off."""
        try:
            if not self._made_room():
                self._ask()
        except ModelError:
            ending = self._exhausted()
            if ending is None:
                raise
            return ending
        return None

    def _made_room(self) -> bool:
        """Fold a conversation that is full. A summary costs money: whether there is any left is looked at again."""
        if not self._context.full(self._memory):
            return False
        before = self._memory.epoch
        self._folder.fold(self._memory)
        return self._memory.epoch != before and not self._context.full(self._memory)

    def _ask(self) -> None:
        self._write(Heard(reply=self._reply()))
        self._book()

    def _reply(self) -> Reply:
        """Ask, and make the conversation smaller as long as the model says that it cannot read all of it."""
        for _ in range(MOST_FOLDS):
            try:
                return self._asked()
            except ContextOverflow as overflow:
                self._context.overflowed(self._memory, overflow.window_tokens)
                self._folder.fold(self._memory)
        return self._asked()

    def _asked(self) -> Reply:
        memory = self._memory
        conversation = Conversation(
            system=self._system, tools=self._context.tools, turns=memory.turns, epoch=memory.epoch, heard=memory.replies
        )
        stream = Stream(self._watcher.streamed, self._desk.redactor)
        reply = self._model.answer(conversation, stream)
        stream.end()
        return masked(reply, self._desk.redactor)

    def _book(self) -> None:
        """Book what an answer cost; also one that was heard by a run that died before it was booked."""
        reply = self._memory.unbooked
        if reply is not None:
            self._write(Spent(usd=reply.usage.cost_usd, why=reply.model or self._model.name, usage=reply.usage))

    # --- answering -----------------------------------------------------------------------------------------------

    def _answer_open_calls(self) -> None:
        self._guard.follow(self._memory)
        batch: list[Run] = []
        for call in list(self._memory.open.values()):
            if call.id in self._memory.held:
                continue
            run = self._admit(call)
            if run is None:
                continue
            if batch and not (run.tool.parallel and batch[-1].tool.parallel):
                self._carry_out(batch)
                batch = []
            batch.append(run)
        self._carry_out(batch)

    def _admit(self, call: Call) -> Run | None:
        """Return the run of a call that may run; answer or hold it at once otherwise."""
        refusal = self._guard.refusal(call)
        if refusal is not None:
            self._write(Answered(call_id=call.id, result=refusal))
            return None
        try:
            verdict = self._toolbox.judge(call)
        except ToolFailed as failure:
            self._write(Answered(call_id=call.id, result=self._failed(failure)))
            return None
        if verdict.disposition is Disposition.HELD:
            self._write(Held(call_id=call.id, why=verdict.why))
            return None
        tool = self._toolbox.named(call.name)
        if call.id in self._memory.started and not _harmless_again(tool, verdict):
            self._write(Answered(call_id=call.id, result=interrupted()))
            return None
        return Run(call=call, tool=tool)

    def _carry_out(self, batch: Sequence[Run]) -> None:
        for run in batch:
            if run.call.id not in self._memory.started:
                self._write(Started(call_id=run.call.id))
        for answered in self._results(batch):
            self._write(answered)

    def _results(self, batch: Sequence[Run]) -> Iterator[Answered]:
        if len(batch) == 1:
            yield self._result(batch[0])
        elif batch:
            with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
                yield from pool.map(self._result, batch)

    def _result(self, run: Run) -> Answered:
        began = self._desk.clock.monotonic()
        try:
            result = self._tried(run)
        except ToolFailed as failure:
            result = self._failed(failure)
        seconds = round(self._desk.clock.monotonic() - began, 3)
        return Answered(call_id=run.call.id, result=result, snapshot=self._snapshot(run), seconds=seconds)

    def _tried(self, run: Run) -> ToolResult:
        """Run a tool; where the world outside fails and once more does no harm, once more, after a while."""
        for wait in TOOL_WAITS if run.tool.repeatable else ():
            try:
                return run.tool.run(run.call.arguments, self._timely())
            except OutsideError:
                self._desk.clock.wait(wait)
        return run.tool.run(run.call.arguments, self._timely())

    def _timely(self) -> Desk:
        """Return the desk for one call, which ends when the run has to."""
        until = self._allowance.calls_end
        if until is None:
            return self._desk
        left = max(LEAST_SECONDS, (until - self._desk.clock.now()).total_seconds())
        return replace(self._desk, limits=replace(self._desk.limits, left_seconds=left))

    def _failed(self, failure: ToolFailed) -> ToolResult:
        """Return a failure as an answer; names of files and words of others stand in it."""
        return ToolResult(text=self._desk.redactor.text(str(failure)), failed=True)

    def _snapshot(self, run: Run) -> str:
        """Return the commit that holds what the call changed in the checkout, "" when it changed nothing."""
        if run.tool.parallel:
            return ""
        taken = self._desk.checkout.snapshot(f"{run.tool.spec.name} ({run.call.id})")
        return taken.commit if taken.changed else ""

    def _write(self, event: Event) -> None:
        self._journal.append(event)
        self._memory.take(event)
        self._watcher.happened(event)


def _harmless_again(tool: Tool, verdict: Verdict) -> bool:
    return tool.repeatable or verdict.disposition is Disposition.QUEUED
