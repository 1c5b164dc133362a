"""The way into a repository on GitHub from a run of its workflow: its sessions, each with a house on this runner."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from intern_action.core.errors import Misconfigured
from intern_action.forge.github import OUR_NAME, GitHubForge
from intern_action.settings.clock import SystemClock
from intern_action.settings.keys import RUN_FLAGS
from intern_action.settings.world import ROOT_WORK, World, make, world_at
from intern_action.wiring.github import DefaultBranch, GitHubGround
from intern_action.wiring.keys import keys_in
from intern_action.wiring.premises import Premises, Role, ledger_on
from intern_action.wiring.workflow import WorkflowRun, inputs, with_inputs

if TYPE_CHECKING:
    from intern_action.core.entries import LedgerView
    from intern_action.forge._wire import Wire
    from intern_action.wiring.house import House

INPUTS = {
    **RUN_FLAGS,
    "jobs": "jobs.backend",
    "sandboxes": "sandbox.backend",
}
"""Inputs that are settings."""

BACKEND = "INTERN_ACTION_JOBS_BACKEND"
HUB_TOKENS = ("HF_WRITE_TOKEN", "HF_JOB_TOKEN")


class GitHubDoor:
    """Implements `wiring.door.Door` for a workflow run.

    Args:
        run: the run we are in.
        environment: the environment variables, inputs among them.
        forge: how its forge is made.
        wire: the line to GitHub, where it is open already.

    Raises:
        Misconfigured: an input says something that cannot be.
    """

    def __init__(
        self,
        run: WorkflowRun,
        environment: Mapping[str, str],
        forge: type[GitHubForge] = GitHubForge,
        *,
        wire: Wire | None = None,
    ) -> None:
        self.run = run
        self.inputs = inputs(environment)
        self.environment = with_inputs(environment)
        self.clock = SystemClock()
        self.role: Role = _role(self.inputs.get("role", "all"))
        home = Path(environment.get("INTERN_ACTION_WORK") or ROOT_WORK) / "home"
        self.world: World = world_at(str(home), environment)
        make(self.world)
        name, token = self.inputs.get("bot_name") or OUR_NAME, self.environment.get("GITHUB_TOKEN", "")
        self.ground = GitHubGround(run, token, clock=self.clock, our_name=name, forge=forge, wire=wire)
        self.default = DefaultBranch(self.ground, self.world, name=run.default_branch)

    @property
    def premises(self) -> Premises:
        """Settings and ledger, as the default branch says."""
        return self._premises

    @cached_property
    def _premises(self) -> Premises:
        flags: dict[str, object] = {path: self.inputs.get(name) for name, path in INPUTS.items()}
        if flags["jobs.backend"] is None and BACKEND not in self.environment:
            pays = all(self.environment.get(name) for name in HUB_TOKENS)
            flags["jobs.backend"] = "hf" if pays else "local"
        return Premises(
            self.default.settings({"stream": False, **flags}, self.environment).settings,
            self.world,
            self.environment,
            self.clock,
            ground=self.ground,
        )

    def glance(self) -> LedgerView:
        """Read the ledger, without settings and before anything else."""
        return ledger_on(self.ground, self.world, self.clock, keys_in(self.environment)).read()

    def open(self, session: str, *, takes_over: bool = False) -> House:
        """Return a session's house; "" is nobody's, for control's ports alone. `takes_over`: back from the agent half."""
        from intern_action.wiring.house import House

        return House(self.premises, session, self.default.name, role=self.role, takes_over=takes_over)

    def newest(self) -> str:
        """Return the session that was begun last. Raises Misconfigured when there is none."""
        sessions = self.premises.ledger.read().sessions()
        if not sessions:
            raise Misconfigured("this repository has no session yet; `/intern TASK` in an issue begins one")
        return tuple(sessions)[-1]


def _role(said: str) -> Role:
    if said not in {"all", "agent", "control"}:
        raise Misconfigured(f"the input `role` is {said!r}; it is one of all, agent, control")
    return cast("Role", said)
