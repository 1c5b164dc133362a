"""What a command prints about a session: where it stands, what it costs, where everything lies."""

from __future__ import annotations

from pathlib import Path

import click

from intern_action import __version__
from intern_action.session.planning import pull_request_of
from intern_action.session.report import Links, gather
from intern_action.settings.places import configs
from intern_action.trace import report
from intern_action.wiring.house import House
from intern_action.wiring.local import LocalDoor


def show(house: House) -> None:
    """Print where the session stands."""
    folder = house.world.results(house.session)
    model = folder / "model"
    links = Links(
        trace_html=_there(folder / "trace.html"),
        trace_jsonl=_there(folder / "trace.jsonl"),
        result_json=_there(folder / "result.json"),
        model_folder=_there(model),
        card=_there(model / "README.md"),
    )
    click.echo(report.terminal(gather(house.case, links, version=__version__), texts=configs() / "texts"))
    if house.trace_note:
        click.echo(f"  {house.trace_note}")


def show_all(door: LocalDoor) -> None:
    """Print a line a session, oldest first."""
    view = door.premises.ledger.read()
    sessions = view.sessions()
    if not sessions:
        click.echo(f'{door.world.out} holds no session yet; begin one: intern-action local "TASK"')
    for session, moved in sessions.items():
        began = view.admission(session)
        task = began.task.splitlines()[0] if began and began.task else ""
        click.echo(f"{session}  {'forgotten' if moved.forgotten else moved.state:<16}  {task}")


def show_pull_request(house: House) -> None:
    """Print the pull request as its reviewers see it, and what it changes."""
    published = pull_request_of(house.case)
    if published is None:
        return
    pull = house.forge.pull_request(int(published.data["number"]))
    click.echo(f"{pull.title}  (draft pull request {pull.number}, {pull.head} -> {pull.base}, {pull.url})\n")
    click.echo(pull.body)


def _there(path: Path) -> str:
    return str(path) if path.exists() else ""
