"""`intern-action action`: what a step of a workflow does. One event in; answered, driven on, and said in the step's outputs."""

from __future__ import annotations

from collections.abc import Mapping

import click

from intern_action.commands.halves import hand_over, take_over, think
from intern_action.commands.interrupted import tell_interrupted
from intern_action.commands.local import exit_code
from intern_action.commands.reconcile import tick
from intern_action.core.errors import AtWork, InternError, Interrupted, NotAllowed
from intern_action.core.incoming import Asked, Begin, Doorbell, Feedback, Incoming, Nothing, Origin, Say
from intern_action.core.states import State
from intern_action.core.types import Reaction
from intern_action.session.admit import Request
from intern_action.session.receive import Received, receive, receive_feedback, rung
from intern_action.settings.words import text
from intern_action.settings.world import writing
from intern_action.triggers import hear
from intern_action.triggers._command import Bounds
from intern_action.wiring.asking import request_of
from intern_action.wiring.bounds import bounds_of
from intern_action.wiring.github_door import GitHubDoor
from intern_action.wiring.house import House
from intern_action.wiring.outputs import deliver
from intern_action.wiring.workflow import WorkflowRun

NEEDS_POLICY = frozenset({"issues"})
"""Events that are for us or not depending on what the policy says of labels."""

COMMENT = "issue_comment"


def action(environment: Mapping[str, str]) -> int:
    """Do what one event asks for; return the exit code. Whatever goes wrong is said in the thread, if somebody waits there."""
    run = WorkflowRun.of(environment)
    if run.event not in NEEDS_POLICY:
        heard = hear(run.event, run.payload, Bounds(), slot=run.run_id)
        if isinstance(heard, Nothing):
            return _nothing(heard)
    door = GitHubDoor(run, environment)
    with writing(door.world):
        return Step(door).go()


def _nothing(heard: Nothing) -> int:
    click.echo(heard.words)
    return 0


class Step:
    """One event on one repository."""

    def __init__(self, door: GitHubDoor) -> None:
        self._door = door
        self._run = door.run

    def go(self) -> int:
        """Do what the event asks for, if it is the default branch's workflow that hears it."""
        default = self._door.default.name
        if not self._run.of_branch(default):
            raise NotAllowed(text("other-workflow", run=self._run, default=default).strip())
        if self._door.role == "agent":
            return think(self._door)
        if self._door.role == "control" and self._run.session:
            with take_over(self._door) as house:
                return self._rest(house)
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
        view = self._door.glance()
        return not view.costing() and all(moved.state.over for moved in view.sessions().values())

    def _heard(self) -> Incoming:
        """Hear the event again, within the bounds of settings and policy."""
        with self._door.open("") as house:
            bounds = bounds_of(self._door.premises.settings, house.office.policy()[1])
        return hear(self._run.event, self._run.payload, bounds, slot=self._run.run_id)

    def _do(self, heard: Incoming) -> int:
        match heard:
            case Nothing():
                return _nothing(heard)
            case Doorbell(why="clock"):
                return tick(self._door, seen=self._rest)
            case Doorbell():
                with self._door.open("") as house:
                    sessions = rung(house.office, heard)
                if not sessions:
                    click.echo("nothing waits there")
                return max((self._go_on(session) for session in sessions), default=0)
            case Feedback():
                with self._door.open("") as house:
                    received = receive_feedback(house.office, heard)
                return self._after(received, heard.origin)
            case Asked():
                with self._door.open("") as house:
                    received = receive(house.office, heard, self._request)
                begun = isinstance(heard.command, Begin)
                return self._after(received, heard.origin, begun=begun, look=heard.command != Say(verb="why"))

    def _request(self, task: Begin, origin: Origin) -> Request:
        by_comment = self._run.event == COMMENT
        return request_of(self._door.premises, task, origin, base_sha=self._door.default.head, by_comment=by_comment)

    # --- answering ------------------------------------------------------------------------------------------------

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
        comment = origin.mark if self._run.event == COMMENT else ""
        return self._door.ground.forge.react(origin.thread, Reaction.EYES, comment=comment)

    def _say(self, origin: Origin, words: str, *, new: bool = False) -> None:
        """Answer an event in its thread, once: what is not new there is looked for and renewed."""
        marker, forge = f"<!-- intern-action event={origin.key[:32]} -->", self._door.ground.forge
        if origin.thread <= 0:
            click.echo(words)
        elif new:
            forge.comment(origin.thread, f"{words}\n\n{marker}")
        else:
            forge.keep_comment(origin.thread, marker=marker, text=words)

    def _tell(self, words: str) -> None:
        """Say in the thread why nothing was done, to somebody who may write; others learn it from the log at most."""
        heard = hear(self._run.event, self._run.payload, Bounds(), slot=self._run.run_id)
        if not isinstance(heard, Asked) or heard.origin.machine:
            return
        try:
            if self._door.ground.forge.permission(heard.origin.by).writes:
                self._say(heard.origin, text("received", what="refused", because=words).strip())
        except InternError as error:
            click.echo(f"this could not be said in the thread: {error}", err=True)

    # --- going on -------------------------------------------------------------------------------------------------

    def _go_on(self, session: str, *, begun: bool = False) -> int:
        try:
            with self._door.open(session) as house:
                if begun and not house.case.memory.replies:
                    house.case.announce()  # people see at once that it is at work
                house.drive()
                click.echo(f"{session} is {house.case.state}: {house.case.memory.why or 'nothing is missing'}")
                return self._rest(house)
        except AtWork as busy:
            click.echo(str(busy))
            return 0
        except Interrupted as error:
            tell_interrupted(self._door, session, error, self._rest)
            raise

    def _rest(self, house: House) -> int:
        """Leave a session as it stands now: with the agent half, if it is its turn and that runs elsewhere."""
        if house.agent_elsewhere and house.case.state is State.RUNNING:
            hand_over(self._door, house)
        deliver(house, self._run)
        return exit_code(house)
