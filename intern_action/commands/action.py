"""`intern-action action`: a step of a workflow begins. What is asked in any case is asked before the rest is read in."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import TYPE_CHECKING

from intern_action.wiring.workflow import WorkflowRun, inputs, with_inputs

if TYPE_CHECKING:
    from intern_action.forge._wire import Wire

CLOCK = "schedule"


def action(environment: Mapping[str, str]) -> int:
    """Do what one event asks for; return the exit code."""
    run = WorkflowRun.of(environment)
    gc.disable()  # as long as modules are made there is no garbage to find
    wire = _early(run, environment)
    from intern_action.commands.step import take

    gc.freeze()
    gc.enable()
    return take(run, environment, wire)


def _early(run: WorkflowRun, environment: Mapping[str, str]) -> Wire | None:
    """Ask what every clock of ours asks, unless the rest would refuse this run; return the line to GitHub.

    Of all events this is the one that comes most often, and the one of which it is known before anything was read.
    """
    obeyed = bool(run.default_branch) and run.of_branch(run.default_branch)
    if run.event != CLOCK or not obeyed or inputs(environment).get("role", "all") == "agent":
        return None
    from intern_action.forge.early import early_line
    from intern_action.settings.clock import SystemClock

    token = with_inputs(environment).get("GITHUB_TOKEN", "")
    return early_line(run.repository, token, api_url=run.api_url, clock=SystemClock())
