"""`intern-action action`: what a step of a workflow does. One event in; answered, driven on, and said in the step's outputs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import click

from intern_action.commands.local import exit_code
from intern_action.commands.reconcile import tick
from intern_action.core.errors import AtWork, InternError, Interrupted, Misconfigured, NotAllowed
from intern_action.core.incoming import Asked, Begin, Doorbell, Feedback, Incoming, Nothing, Origin, Say
from intern_action.core.types import Reaction
from intern_action.forge.github import OUR_NAME
from intern_action.session.admit import Request
from intern_action.session.receive import Received, receive, receive_feedback, rung
from intern_action.settings.clock import SystemClock
from intern_action.settings.words import text
from intern_action.settings.world import ROOT_WORK, World, make, world_at, writing
from intern_action.triggers import hear
from intern_action.triggers._command import Bounds
from intern_action.wiring.asking import request_of
from intern_action.wiring.bounds import bounds_of
from intern_action.wiring.github import DefaultBranch, GitHubGround
from intern_action.wiring.house import House
from intern_action.wiring.keys import keys_in
from intern_action.wiring.outputs import deliver
from intern_action.wiring.premises import Premises, ledger_on
from intern_action.wiring.workflow import WorkflowRun, inputs, with_inputs

FLAGS = {
    "model": "model",
    "max_iterations": "max_turns",
    "max_cost": "max_cost_usd",
    "sandbox_tools": "sandbox_tools",
    "out": "out",
    "jobs": "jobs.backend",
    "sandboxes": "sandbox.backend",
}
"""Inputs that are settings."""

NEEDS_POLICY = frozenset({"issues"})
"""Events that are for us or not depending on what the policy says of labels."""


def action(environment: Mapping[str, str]) -> int:
    """Do what one event asks for; return the exit code. Whatever goes wrong is said in the thread, if somebody waits there."""
    run = WorkflowRun.of(environment)
    if run.event not in NEEDS_POLICY:
        heard = hear(run.event, run.payload, Bounds(), slot=run.run_id)
        if isinstance(heard, Nothing):
            return _nothing(heard)
    step = Step(run, environment)
    with writing(step.world):
        return step.go()


def _nothing(heard: Nothing) -> int:
    click.echo(heard.words)
    return 0


class Step:
    """One event on one repository: a door like `LocalDoor`, opened by what GitHub sent."""

    def __init__(self, run: WorkflowRun, environment: Mapping[str, str]) -> None:
        self._run = run
        self._inputs = inputs(environment)
        self._environment = with_inputs(environment)
        self._clock = SystemClock()
        home = Path(environment.get("INTERN_ACTION_WORK") or ROOT_WORK) / "home"
        self.world: World = world_at(str(home), environment)
        make(self.world)
        name = self._inputs.get("bot_name") or OUR_NAME
        token = self._environment.get("GITHUB_TOKEN", "")
        self._ground = GitHubGround(run, token, clock=self._clock, our_name=name)
        self._default = DefaultBranch(self._ground, self.world, name=run.default_branch)

    @property
    def premises(self) -> Premises:
        """Settings and ledger, as the default branch says."""
        return self._premises

    @cached_property
    def _premises(self) -> Premises:
        flags: dict[str, object] = {path: self._inputs.get(name) for name, path in FLAGS.items()}
        loaded = self._default.settings({"stream": False, **flags}, self._environment)
        for note in loaded.notes:
            click.echo(f"note: {note}", err=True)
        return Premises(loaded.settings, self.world, self._environment, self._clock, ground=self._ground)

    def open(self, session: str) -> House:
        """Return a session's house."""
        return House(self.premises, session, self._default.name)

    def newest(self) -> str:
        """Return the session that was begun last. Raises Misconfigured when there is none."""
        sessions = self.premises.ledger.read().sessions()
        if not sessions:
            raise Misconfigured("this repository has no session yet; `/intern TASK` in an issue begins one")
        return tuple(sessions)[-1]

    def go(self) -> int:
        """Hear the event again, within the bounds of settings and policy, and do what it asks."""
        if not self._run.of_branch(self._default.name):
            raise NotAllowed(text("other-workflow", run=self._run, default=self._default.name).strip())
        if self._quiet():
            click.echo("nothing waits here")
            return 0
        try:
            return self._do(self._heard())
        except Interrupted:
            raise
        except InternError as error:
            self._tell(str(error))
            raise

    def _quiet(self) -> bool:
        """Whether a bell rang where nothing waits, works or costs: then not even the settings are read."""
        if not isinstance(hear(self._run.event, self._run.payload, Bounds(), slot=self._run.run_id), Doorbell):
            return False
        view = ledger_on(self._ground, self.world, self._clock, keys_in(self._environment)).read()
        return not view.costing() and all(moved.state.over for moved in view.sessions().values())

    def _heard(self) -> Incoming:
        with self.open("") as house:
            bounds = bounds_of(self.premises.settings, house.office.policy()[1])
        return hear(self._run.event, self._run.payload, bounds, slot=self._run.run_id)

    def _do(self, heard: Incoming) -> int:
        match heard:
            case Nothing():
                return _nothing(heard)
            case Doorbell(why="clock"):
                return tick(self, seen=self._deliver)
            case Doorbell():
                with self.open("") as house:
                    sessions = rung(house.office, heard)
                if not sessions:
                    click.echo("nothing waits here")
                return max((self._go_on(session) for session in sessions), default=0)
            case Feedback():
                with self.open("") as house:
                    received = receive_feedback(house.office, heard)
                return self._after(received, heard.origin)
            case Asked():
                with self.open("") as house:
                    received = receive(house.office, heard, self._request)
                begun = isinstance(heard.command, Begin)
                return self._after(received, heard.origin, begun=begun, look=heard.command != Say(verb="why"))

    def _request(self, task: Begin, origin: Origin) -> Request:
        by_comment = self._run.event == "issue_comment"
        return request_of(self.premises, task, origin, base_sha=self._default.head, by_comment=by_comment)

    def _after(self, received: Received, origin: Origin, *, begun: bool = False, look: bool = True) -> int:
        """Answer whoever asked, then go on with the session."""
        click.echo(received.log)
        heard = received.session if begun else received.answer
        new = bool(heard) and origin.thread > 0 and self._see(origin)
        if received.answer:
            self._say(origin, received.answer, new=new)
        return self._go_on(received.session, begun=begun) if received.session and look else 0

    def _see(self, origin: Origin) -> bool:
        """Show that it was seen; return whether nobody has done so before."""
        comment = origin.mark if self._run.event == "issue_comment" else ""
        return self._ground.forge.react(origin.thread, Reaction.EYES, comment=comment)

    def _say(self, origin: Origin, words: str, *, new: bool = False) -> None:
        """Answer an event in its thread, once: what is not new there is looked for and renewed."""
        marker, forge = f"<!-- intern-action event={origin.key[:32]} -->", self._ground.forge
        if origin.thread <= 0:
            click.echo(words)
        elif new:
            forge.comment(origin.thread, f"{words}\n\n{marker}")
        else:
            forge.keep_comment(origin.thread, marker=marker, text=words)

    def _go_on(self, session: str, *, begun: bool = False) -> int:
        try:
            return self._driven(session, begun=begun)
        except AtWork as busy:
            click.echo(str(busy))
            return 0

    def _driven(self, session: str, *, begun: bool) -> int:
        with self.open(session) as house:
            if begun and not house.case.memory.replies:
                house.case.announce()  # people see at once that it is at work
            house.drive()
            case = house.case
            click.echo(f"{session} is {case.state}: {case.memory.why or 'nothing is missing'}")
            self._deliver(house)
            return exit_code(house)

    def _deliver(self, house: House) -> None:
        deliver(house, self._run)

    def _tell(self, words: str) -> None:
        """Say in the thread why nothing was done, to somebody who may write; others learn it from the log at most."""
        heard = hear(self._run.event, self._run.payload, Bounds(), slot=self._run.run_id)
        if not isinstance(heard, Asked) or heard.origin.machine:
            return
        try:
            if self._ground.forge.permission(heard.origin.by).writes:
                self._say(heard.origin, text("received", what="refused", because=words).strip())
        except InternError as error:
            click.echo(f"this could not be said in the thread: {error}", err=True)
