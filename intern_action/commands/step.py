"""What a step of a workflow does: one event in; answered, driven on, and said in the step's outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from intern_action.commands._standing import standing
from intern_action.commands.codes import exit_code
from intern_action.commands.halves import hand_over, take_over, think
from intern_action.commands.interrupted import tell_interrupted
from intern_action.commands.missed import ANSWER, Missed, look, note
from intern_action.commands.timer import quiet, rest_timer, wake_timer
from intern_action.core.entries import Admitted, Looked
from intern_action.core.errors import AtWork, InternError, Interrupted, NotAllowed
from intern_action.core.incoming import Asked, Begin, Doorbell, Feedback, Incoming, Nothing, Origin, Say
from intern_action.core.states import State
from intern_action.core.types import Reaction
from intern_action.forge._recent import Said
from intern_action.settings.words import text
from intern_action.settings.world import writing
from intern_action.triggers import hear
from intern_action.triggers._command import Bounds
from intern_action.wiring.ahead import read_ahead
from intern_action.wiring.asking import request_of
from intern_action.wiring.bounds import bounds_of
from intern_action.wiring.github_door import GitHubDoor
from intern_action.wiring.journals import check_journal_home
from intern_action.wiring.outputs import deliver
from intern_action.wiring.workflow import WorkflowRun

if TYPE_CHECKING:
    from intern_action.forge._wire import Wire
    from intern_action.session.admit import Request
    from intern_action.session.receive import Received
    from intern_action.wiring.house import House

NEXT = ("intern_action.forge._requester", "intern_action.wiring.house", "intern_action.session.receive")
"""What the first request to GitHub and what comes after it need; read in while git is waited for."""
COMMENT = "issue_comment"
QUIET = "nothing waits here"


def take(run: WorkflowRun, environment: Mapping[str, str], wire: Wire | None) -> int:
    """Do what one event asks for; return the exit code. Whatever goes wrong is said in the thread, if somebody waits there."""
    read_ahead(NEXT)
    door = GitHubDoor(run, environment, wire=wire)
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
        rung = hear(self._run.event, self._run.payload, Bounds(), slot=self._run.run_id)
        match rung:
            case Doorbell(why="clock"):
                return self._clock()
            case Doorbell() if quiet(self._door.glance()):
                click.echo(QUIET)
                return 0
            case _:
                return self._hear(self._run.event, self._run.payload)

    def _hear(self, event: str, payload: Mapping[str, object]) -> int:
        """Hear an event within the bounds of settings and policy, and do what it asks for."""
        try:
            with self._door.open("") as house:
                bounds = bounds_of(self._door.premises.settings, house.office.policy()[1])
            return self._do(hear(event, payload, bounds, slot=self._run.run_id))
        except Interrupted:
            raise
        except InternError as error:
            self._tell(str(error), hear(event, payload, Bounds(), slot=self._run.run_id))
            raise

    # --- the timer ------------------------------------------------------------------------------------------------

    def _clock(self) -> int:
        """Hear what no run has heard, and look at all that waits. Where nothing does, not even the settings are read."""
        view = self._door.glance()
        missed = look(self._door, view)
        if not missed and missed.note is None and quiet(view):
            click.echo(QUIET)
            rest_timer(self._door)
            return 0
        codes = [*map(self._begin_late, missed.unbegun), *self._hear_late(missed)]
        from intern_action.commands.reconcile import tick

        codes.append(tick(self._door, seen=self._rest, lines=missed.lines))
        rest_timer(self._door)
        return next((code for code in codes if code), 0)

    def _begin_late(self, claim: Admitted) -> int:
        """Begin a session of which only the claim is there: the run that made it has died."""
        from intern_action.session.admit import take_up

        try:
            with self._door.open("") as house:
                session = take_up(house.office, claim).began.session
        except NotAllowed as refused:
            click.echo(f"{claim.session} was claimed, and does not begin: {refused}")
            return 0
        click.echo(f"session {session}, which its own run has not begun")
        return self._go_on(session, begun=True)

    def _hear_late(self, missed: Missed) -> list[int]:
        """Hear what nobody has heard; while the kill switch is on it is let be for good, and not kept for a later day."""
        if missed.said:
            with self._door.open("") as house:
                if not house.office.policy()[1].enabled:
                    note(self._door, Looked(until=self._door.clock.now()))
                    return []
        codes = [self._late(one) for one in missed.said]
        if missed.note is not None and not any(codes):
            note(self._door, missed.note)
        return codes

    def _late(self, said: Said) -> int:
        """Hear one; what keeps it from that is said, and keeps no other."""
        try:
            one = self._door.ground.forge.recent.with_issue(said) if said.event == COMMENT else said
            return self._say_changed(one) if one.changed else self._hear(one.event, one.payload)
        except Interrupted:
            raise
        except InternError as error:
            click.echo(f"{said.event} {said.mark} could not be heard: {error}", err=True)
            return error.exit_code

    def _say_changed(self, said: Said) -> int:
        """Say that what was asked for is not done, since nobody knows what it was. Whatever is no order is let be."""
        with self._door.open("") as house:
            bounds = bounds_of(self._door.premises.settings, house.office.policy()[1])
        heard = hear(said.event, said.payload, bounds, slot=self._run.run_id)
        if isinstance(heard, Asked) and not heard.origin.machine:
            words = text("received", what="changed", by=said.by, comment=said.event == COMMENT)
            self._say(heard.origin, words.strip())
            click.echo(f"{said.event} {said.mark} was changed before it was heard")
        return 0

    # --- what it asks for -----------------------------------------------------------------------------------------

    def _do(self, heard: Incoming) -> int:
        from intern_action.session.receive import receive, receive_feedback, rung

        match heard:
            case Nothing():
                return _nothing(heard)
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
        check_journal_home(self._door.premises)
        base_sha, where = self._door.default.head, origin
        if origin.thread <= 0:
            where = replace(origin, thread=self._thread(task, origin))
        return request_of(self._door.premises, task, where, base_sha=base_sha, by_comment=bool(origin.comment))

    def _thread(self, task: Begin, origin: Origin) -> int:
        """Return the issue of a task that came without one: the one it was given before, or one that is opened for it."""
        claimed = self._door.premises.ledger.read().admitted(origin.key)
        if claimed is not None:
            return claimed.thread
        body = text("dispatched", by=origin.by, task=task.task, url=self._run.url).strip()
        marker = ANSWER.format(key=origin.key[:32], mark=origin.mark or "button")
        return self._door.ground.forge.open_issue(title=task.task, body=body, marker=marker)

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
        return self._door.ground.forge.react(origin.thread, Reaction.EYES, comment=origin.comment)

    def _say(self, origin: Origin, words: str, *, new: bool = False) -> None:
        """Answer an event in its thread, once: what is not new there is looked for and renewed."""
        marker, forge = ANSWER.format(key=origin.key[:32], mark=origin.mark), self._door.ground.forge
        if origin.thread <= 0:
            click.echo(words)
            self._run.summarise(words)
        elif new:
            forge.comment(origin.thread, f"{words}\n\n{marker}")
        else:
            forge.keep_comment(origin.thread, marker=marker, text=words)

    def _tell(self, words: str, heard: Incoming) -> None:
        """Say in the thread why nothing was done, to somebody who may write; others learn it from the log at most."""
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
                was_over = house.case.state.over
                if begun and not house.case.memory.replies:
                    wake_timer(self._door)  # the ledger knows of it: a clock finds it, whatever becomes of this run
                    house.case.announce()  # people see at once that it is at work
                house.drive()
                if was_over and not house.case.state.over:
                    wake_timer(self._door)
                click.echo(standing(house))
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
