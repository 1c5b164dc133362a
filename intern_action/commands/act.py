"""What people do about a session: approve, send back, say more, stop, ask."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from intern_action.commands.codes import exit_code
from intern_action.commands.config import home_of
from intern_action.commands.local import go_on, user_name
from intern_action.commands.show import show, show_all
from intern_action.core.errors import Misconfigured, NotAllowed
from intern_action.core.states import State
from intern_action.core.types import Permission, Verdict
from intern_action.gate.texts import why as words_for
from intern_action.session.admit import tell as tell_session
from intern_action.session.planning import pull_request_of
from intern_action.session.review import before_review, explain
from intern_action.session.stopping import stop as stop_session
from intern_action.settings.clock import SystemClock
from intern_action.settings.load import load
from intern_action.settings.world import find, writing
from intern_action.wiring.house import House
from intern_action.wiring.local import LocalDoor, local_forge
from intern_action.wiring.premises import Premises


def approve(
    environment: Mapping[str, str], session: str, *, out: str | None, person: str | None, code: str, option: str = ""
) -> int:
    """Review the pull request with an approval, then go on."""
    with _house(environment, session, out) as house:
        who = person or user_name(environment)
        _require_known(house, who)
        approved = _awaited(house)
        body = "\n".join(line for line in (code, f"option: {option}" if option else "") if line)
        local_forge(house.premises).review(_pull_request(house), who, Verdict.APPROVED, body)
        house.drive()
        if approved and _awaited(house) == approved:
            click.echo(_reasons(house), err=True)
            return 3
        show(house)
        return exit_code(house)


def request_changes(
    environment: Mapping[str, str], session: str, *, out: str | None, person: str | None, words: str
) -> int:
    """Review the pull request with a request for changes, then go on."""
    with _house(environment, session, out) as house:
        who = person or user_name(environment)
        local_forge(house.premises).review(_pull_request(house), who, Verdict.CHANGES_REQUESTED, words)
        return go_on(house)


def tell(environment: Mapping[str, str], session: str, *, out: str | None, person: str | None, words: str) -> int:
    """Say more, then go on."""
    with _house(environment, session, out) as house:
        who = person or user_name(environment)
        local_forge(house.premises).comment(house.case.began.thread, words, by=who)
        tell_session(house.case, by=who, words=words)
        return go_on(house)


def resume(environment: Mapping[str, str], session: str, *, out: str | None, person: str | None) -> int:
    """Go on; a session that failed or was stopped is taken up again."""
    with _house(environment, session, out) as house:
        if house.case.state in {State.FAILED, State.STOPPED}:
            house.case.move(State.RUNNING, f"taken up again by {person or user_name(environment)}")
        return go_on(house)


def stop(environment: Mapping[str, str], session: str, *, out: str | None, person: str | None) -> int:
    """Stop."""
    with _house(environment, session, out) as house:
        stop_session(house.case, by=person or user_name(environment))
        show(house)
        return 0


def why(environment: Mapping[str, str], session: str, *, out: str | None) -> int:
    """Say what a session waits for."""
    with _house(environment, session, out) as house:
        if house.case.state is State.AWAITING_REVIEW:
            click.echo(_reasons(house))
        else:
            click.echo(f"{house.session} is {house.case.state}: {house.case.memory.why or 'nothing is missing'}")
        return 0


def sweep(environment: Mapping[str, str], *, out: str | None) -> int:
    """Cancel the jobs that nobody owns, and end such sandboxes, and the endpoints whose time is up."""
    from intern_action.session.lease import sweep as sweep_sandboxes
    from intern_action.session.retiring import sweep as sweep_endpoints
    from intern_action.session.sweep import sweep as sweep_jobs
    from intern_action.session.tidy import tidy

    with _house(environment, "", out) as house:
        swept = (*sweep_jobs(house.office), *sweep_sandboxes(house.office))
        for ref in swept:
            click.echo(f"cancelled {ref.id} ({ref.launch_key}): no session here waits for it")
        for key in tidy(house.office):
            click.echo(f"deleted the staging repository of {key}: its session is over and its results are home")
        ended = sweep_endpoints(house.office)
        for ref in ended:
            click.echo(f"deleted the endpoint {ref.id} ({ref.launch_key}): its time is up, or nobody here knows it")
        if not swept and not ended:
            click.echo("nothing to sweep: each job that runs has a session that waits for it")
    return 0


def status(environment: Mapping[str, str], session: str, *, out: str | None) -> int:
    """Show one session, or all."""
    door = door_of(environment, session, out)
    if not session:
        show_all(door)
        return 0
    with door.open(session) as house:
        show(house)
    return 0


def door_of(environment: Mapping[str, str], session: str, out: str | None) -> LocalDoor:
    """Return the way into the world of a session, "" for whichever is here."""
    loaded = load({"out": out}, environment, Path().absolute(), home_of(environment))
    return LocalDoor(
        Premises(loaded.settings, find(session, loaded.settings.out, environment), environment, SystemClock())
    )


@contextmanager
def _house(environment: Mapping[str, str], session: str, out: str | None) -> Generator[House, None, None]:
    door = door_of(environment, session, out)
    with writing(door.world), door.open(session or door.newest()) as house:
        yield house


def _require_known(house: House, person: str) -> None:
    """Refuse somebody whom the world does not know before a review of theirs stands anywhere."""
    if house.forge.permission(person) is Permission.NONE:
        raise NotAllowed(
            f"nobody here knows {person}, so their approval counts for nothing; who may approve stands in "
            f"{house.world.forge / 'people.yaml'}: add the line `{person}: write` there"
        )


def _awaited(house: House) -> str:
    """Return the digest of the plan that awaits a review, "" when none does. After one approval another plan may wait."""
    before = before_review(house.case) if house.case.state is State.AWAITING_REVIEW else None
    return before.planned.digest if before else ""


def _pull_request(house: House) -> int:
    published = pull_request_of(house.case)
    if published is None:
        raise Misconfigured(f"{house.session} has no pull request yet; `intern-action status` says what it does")
    return int(published.data["number"])


def _reasons(house: House) -> str:
    before = before_review(house.case)
    if before is None:
        return f"{house.session} awaits nobody's review"
    return words_for(explain(house.case, before), before.plan)
