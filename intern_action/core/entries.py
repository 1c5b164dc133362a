"""What the ledger says. Append-only; money and permission come from here and from nowhere else (DESIGN section 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias

from intern_action.core.frozen import frozen
from intern_action.core.later import LATER
from intern_action.core.plan import Plan, chosen
from intern_action.core.states import JobState, State
from intern_action.core.types import Expense, JobRef


@frozen
class Terms:
    """What a session begins with: enough to begin it for whoever finds that the run which claimed its event has died.

    Args:
        base_sha: head of the default branch when it was claimed.
        at: when it was asked for, aware; None where the event does not tell.
        by_comment: whether a comment asked, not the thread's own text.
        machine: see `core.incoming.Origin`.
        sandbox: arguments of the `sandbox_create` it begins with, None for none.
    """

    base_sha: str
    model: str
    max_turns: int
    max_cost_usd: Decimal | None = None
    at: datetime | None = None
    by_comment: bool = False
    machine: str = ""
    sandbox: Mapping[str, str] | None = None


@frozen
class Admitted:
    """An event was claimed, once, for a session.

    `what` is "" for the task that begins it, "words" for what was said to it later, or the verb that was given. Whatever comes
    after the first stands in line until whoever drives the session takes it in. `conversation` is where words on a line of the
    pull request are answered. `mark` is the id of the comment, the label or the slot; `terms` are of a task alone.
    """

    event_key: str
    session: str
    requester: str
    thread: int
    task: str
    what: str = field(default="", metadata=LATER)
    conversation: str = field(default="", metadata=LATER)
    mark: str = field(default="", metadata=LATER)
    terms: Terms | None = field(default=None, metadata=LATER)
    kind: Literal["admitted"] = "admitted"


@frozen
class SessionMoved:
    """A session is in this state, and its journal's head has this hash.

    `runner` is the workflow run that works on it; "" for nobody, and where no two machines share a session. `forgotten` says that
    its journal and traces were taken away.
    """

    session: str
    state: State
    journal_head: str
    why: str = ""
    runner: str = field(default="", metadata=LATER)
    forgotten: bool = field(default=False, metadata=LATER)
    kind: Literal["session-moved"] = "session-moved"


@frozen
class PlanMade:
    """The newest plan of a session. It supersedes the ones before."""

    digest: str
    plan: Plan
    kind: Literal["plan-made"] = "plan-made"


@frozen
class PlanConsumed:
    """An approval was used, by these people, with these reviews. One per digest. What it asks for may be done.

    `option` is which of the plan's options they chose; "" is the recommended one.
    """

    digest: str
    session: str
    by: tuple[str, ...]
    reviews: tuple[str, ...]
    option: str = field(default="", metadata=LATER)
    kind: Literal["plan-consumed"] = "plan-consumed"


@frozen
class PlanDropped:
    """A plan is no longer to be had: superseded, refused, expired or stopped."""

    digest: str
    session: str
    why: str
    by: str = ""
    kind: Literal["plan-dropped"] = "plan-dropped"


@frozen
class MoneyHeld:
    """Money is set aside for a plan, before anything starts. `month` is `2026-11`."""

    digest: str
    session: str
    requester: str
    month: str
    usd: Decimal
    kind: Literal["money-held"] = "money-held"


@frozen
class MoneyCaptured:
    """This much of a hold was really spent, by one launch. One per launch key; of an endpoint, one for each part of its time."""

    digest: str
    launch_key: str
    usd: Decimal
    kind: Literal["money-captured"] = "money-captured"


@frozen
class MoneyReleased:
    """The rest of a hold is free again."""

    digest: str
    kind: Literal["money-released"] = "money-released"


@frozen
class JobMoved:
    """A launch is in this state. `fence` grows with each try to launch; the highest one may act until `lease_until`.

    `holder` names who launches: those who share a journal's lock have one name, so that each knows the others to be dead.
    """

    launch_key: str
    digest: str
    session: str
    state: JobState
    fence: int = 0
    lease_until: datetime | None = None
    job: JobRef | None = None
    why: str = ""
    holder: str = field(default="", metadata=LATER)
    kind: Literal["job-moved"] = "job-moved"


@frozen
class ModelSpent:
    """A session's model has cost so much more, in dollars, since the last word on it. `month` is `2026-11`."""

    session: str
    requester: str
    month: str
    usd: Decimal
    kind: Literal["model-spent"] = "model-spent"


@frozen
class Looked:
    """Whatever was said until then was heard, or is not to be heard any more."""

    until: datetime
    kind: Literal["looked"] = "looked"


