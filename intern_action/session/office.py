"""What control works with: its ports, and one session's case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from intern_action.agent.memory import Memory
from intern_action.agent.toolbox import Toolbox, Verdict
from intern_action.core.entries import Ledger, LedgerEvent, LedgerView, ModelSpent, SessionMoved
from intern_action.core.errors import AtWork, Misconfigured
from intern_action.core.events import Began, Entry, Event, Moved
from intern_action.core.frozen import frozen
from intern_action.core.judgement import ApprovalPolicy, Judgement
from intern_action.core.ports import (
    Clock,
    ControlJournal,
    Endpoints,
    Forge,
    HubWriter,
    Jobs,
    JournalStore,
    Publisher,
    Redactor,
    SandboxDoor,
    Sandboxes,
    Watcher,
)
from intern_action.core.provenance import DataOrigin, Provenance
from intern_action.core.states import State
from intern_action.core.types import Call, JobRef, JsonObject
from intern_action.session.door import masked

AGENT = "agent"
"""Who works on a session that control has handed to the agent half in a run of its own."""

RUN = "run-"
"""What the names of holders begin with that are workflow runs."""


@frozen
class Office:
    """Control's ports. It alone holds what can write and spend.

    Args:
        door: works in sandboxes, as the agent half does; control looks through it at commands that run on their own.
        pull: copies a folder of a sandbox here and returns where, "" when it is not there.
        progress: shows people a line about what is waited for; the same one again may go unsaid.
        policy: reads `.github/intern.yml` of the default branch *now*: blob id ("" when there is none) and what it says.
        results: reads what a finished job wrote: `metrics.json` as a JSON object, {} when there is none.
        export: writes one folder of a commit somewhere and returns where, "" when the commit has no such folder.
        dress: lays a job's output out for the Hub, with where it comes from in its card, and returns that folder.
        dress_data: the same for a folder that is to be a data set.
        content: returns the digest of a folder's files, "" when there are none.
        redactor: masks what control writes down of others' words.
        leaks: whether what is about to be kept and shown holds a secret.
        leaking: the name of a file in a folder that holds one, or whose name does; "" when none does.
        endpoint_patience: how long an endpoint may take until it answers; then it is given up.
        plan_lives: how long a plan may wait for its approval.
        press: renews everything people see of a case; called after each boundary.
        base: the default branch.
        scratch: a folder for archives.
        holder: names whoever shares the locks of these journals, and nobody else: `run-…` a workflow run, else a machine.
        there: whether a folder is on this machine.
        runner: the workflow run we are in, "" where no other machine works on these sessions.
        runs: whether a workflow run still runs; one that nobody can be asked about does.
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
    progress: Callable[[str], None]
    policy: Callable[[], tuple[str, ApprovalPolicy]]
    results: Callable[[str], JsonObject]
    export: Callable[[str, str], str]
    dress: Callable[[str, Provenance], str]
    dress_data: Callable[[str, DataOrigin], str]
    content: Callable[[str], str]
    redactor: Redactor
    leaks: Callable[[bytes], bool]
    leaking: Callable[[str], str]
    press: Callable[[Office, Case], None]
    endpoint_patience: timedelta
    plan_lives: timedelta
    base: str
    scratch: str
    holder: str
    there: Callable[[str], bool] = bool
    runner: str = ""
    runs: Callable[[str], bool] = bool

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
        self.seat = office.runner
        self.judged: Judgement | None = None
        """The judgement of what awaits a review that was made just now, for what is shown next; None at any other time."""
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
        """Journal an event of control's, masked, and take it in."""
        said = masked(event, self.office.redactor)
        self.take(self.journal.append(said))
        self.office.watcher.happened(said)

    def take(self, entry: Entry) -> None:
        """Take in an entry that already stands in the journal."""
        self.memory.take(entry.event)
        self.taken = entry.seq
        self.judged = None

    def move(self, to: State, why: str = "", *, exit_code: int = 0) -> None:
        """Change the state, if it is another one."""
        if to is not self.memory.state:
            self.write(Moved(to=to, why=why, exit_code=exit_code))

    def judge(self, call: Call) -> Verdict:
        """Judge a call as control sees it: whoever publishes is judged by the paths that the newest snapshot changes."""
        return self.office.toolbox.judge(call, changed=self.changed)

    def changed(self) -> tuple[str, ...]:
        """Return the paths that the newest snapshot changes."""
        snapshot = self.memory.snapshot
        return self.office.publisher.changed(self.began.base_sha, snapshot) if snapshot else ()

    def save(self) -> None:
        """Store the journal where another machine finds it."""
        if self.memory.snapshot:  # first: a journal that is found elsewhere never names a snapshot that is not
            self.office.publisher.keep(self.began.session, self.memory.snapshot)
        self.journal.save()

    def announce(self) -> None:
        """Make stored journal, ledger and what people see agree with the case. May be repeated.

        On GitHub a run gives its seat up only when people have been shown what is new: one that dies before leaves a seat that is
        nobody's, by which the next timer finds the session.
        """
        self.save()
        self.office.ledger.decide(self._news)
        self.office.press(self.office, self)
        if self.office.runner and self._pauses:
            self.office.ledger.decide(self._leave)
        self.judged = None

    def hand_over(self) -> None:
        """Say in the ledger, and to people, that the agent half goes on with the session elsewhere."""
        self.seat = AGENT
        self.announce()

    def take_seat(self) -> None:
        """Say in the ledger that this run works on the session now.

        Raises:
            AtWork: another run does, and still runs.
        """
        if self.office.runner:
            self.office.ledger.decide(self._news)

    @property
    def _pauses(self) -> bool:
        return self.state.waiting or self.state.over

    def _leave(self, view: LedgerView) -> tuple[LedgerEvent, ...]:
        return () if view.session_state(self.began.session) == self._fact("") else (self._fact(""),)

    def _fact(self, runner: str) -> SessionMoved:
        head = self.journal.head
        return SessionMoved(
            session=self.began.session,
            state=self.state,
            journal_head=head.hash if head else "",
            why=self.memory.why,
            runner=runner,
        )

    def _news(self, view: LedgerView) -> tuple[LedgerEvent, ...]:
        before, fact = view.session_state(self.began.session), self._fact(self.seat)
        other = before.runner if before else ""
        if other not in {"", self.office.runner} and self.office.runs(other):
            raise AtWork(
                f"run {other} works on session {self.began.session}; what was said is taken in at its next stop"
            )
        known = before == fact or (self._pauses and before == self._fact(""))  # and everybody has been shown it
        return (*self._model_money(view), *(() if known else (fact,)))

    def _model_money(self, view: LedgerView) -> tuple[LedgerEvent, ...]:
        """Return what the model has cost that the ledger does not know of yet."""
        began, more = self.began, self.memory.model_usd - view.model_usd(self.began.session)
        if more <= 0:
            return ()
        month = f"{self.office.clock.now():%Y-%m}"
        return (ModelSpent(session=began.session, requester=began.requester, month=month, usd=more),)
