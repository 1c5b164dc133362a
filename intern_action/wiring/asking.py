"""From what somebody asked to what a session begins with: model, limits, hardware, a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intern_action.core.incoming import Begin, Origin, Wishes
from intern_action.core.types import JsonObject
from intern_action.settings.words import text
from intern_action.wiring.llms import chosen_model
from intern_action.wiring.parts import there_is
from intern_action.wiring.premises import Premises

if TYPE_CHECKING:
    from intern_action.session.admit import Request


def request_of(premises: Premises, task: Begin, origin: Origin, *, base_sha: str, by_comment: bool) -> Request:
    """Return the request of a task with its flags; what they do not say, the settings say.

    Args:
        premises: settings, and what hardware there is.
        task: with its flags, which were held against their bounds when they were read.
        origin: who asked, where and when.
        base_sha: head of the default branch.
        by_comment: whether a comment asked, not the thread's own text.
    """
    from intern_action.session.admit import Request
    from intern_action.session.thread import Trigger

    settings, wishes = premises.settings, task.wishes
    return Request(
        event_key=origin.key,
        task=with_hardware(task.task, wishes),
        requester=origin.by,
        thread=origin.thread,
        base_sha=base_sha,
        model=wishes.model or chosen_model(premises),
        max_turns=wishes.max_turns or settings.max_turns,
        max_cost_usd=settings.max_cost_usd if wishes.max_cost_usd is None else wishes.max_cost_usd,
        machine=origin.machine,
        mark=origin.mark,
        trigger=Trigger(
            at=origin.at or premises.clock.now(), comment=origin.mark if by_comment else "", seen=origin.seen
        ),
        sandbox=first_lease(premises) if wishes.sandbox_tools or settings.sandbox_tools else None,
    )


def with_hardware(task: str, wishes: Wishes) -> str:
    """Return the task with what the flags say of its job, in words that every model and the planner read."""
    said = [f"flavor {wishes.flavor}"] if wishes.flavor else []
    said += [f"timeout {wishes.timeout_minutes}m"] if wishes.timeout_minutes else []
    return f"{task} ({', '.join(said)})" if said else task


def first_lease(premises: Premises) -> JsonObject:
    """Return the arguments of the `sandbox_create` that a session begins with when its tools work in a sandbox."""
    asked = premises.settings.sandbox
    cap = {} if asked.cap_usd is None else {"cap_usd": str(asked.cap_usd)}
    return {
        "flavor": there_is(asked.flavor, asked.backend),
        "timeout": f"{int(asked.lease.total_seconds() // 60)}m",
        "purpose": text("sandbox-purpose").strip(),
        **cap,
    }
