"""How a turn of the agent half ends: values, matched exhaustively."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from intern_action.core.frozen import frozen
from intern_action.core.types import JobRef


@frozen
class Finished:
    """The agent says it is done, in these words."""

    text: str
    kind: Literal["finished"] = "finished"


@frozen
class NeedsReview:
    """These calls are held; control has to answer them."""

    call_ids: tuple[str, ...]
    kind: Literal["needs-review"] = "needs-review"


@frozen
class NeedsJob:
    """These calls have a job that still runs."""

    call_ids: tuple[str, ...]
    kind: Literal["needs-job"] = "needs-job"


@frozen
class NeedsCommand:
    """A command that runs on its own in a sandbox is waited for, until then at most."""

    sandbox: JobRef
    process: str
    until: datetime
    kind: Literal["needs-command"] = "needs-command"


@frozen
class NeedsInput:
    """The agent cannot go on without a person's words."""

    question: str
    kind: Literal["needs-input"] = "needs-input"


@frozen
class Exhausted:
    """Turns, money or time ran out, or the time of this runner, which is no failure: another one goes on."""

    what: Literal["turns", "money", "time", "runner"]
    text: str
    kind: Literal["exhausted"] = "exhausted"


@frozen
class GaveUp:
    """The agent says that the task cannot be done as it stands: the task or its data are at fault, or the job."""

    text: str
    because: Literal["task", "job"]
    kind: Literal["gave-up"] = "gave-up"


Ending: TypeAlias = Finished | NeedsReview | NeedsJob | NeedsCommand | NeedsInput | Exhausted | GaveUp
