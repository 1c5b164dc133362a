"""What can happen in a session. Events are appended, then taken in; nothing else changes a session (DESIGN section 3).

Each kind has one author. The agent half may write `Heard Started Answered Held Folded Noted Spent`, and `Answered` only for
calls that are not held; control writes the rest and the answers of held calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from intern_action.core.frozen import frozen
from intern_action.core.later import LATER
from intern_action.core.states import State
from intern_action.core.types import JobRef, Reply, ToolResult, Usage


@frozen
class Began:
    """The first event: who asked for what, from which commit, under which model and limits.

    `branch` is the branch the work is published on; `base` the one it starts from.
    """

    session: str
    task: str
    requester: str
    thread: int
    base: str
    base_sha: str
    branch: str
    model: str
    event_key: str
    max_turns: int = 300
    max_cost_usd: Decimal | None = None
    schema: int = 1
    kind: Literal["began"] = "began"


@frozen
class Told:
    """Somebody said something to the agent.

    `event_key` is what it was claimed under, "" where it was said directly. With a `verb` (`stop`, `retry`) it was said to the
    house, which has done it: the model is not told.
    """

    by: str
    words: str
    event_key: str = field(default="", metadata=LATER)
    verb: str = field(default="", metadata=LATER)
    kind: Literal["told"] = "told"


@frozen
class Moved:
    """The session's state changed. `exit_code` is what a script sees when it ends here (0 when all is well)."""

    to: State
    why: str = ""
    exit_code: int = 0
    kind: Literal["moved"] = "moved"


@frozen
class Heard:
    """The model answered."""

    reply: Reply
    kind: Literal["heard"] = "heard"


@frozen
class Started:
    """A call is about to be run. Without its `Answered`, the runner died in it."""

    call_id: str
    kind: Literal["started"] = "started"


@frozen
class Answered:
    """A call has its result. `snapshot` is the commit that holds the checkout if the call changed it."""

    call_id: str
    result: ToolResult
    snapshot: str = ""
    seconds: float = 0.0
    kind: Literal["answered"] = "answered"


@frozen
class Held:
    """A call waits for control: it would spend, or overwrite, or a rule says so."""

    call_id: str
    why: str
    kind: Literal["held"] = "held"


@frozen
class Planned:
    """Control published the plan of a held call: this pull request, this digest, at most this much."""

    call_id: str
    digest: str
    pull_request: int
    ceiling_usd: Decimal
    kind: Literal["planned"] = "planned"


@frozen
class Allowed:
    """The gate let a held call pass."""

    call_id: str
    digest: str
    by: tuple[str, ...]
    kind: Literal["allowed"] = "allowed"


@frozen
class Refused:
    """Somebody, or the gate, said no. The words become the call's answer."""

    call_id: str
    digest: str
    by: str
    words: str
    kind: Literal["refused"] = "refused"


@frozen
class Submitted:
    """A job was launched (or adopted) for a held call."""

    call_id: str
    digest: str
    job: JobRef
    attempt: int
    kind: Literal["submitted"] = "submitted"


@frozen
class Spent:
    """Money went: on a model answer (agent half) or on a job (control, `call_id` set)."""

    usd: Decimal | None
    why: str
    usage: Usage = Usage()
    call_id: str = ""
    kind: Literal["spent"] = "spent"


@frozen
class Noted:
    """The house tells the model something."""

    text: str
    kind: Literal["noted"] = "noted"


@frozen
class Folded:
    """The conversation was compacted: of the first `turns` turns people's words stay, `note` stands for the rest.

    With a `note` of "" nothing stands for them. `most_bytes` bounds each turn that is kept; 0 leaves them whole. What is newest
    (the last reply and what came after it) may have four times as much.
    """

    turns: int
    note: str
    most_bytes: int = 0
    kind: Literal["folded"] = "folded"


@frozen
class Published:
    """Control carried something out at a boundary: a push, a pull request, an upload. `what` names it, `data` has the links."""

    what: str
    call_id: str = ""
    data: Mapping[str, str] = field(default_factory=dict[str, str])
    kind: Literal["published"] = "published"


Event: TypeAlias = (
    Began
    | Told
    | Moved
    | Heard
    | Started
    | Answered
    | Held
    | Planned
    | Allowed
    | Refused
    | Submitted
    | Spent
    | Noted
    | Folded
    | Published
)

AGENT_KINDS = frozenset({"heard", "started", "answered", "held", "folded", "noted", "spent"})
"""What a bundle's segment may hold."""


@frozen
class Entry:
    """One line of a journal: an event with its place, time and the hash of the line before.

    Args:
        seq: 0 for `Began`, then one more each.
        at: when it was written, aware, UTC.
        before: hash of the line before (64 hex digits), "" for the first.
        hash: sha256 of this line's canonical JSON without `hash`.
    """

    seq: int
    at: datetime
    before: str
    event: Event
    hash: str = ""
