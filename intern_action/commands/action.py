"""`intern-action action`: a step of a workflow begins. What is asked in any case is asked before the rest is read in."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from intern_action.core.errors import InternError
from intern_action.wiring.workflow import WorkflowRun, inputs, with_inputs

if TYPE_CHECKING:
    from intern_action.core.incoming import Incoming
    from intern_action.forge._wire import Wire
    from intern_action.forge.early import Early

CLOCK = "schedule"
NEEDS_POLICY = frozenset({"issues"})
"""Events that are for us or not depending on what the policy says of labels."""


def action(environment: Mapping[str, str]) -> int:
    """Do what one event asks for; return the exit code. Whatever goes wrong is said in the thread, if somebody waits there."""
    from intern_action.core.incoming import Nothing

    gc.disable()  # as long as modules are made there is no garbage to find
    run = WorkflowRun.of(environment)
    heard = None if run.event in {CLOCK, *NEEDS_POLICY} else _heard(run)
    if isinstance(heard, Nothing):
        click.echo(heard.words)
        return 0
    wire = _asked_early(run, environment, heard)
    from intern_action.commands.step import take

    gc.freeze()
    gc.enable()
    return take(run, environment, wire)


def _heard(run: WorkflowRun) -> Incoming:
    from intern_action.triggers import hear
    from intern_action.triggers._command import Bounds

    return hear(run.event, run.payload, Bounds(), slot=run.run_id)


def _asked_early(run: WorkflowRun, environment: Mapping[str, str], heard: Incoming | None) -> Wire | None:
    """Ask GitHub the first thing that this event takes; return the line to it, None where nothing is asked.

    Nothing is decided here, and nothing is said that goes wrong: what cannot be asked now is asked, or refused, in its turn.
    """
    obeyed = bool(run.default_branch) and run.of_branch(run.default_branch)
    if not obeyed or inputs(environment).get("role", "all") == "agent":
        return None
    from intern_action.forge.early import Early
    from intern_action.settings.clock import SystemClock

    token = with_inputs(environment).get("GITHUB_TOKEN", "")
    try:
        early = Early(run.repository, token, api_url=run.api_url, clock=SystemClock())
    except InternError:
        return None
    _ask(early, run.event, heard)
    return early.wire


def _ask(early: Early, event: str, heard: Incoming | None) -> None:
    from intern_action.core.incoming import Asked

    if event == CLOCK:
        early.events()
    elif isinstance(heard, Asked) and not heard.origin.machine:
        early.permission(heard.origin.by)
