"""Where training runs, as the settings say."""

from __future__ import annotations

from intern_action.core.ports import Jobs
from intern_action.jobs._backend import Supplies
from intern_action.wiring.parts import backend_named, flavors_for, hub_account, minutes, offline
from intern_action.wiring.premises import Premises
from intern_action.wiring.users import ToolUsers


def jobs_for(premises: Premises, users: ToolUsers, *, reads: bool) -> Jobs:
    """Return the backend of jobs.

    Args:
        premises: of the world.
        users: who runs jobs on this machine.
        reads: whether this process may only look at jobs, as the agent half may.
    """
    settings, world = premises.settings, premises.world
    jobs = settings.jobs
    longest = jobs.local.timeout if jobs.backend == "local" else jobs.hf.timeout
    return backend_named(jobs.backend).make(
        Supplies(
            root=str(world.jobs),
            shell=users.tools,
            own=users.tools.own,
            clock=premises.clock,
            flavors=flavors_for(settings),
            cache=str(world.cache),
            python=users.python,
            memory_mb=jobs.local.memory_mb,
            longest_minutes=minutes(longest),
            environment=offline(world),
            hub=None if jobs.backend == "local" else hub_account(premises, reads=reads),
            kept_for=jobs.hf.kept_for,
        )
    )
