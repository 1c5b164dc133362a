"""What an event can be: something asked, a reviewer's words on a line, a doorbell, or nothing, with the one line why."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from intern_action.core.frozen import frozen
from intern_action.core.types import Thread

# --- what a person can ask ---------------------------------------------------------------------------------------------


@frozen
class Wishes:
    """What the flags of a task said; None is "not said"."""

    model: str | None = None
    max_turns: int | None = None
    max_cost_usd: Decimal | None = None
    sandbox_tools: bool = False
    flavor: str | None = None
    timeout_minutes: int | None = None


@frozen
class Begin:
    """`/intern [flags] TASK`. The task goes on over further lines and fenced blocks; what hides in it is taken out."""

    task: str
    wishes: Wishes = field(default_factory=Wishes)


@frozen
class Say:
    """`/intern help|status|why|stop|retry|budget`."""

    verb: Literal["help", "status", "why", "stop", "retry", "budget"]


@frozen
class Approve:
    """`/intern approve intern:1a2b3c4d`. It is a wish, not evidence: the gate looks at reviews."""

    code: str


@frozen
class NotUnderstood:
    """It was meant for us and cannot be done as written; the words say why and what to write instead."""

    words: str


Command: TypeAlias = Begin | Say | Approve | NotUnderstood


# --- what an event is --------------------------------------------------------------------------------------------------


@frozen
class Origin:
    """Who said it, where and when.

    Args:
        by: who counts as the one who asks: who wrote the comment, who put the label, who pressed the button.
        machine: "" for a person; otherwise the account or the App that speaks, also where it speaks for a person.
        thread: number of the issue or the pull request, 0 when there is none.
        mark: id of the comment, the label or the slot.
        comment: id of the comment, "" where it was none in a thread.
        at: when it was said, aware; None where the event does not tell.
        key: claims the event: repository, kind, mark and its words at the trigger. A re-delivered event has the same.
        seen: the issue (or pull request) as the event shows it, without its comments: what was changed since is not in it.
    """

    by: str
    thread: int
    mark: str
    key: str
    comment: str = ""
    machine: str = ""
    at: datetime | None = None
    on_pull_request: bool = False
    seen: Thread | None = None


@frozen
class Asked:
    """A task with its flags, a verb, or what was meant for us and cannot be understood."""

    command: Command
    origin: Origin


@frozen
class Feedback:
    """A reviewer's words on a line of a pull request, as they were when the event was sent.

    Args:
        words: what was said; what hides in it is taken out.
        conversation: id of the comment that began the conversation; an answer to it goes there.
        path: the file.
        line: the line in it, 0 for the file as a whole.
        commit: what the reviewer looked at.
        origin: who said it.
    """

    words: str
    conversation: str
    path: str
    line: int
    commit: str
    origin: Origin


@frozen
class Doorbell:
    """Something happened that is worth a look. It says where to look and is evidence of nothing: everything is read again.

    Args:
        why: what rang.
        pull_requests: those to look at; () is every one that waits.
        session: the one to look at, "" for all.
        slot: which firing of a clock or a button this is, with what it is set to; "" for other bells.
    """

    why: Literal["review", "dismissed", "closed", "pushed", "run", "dispatch", "clock"]
    pull_requests: tuple[int, ...] = ()
    session: str = ""
    slot: str = ""


@frozen
class Nothing:
    """Not for us; the words are the one line that a log shows."""

    words: str


Incoming: TypeAlias = Asked | Feedback | Doorbell | Nothing
