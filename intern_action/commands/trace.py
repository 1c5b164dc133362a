"""`intern-action trace`: a recorded session checked, compared, gone through once more, or gone on from somewhere in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from intern_action.core.errors import Misconfigured
from intern_action.core.events import Began, Event, Heard
from intern_action.trace.recording import events

DIFFERS = 1
"""As `diff` ends: not an error, but not the same."""
UNSOUND = 3


def check(environment: Mapping[str, str], file: str) -> int:
    """Say whether a recording holds together; of a journal also whether its chain does."""
    from intern_action.agent.memory import Memory
    from intern_action.trace.differences import flaws, summary
    from intern_action.trace.redact import SecretRedactor

    del environment
    found = events(Path(file))
    wrong = list(flaws(found, SecretRedactor({})))
    if not wrong:
        Memory.of(found)
    click.echo(f"{file}: {summary(found)}")
    for one in wrong:
        click.echo(f"  {one}")
    if not wrong:
        click.echo("  sound: every call has its answer, and nothing looks like a secret")
    return UNSOUND if wrong else 0


def diff(environment: Mapping[str, str], one: str, other: str) -> int:
    """Say how two recordings differ."""
    from intern_action.trace.differences import differences, summary

    del environment
    left, right = events(Path(one)), events(Path(other))
    lines = differences(left, right, (one, other))
    for name, found in ((one, left), (other, right)):
        click.echo(f"{name}: {summary(found)}")
    click.echo("\n".join(lines) if lines else "the same, line by line")
    return DIFFERS if lines else 0


def replay(environment: Mapping[str, str], file: str, options: Mapping[str, object]) -> int:
    """Go through a recording: with its tools' answers, with live tools, or up to an answer and on from there.

    Raises:
        Misconfigured: `--fork` without `--until`, or beyond what was recorded.
    """
    found = events(Path(file))
    heard = sum(isinstance(event, Heard) for event in found)
    until = options.get("until")
    if options.get("fork"):
        if not isinstance(until, int):
            raise Misconfigured("--fork wants to know from which answer on: --until N")
        if until > heard:
            raise Misconfigured(f"{file} has {heard} answers, so --until {until} is beyond its end")
        return _again(environment, file, found[0], options, fork=until)
    if options.get("live"):
        return _again(environment, file, found[0], options, fork=None)
    return _rehearse(file, found[: _end(found, until)])


def _rehearse(file: str, found: tuple[Event, ...]) -> int:
    from intern_action.agent.voice import Voice
    from intern_action.session.rehearse import rehearse
    from intern_action.settings.words import prompt, text
    from intern_action.tools import all_tools
    from intern_action.trace.redact import SecretRedactor

    went = rehearse(found, all_tools(), redactor=SecretRedactor({}), voice=Voice(prompt=prompt, text=text))
    notes = f", {went.taken_over} notes taken over" if went.taken_over else ""
    click.echo(f"{file}: {went.turns} answers gone through{notes}")
    click.echo(f"  it differs {went.difference}" if went.difference else "  the same as recorded")
    return DIFFERS if went.difference else 0


def _end(found: tuple[Event, ...], until: object) -> int:
    """Return where a recording is left off: before the answer that comes after `until` of them."""
    heard = 0
    for place, event in enumerate(found):
        heard += isinstance(event, Heard)
        if isinstance(until, int) and heard > until:
            return place
    return len(found)


def _again(
    environment: Mapping[str, str], file: str, began: Event, options: Mapping[str, object], *, fork: int | None
) -> int:
    """Begin a new session with the recorded task and answers; tools run, plans are asked for, as in every session."""
    from intern_action.commands.local import local, settings_of
    from intern_action.wiring.llms import fork_name

    if not isinstance(began, Began):
        raise Misconfigured(f"{file} does not begin with the beginning of a session")
    path = str(Path(file).absolute())
    model = f"replay:{path}"
    if fork is not None:
        repo = Path(str(options.get("repo") or ".")).absolute()
        chosen = str(options.get("model") or settings_of(environment, options, repo).settings.model or began.model)
        if not chosen:
            raise Misconfigured("a trace does not say which model goes on: name it with --model")
        model = fork_name(fork, chosen, path)
    return local(environment, began.task, {**options, "model": model, "new": True})