LedgerEvent: TypeAlias = (
    Admitted
    | SessionMoved
    | PlanMade
    | PlanConsumed
    | PlanDropped
    | MoneyHeld
    | MoneyCaptured
    | MoneyReleased
    | JobMoved
    | ModelSpent
    | Looked
)


@frozen
class Limits:
    """Budgets in dollars; None is "no limit of this kind".

    Args:
        month_usd: of all together in a month. session_usd: of one session. requester_usd: of one person in a month.
        kinds: more limits of the same kind for one expense alone. What the model costs is counted in its own and in no other.
    """

    month_usd: Decimal | None = None
    session_usd: Decimal | None = None
    requester_usd: Decimal | None = None
    kinds: Mapping[Expense, Limits] = field(default_factory=dict["Expense", "Limits"])


@frozen
class JobRow:
    """The newest word on one launch."""

    launch_key: str
    digest: str
    session: str
    state: JobState
    fence: int
    lease_until: datetime | None
    job: JobRef | None
    holder: str = ""


class LedgerView(Protocol):
    """The ledger, read and folded: immutable."""

    @property
    def head(self) -> str:
        """The commit that was read, "" for a new ledger."""
        ...

    def admitted(self, event_key: str) -> Admitted | None:
        """Return the claim of an event, None if it is new."""
        ...

    def session_state(self, session: str) -> SessionMoved | None:
        """Return the newest state of a session."""
        ...

    def sessions(self) -> Mapping[str, SessionMoved]:
        """Return the newest state of each session, oldest session first."""
        ...

    def admission(self, session: str) -> Admitted | None:
        """Return how a session came to be."""
        ...

    def admissions(self) -> tuple[Admitted, ...]:
        """Return how each session came to be, oldest first; the newest may have no state yet."""
        ...

    def followups(self, session: str) -> tuple[Admitted, ...]:
        """Return what was said to a session after it came to be, oldest first, whether or not it has taken it in."""
        ...

    def heard(self, mark: str) -> bool:
        """Whether the comment, the label or the slot with this id was claimed."""
        ...

    def looked(self) -> datetime | None:
        """Return until when everything was heard, as far as somebody wrote it down."""
        ...

    def unbegun(self) -> tuple[Admitted, ...]:
        """Return the tasks that were claimed and of which no session has become, oldest first."""
        ...

    def unheard(self) -> frozenset[str]:
        """Return the sessions that have not moved since something was said to them."""
        ...

    def newest_plan(self, session: str) -> PlanMade | None:
        """Return a session's newest plan, whether or not it still stands."""
        ...

    def plan(self, digest: str) -> Plan | None:
        """Return a plan by digest."""
        ...

    def consumed(self, digest: str) -> PlanConsumed | None:
        """Return the use of an approval."""
        ...

    def dropped(self, digest: str) -> PlanDropped | None:
        """Return why a plan is no longer to be had."""
        ...

    def jobs(self, digest: str) -> tuple[JobRow, ...]:
        """Return the launches of a plan, oldest first."""
        ...

    def row(self, launch_key: str) -> JobRow | None:
        """Return the newest word on one launch, None when nobody knows it."""
        ...

    def costing(self) -> tuple[JobRow, ...]:
        """Return every launch that may cost money now, of whatever session, oldest first."""
        ...

    def held(self, digest: str) -> Decimal:
        """Return what is still set aside for a plan: hold minus captures, 0 once released."""
        ...

    def captured(self, digest: str) -> Decimal:
        """Return what a plan has really spent."""
        ...

    def model_usd(self, session: str) -> Decimal:
        """Return what a session's model has cost, as far as it was written down."""
        ...

    def room(self, *, session: str, requester: str, month: str, limits: Limits, expense: Expense) -> Decimal | None:
        """Return how much more may be held for such an expense under the tightest limit, None when there is no limit."""
        ...


Decision: TypeAlias = Callable[[LedgerView], Sequence[LedgerEvent]]
"""Looks at the ledger as it is and says what to add; may be asked again after a lost race. Raises to decide nothing."""


class Ledger(Protocol):
    """The one authority."""

    def read(self) -> LedgerView:
        """Return the ledger as it is now; LedgerError when the chain is broken."""
        ...

    def decide(self, decision: Decision) -> LedgerView:
        """Read, ask, push a child of what was read; on a lost race do it again. An empty answer writes nothing.

        The sum of holds and captures is checked against nothing here: a decision that holds money asks `room` itself.

        Raises:
            LedgerError: broken chain, unreachable remote, too many lost races.
        """
        ...


def agreed(view: LedgerView, digest: str) -> Plan | None:
    """Return a plan as people approved it, with the option they chose; as it was made before that, None when it is not there."""
    plan, consumed = view.plan(digest), view.consumed(digest)
    return chosen(plan, consumed.option) if plan and consumed else plan
