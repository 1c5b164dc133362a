"""What control works with: its ports, and one session's case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from intern_action.agent.memory import Memory
from intern_action.agent.toolbox import Toolbox, Verdict
from intern_action.core.entries import Ledger, LedgerEvent, LedgerView, SessionMoved
from intern_action.core.errors import Misconfigured
from intern_action.core.events import Began, Entry, Event, Moved
from intern_action.core.frozen import frozen
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.ports import (
    Clock,
    ControlJournal,
    Endpoints,
    Forge,
    HubWriter,
    Jobs,
    JournalStore,
    Publisher,
    SandboxDoor,
    Sandboxes,
    Watcher,
)
from intern_action.core.provenance import DataOrigin, Provenance
from intern_action.core.states import State
from intern_action.core.types import Call, JobRef, JsonObject


@frozen
class Office:
    """Control's ports. It alone holds what can write and spend.

    Args:
        door: works in sandboxes, as the agent half does; control looks through it at commands that run on their own.
        pull: copies a folder of a sandbox here and returns where, "" when it is not there.
        policy: reads `.github/intern.yml` of the default branch *now*: blob id ("" when there is none) and what it says.
        results: reads what a finished job wrote: `metrics.json` as a JSON object, {} when there is none.
        export: writes one folder of a commit somewhere and returns where, "" when the commit has no such folder.
        dress: lays a job's output out for the Hub, with where it comes from in its card, and returns that folder.
        dress_data: the same for a folder that is to be a data set.
        content: returns the digest of a folder's files, "" when there are none.
        leaks: whether what is about to be kept and shown holds a secret.
        endpoint_patience: how long an endpoint may take until it answers; then it is given up.
        plan_lives: how long a plan may wait for its approval.
        press: renews everything people see of a case; called after each boundary.
        base: the default branch.
        scratch: a folder for archives.
        holder: names whoever shares the locks of these journals, and nobody else.
    """

    forge: Forge
    publisher: Publisher
    ledger: Ledger
    jobs: Jobs
    sandboxes: Sandboxes
    door: SandboxDoor
    pull: Callable[[JobRef, str], str]
    endpoints: Endpoints
    hub: HubWriter
    journals: JournalStore
    clock: Clock
    toolbox: Toolbox
    watcher: Watcher
    policy: Callable[[], tuple[str, ApprovalPolicy]]
    results: Callable[[str], JsonObject]
    export: Callable[[str, str], str]
    dress: Callable[[str, Provenance], str]
    dress_data: Callable[[str, DataOrigin], str]
    content: Callable[[str], str]
    leaks: Callable[[bytes], bool]
    press: Callable[[Office, Case], None]
    endpoint_patience: timedelta
    plan_lives: timedelta
    base: str
    scratch: str
    holder: str

    def case(self, session: str) -> Case:
        """Return a session's case. Raises Misconfigured for a session nobody knows."""
        case = Case(self, self.journals.open(session))
        if case.memory.began is None:
            raise Misconfigured(f"there is no session {session} here; `intern-action status` lists them")
        return case


class Case:
    """One session in control's hands: every event written here is journaled first, then taken in."""

    def __init__(self, office: Office, journal: ControlJournal) -> None:
        self.office = office
        self.journal = journal
        self.memory = Memory()
        self.taken = -1
        for entry in journal.entries():
            self.take(entry)

    @property
    def began(self) -> Began:
        """How the session began."""
        return self.memory.beginning

    @property
    def state(self) -> State:
        """Where the session is."""
        return self.memory.state

    def write(self, event: Event) -> None:
        """Journal an event of control's and take it in."""
        self.take(self.journal.append(event))
        self.office.watcher.happened(event)

    def take(self, entry: Entry) -> None:
        """Take in an entry that already stands in the journal."""
        self.memory.take(entry.event)
        self.taken = entry.seq

    def move(self, to: State, why: str = "", *, exit_code: int = 0) -> None:
        """Change the state, if it is another one."""
        if to is not self.memory.state:
            self.write(Moved(to=to, why=why, exit_code=exit_code))

    def judge(self, call: Call) -> Verdict:
        """Judge a call as control sees it: whoever publishes is judged by the paths that the newest snapshot changes."""
        return self.office.toolbox.judge(call, changed=self._changed)

    def _changed(self) -> tuple[str, ...]:
        snapshot = self.memory.snapshot
        return self.office.publisher.changed(self.began.base_sha, snapshot) if snapshot else ()

    def announce(self) -> None:
        """Make ledger, stored journal and what people see agree with the case. May be repeated."""
        self.journal.save()
        self.office.ledger.decide(self._news)
        self.office.press(self.office, self)

    def _news(self, view: LedgerView) -> tuple[LedgerEvent, ...]:
        head = self.journal.head
        fact = SessionMoved(
            session=self.began.session, state=self.state, journal_head=head.hash if head else "", why=self.memory.why
        )
        return () if view.session_state(self.began.session) == fact else (fact,)
