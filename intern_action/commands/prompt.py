"""The small prompt of `ml-intern` on a terminal: a task a line, and four commands."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import click

from intern_action.commands.act import status
from intern_action.commands.local import local
from intern_action.core.errors import InternError, Interrupted, Misconfigured

HELP = """\
Type a task, such as: fine-tune models/encoder on data/mails with epochs=2
/model NAME   choose the model (empty: the default)
/status       show all sessions
/help         this text
/exit         leave (so does an empty Ctrl-D)"""


def prompt(environment: Mapping[str, str], options: Mapping[str, object]) -> int:
    """Read tasks from a terminal until `/exit`; return the last exit code.

    Raises:
        Misconfigured: standard input is not a terminal, so nobody could answer.
    """
    if not sys.stdin.isatty():
        raise Misconfigured('there is no task and no terminal to ask at; say: ml-intern "fine-tune MODEL on DATASET"')
    click.echo("ml-intern: type a task, or /help")
    chosen, code = dict(options), 0
    while True:
        try:
            line = input("> ").strip()
        except EOFError:
            return code
        if line == "/exit":
            return code
        if line:
            code = _answer(environment, chosen, line, code)


def _answer(environment: Mapping[str, str], options: dict[str, object], line: str, code: int) -> int:
    word, _, rest = line.partition(" ")
    match word:
        case "/help":
            click.echo(HELP)
        case "/model":
            options["model"] = rest.strip() or None
            click.echo(f"model: {options['model'] or 'the default'}")
        case "/status":
            return _said(lambda: status(environment, "", out=_text(options.get("out"))))
        case _ if word.startswith("/") and word != "/intern":
            click.echo(f"{word} is not a command here; /help lists them")
        case _:
            return _said(lambda: local(environment, line, options))
    return code


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _said(action: Callable[[], int]) -> int:
    """Run one task; what goes wrong is said, and the prompt stays."""
    try:
        return action()
    except Interrupted:
        raise
    except InternError as error:
        click.echo(f"intern-action: {error}", err=True)
        return error.exit_code
