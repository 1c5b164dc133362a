"""The agent half: from a journal to a bundle. It holds no token that can write or spend."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from intern_action.agent.budget import Allowance
from intern_action.agent.context import Room
from intern_action.agent.loop import Loop
from intern_action.agent.memory import Memory
from intern_action.agent.toolbox import Toolbox
from intern_action.agent.voice import Voice
from intern_action.core.bundle import RELIEVED, Bundle, BundleShelf, Fault
from intern_action.core.errors import Bug, InternError
from intern_action.core.events import Began, Entry, Noted
from intern_action.core.ports import JournalFile, Model, Watcher, Workplace

GONE = (
    "This is a new run on the checkout as you left it. Virtual environments, scratch files and processes of earlier runs "
    "are gone; what was committed to the checkout is there."
)


class AgentHalf:
    """Runs the loop for one session until there is an ending or a fault.

    `remarks` are noted before it begins, each once in a session.
    """

    def __init__(
        self,
        *,
        model: Model,
        toolbox: Toolbox,
        workplaces: Callable[[Began], Workplace],
        shelf: BundleShelf,
        watcher: Watcher,
        system: str,
        allowance: Allowance,
        room: Callable[[], Room],
        voice: Voice,
        remarks: Sequence[str] = (),
    ) -> None:
        self._model = model
        self._toolbox = toolbox
        self._workplaces = workplaces
        self._shelf = shelf
        self._watcher = watcher
        self._system = system
        self._allowance = allowance
        self._room = room
        self._voice = voice
        self._remarks = remarks
        self._noted: set[Noted] = set()

    def work(self, entries: Sequence[Entry]) -> str:
        """Go on from control's journal; return the folder of the bundle.

        Whatever an earlier run that was killed had already journaled is part of it.
        """
        head = entries[-1]
        memory = Memory.of(entry.event for entry in entries)
        place = self._workplaces(memory.beginning)
        segment = place.segment(head)
        kept = tuple(segment.entries())
        for entry in kept:
            memory.take(entry.event)
        place.checkout.restore(memory.snapshot or memory.beginning.base_sha)
        self._noted = {entry.event for entry in (*entries, *kept) if isinstance(entry.event, Noted)}
        fault = self._run(memory, place, segment)
        return self._shelf.put(self._bundle(memory, place, head, tuple(segment.entries()), fault))

    def _run(self, memory: Memory, place: Workplace, segment: JournalFile) -> Fault | None:
        if place.fresh and memory.replies:
            note = Noted(text=GONE)
            segment.append(note)
            memory.take(note)
        desk = place.desk(memory.past)
        for note in (Noted(text=desk.redactor.text(remark)) for remark in self._remarks):
            if note not in self._noted:
                segment.append(note)
                memory.take(note)
                self._watcher.happened(note)
        loop = Loop(
            memory=memory,
            model=self._model,
            toolbox=self._toolbox,
            desk=desk,
            journal=segment,
            allowance=self._allowance,
            watcher=self._watcher,
            system=self._system,
            room=self._room,
            voice=self._voice,
        )
        try:
            ending = loop.run()
        except Bug:
            raise
        except InternError as error:
            message = desk.redactor.text(str(error))
            return Fault(kind=type(error).__name__, message=message, exit_code=error.exit_code)
        match ending.kind:
            case "exhausted" if ending.what == "runner":
                return Fault(kind=RELIEVED, message=ending.text, exit_code=0)
            case "exhausted":
                return Fault(kind=f"exhausted-{ending.what}", message=ending.text, exit_code=4)
            case _:
                return None

    def _bundle(
        self, memory: Memory, place: Workplace, head: Entry, entries: tuple[Entry, ...], fault: Fault | None
    ) -> Bundle:
        return Bundle(
            session=memory.beginning.session,
            after=head.hash,
            entries=entries,
            snapshot=memory.snapshot,
            commits=place.commits(memory.snapshot) if memory.snapshot else "",
            fault=fault,
        )
