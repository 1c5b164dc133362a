"""The command line. It alone reads the environment; everything else is told. What a command does is in `commands/`."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import NoReturn, TypeAlias

import click

from intern_action import __version__
from intern_action.core.errors import InternError, Interrupted

Option: TypeAlias = Callable[[Callable[..., object]], Callable[..., object]]

OUR_BUG = 1
SESSION_HELP = "the id of a session, as `intern-action status` shows it; the newest one when left out"


def _options(*options: Option) -> Option:
    def decorate(command: Callable[..., object]) -> Callable[..., object]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_out = click.option("--out", metavar="DIR", help="folder for everything a local run makes (default: intern-out)")
_someone = click.option("--as", "person", metavar="NAME", help="who you are; your user name when left out")
_session = click.argument("session", default="")
_named = click.argument("session")
_running = _options(
    click.option("--repo", default=".", metavar="DIR", help="the git repository to work on (default: here)"),
    _out,
    click.option("--model", metavar="NAME", help="provider/model, `recipes` (needs no key) or `replay:FILE`"),
    click.option("--max-iterations", type=click.IntRange(min=1), metavar="N", help="most model answers (default: 300)"),
    click.option("--max-cost", metavar="USD", help="most dollars for the model"),
    click.option(
        "--sandbox-tools",
        is_flag=True,
        default=None,
        help="run tools in a sandbox, once its lease is approved",
    ),
    click.option("--no-stream", is_flag=True, help="do not show the model's words as they come"),
    _someone,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", "-V")
def cli() -> None:
    """An ML engineer that lives in a git repository.

    It reads a task, inspects model and data, writes training code, smoke-tests it, opens a pull request with a price, and
    trains once somebody has approved it.

    Exit codes: 0 done or waiting, 1 our bug, 2 usage or configuration, 3 not allowed, 4 turns, money or time exhausted,
    5 model provider failed, 6 GitHub or Hub failed, 7 stuck, 8 job failed, 9 `doctor` found something to change,
    130/143 interrupted with state saved.
    """


@cli.command()
@click.option("--out", metavar="DIR", help="an empty or new folder for the demo's world (default: intern-demo)")
def demo(out: str | None) -> None:
    """Watch the whole story, without any account: task, plan, price, approval, training, results."""
    from intern_action.commands.demo import demo as run

    _finish(run(_environment(), out=out or "intern-demo"))


@cli.command()
def action() -> None:
    """Be a step of a GitHub workflow: do what the event asks for. `action.yml` calls this."""
    from intern_action.commands.action import action as run

    _finish(run(_environment()))


@cli.command()
@click.argument("task")
@_running
@click.option("--new", is_flag=True, help="begin anew even if an unfinished session has this task")
def local(task: str, **options: object) -> None:
    """Work on TASK in a git repository on this machine, up to the approval or the end."""
    from intern_action.commands.local import local as run

    _finish(run(_environment(), task, options))


def _acts(name: str, words: str, *params: Option) -> Callable[[Callable[..., object]], click.Command]:
    """Make a command that acts on one session."""

    def decorate(function: Callable[..., object]) -> click.Command:
        return cli.command(name, help=words)(_options(*params, _out, _someone)(function))

    return decorate


@_acts(
    "approve",
    f"Approve the plan of SESSION as a reviewer, and go on. SESSION is {SESSION_HELP}.",
    _session,
    click.option("--code", default="", metavar="CODE", help="the plan code, where the policy asks for it"),
    click.option("--option", default="", metavar="NAME", help="one of the plan's options (default: recommended)"),
)
def approve(session: str, code: str, option: str, out: str | None, person: str | None) -> None:
    """Approve."""
    from intern_action.commands.act import approve as run

    _finish(run(_environment(), session, out=out, person=person, code=code, option=option))


@_acts(
    "request-changes",
    "Send the plan of SESSION back with WORDS; a running job is cancelled.",
    _named,
    click.argument("words"),
)
def request_changes(session: str, words: str, out: str | None, person: str | None) -> None:
    """Send back."""
    from intern_action.commands.act import request_changes as run

    _finish(run(_environment(), session, out=out, person=person, words=words))


@_acts("tell", "Give SESSION more WORDS and go on.", _named, click.argument("words"))
def tell(session: str, words: str, out: str | None, person: str | None) -> None:
    """Say more."""
    from intern_action.commands.act import tell as run

    _finish(run(_environment(), session, out=out, person=person, words=words))


@_acts("resume", f"Go on with SESSION after an interruption or a failure. SESSION is {SESSION_HELP}.", _session)
def resume(session: str, out: str | None, person: str | None) -> None:
    """Go on."""
    from intern_action.commands.act import resume as run

    _finish(run(_environment(), session, out=out, person=person))


@_acts(
    "stop", f"Stop SESSION: cancel its job, take its plan back, free its money. SESSION is {SESSION_HELP}.", _session
)
def stop(session: str, out: str | None, person: str | None) -> None:
    """Stop."""
    from intern_action.commands.act import stop as run

    _finish(run(_environment(), session, out=out, person=person))


@_acts(
    "why", f"Say what SESSION waits for and which condition of the approval fails. SESSION is {SESSION_HELP}.", _session
)
def why(session: str, out: str | None, person: str | None) -> None:
    """Explain."""
    from intern_action.commands.act import why as run

    del person
    _finish(run(_environment(), session, out=out))


@cli.group()
def trace() -> None:
    """Check, compare, go through again, or go on from a recorded session (its trace.jsonl, or its journal)."""


@trace.command()
@click.argument("file")
def check(file: str) -> None:
    """Say whether the recording in FILE holds together: chain, calls and answers, no secret."""
    from intern_action.commands.trace import check as run

    _finish(run(_environment(), file))


@trace.command()
@click.argument("one")
@click.argument("other")
def diff(one: str, other: str) -> None:
    """Say how the recordings ONE and OTHER differ; 1 when they do."""
    from intern_action.commands.trace import diff as run

    _finish(run(_environment(), one, other))


@trace.command()
@click.argument("file")
@click.option("--until", type=click.IntRange(min=0), metavar="N", help="go as far as the Nth answer of the model")
@click.option("--fork", is_flag=True, help="go on from there with a model, as a new session (tools run)")
@click.option("--live", is_flag=True, help="run the tools instead of taking their recorded answers, as a new session")
@_running
def replay(file: str, **options: object) -> None:
    """Go through the recording in FILE again and say where it differs now; 1 when it does."""
    from intern_action.commands.trace import replay as run

    _finish(run(_environment(), file, options))


@cli.command()
@_out
def sweep(out: str | None) -> None:
    """Cancel jobs that no session waits for any more, delete what finished ones left in staging, and say which."""
    from intern_action.commands.act import sweep as run

    _finish(run(_environment(), out=out))


@cli.command()
@_out
def reconcile(out: str | None) -> None:
    """Look at all sessions that wait, go on where something happened, and wait for nothing: for a timer."""
    from intern_action.commands.reconcile import reconcile as run

    _finish(run(_environment(), out=out))


@cli.command()
@_session
@click.option("--follow", "-f", "how", flag_value="follow", help="go on until the job has ended")
@_out
def logs(session: str, how: str | None, out: str | None) -> None:
    """Show what the newest job of SESSION prints."""
    from intern_action.commands import logs as command

    run = command.follow if how else command.logs
    _finish(run(_environment(), session, out=out))


@cli.command()
@_session
@_out
def status(session: str, out: str | None) -> None:
    """Show all sessions, or one SESSION: state, spend, links."""
    from intern_action.commands.act import status as run

    _finish(run(_environment(), session, out=out))


@cli.command()
@click.option("--repo", default=".", metavar="DIR", help="the repository whose settings are meant (default: here)")
def config(repo: str) -> None:
    """Show each setting with where it came from; secrets are masked."""
    from intern_action.commands.config import config as run

    _finish(run(_environment(), repo))


@cli.command()
@click.option("--repo", default=".", metavar="DIR", help="the repository we were installed in (default: here)")
@click.option("--github", default="", metavar="OWNER/NAME", help="where it is on GitHub (default: origin)")
@_out
@_someone
def uninstall(repo: str, out: str | None, person: str | None, github: str) -> None:
    """Stop every session, end every machine, and make a branch without our files; the ledger stays."""
    from intern_action.commands.uninstall import uninstall as run

    _finish(run(_environment(), repo, out=out, person=person, github=github))


@cli.command()
@_named
@click.option("--yes", is_flag=True, help="do not ask whether you are sure")
@click.option(
    "--github",
    is_flag=False,
    flag_value="",
    metavar="OWNER/NAME",
    help="a session on GitHub (without a name: at origin)",
)
@_out
def forget(session: str, out: str | None, **options: object) -> None:
    """Delete the journal and the traces of SESSION, which is over; the ledger's lines stay."""
    from intern_action.commands.uninstall import forget as run

    github = options["github"]
    _finish(
        run(_environment(), session, out=out, yes=bool(options["yes"]), github=None if github is None else str(github))
    )


@cli.group()
def dev() -> None:
    """Have a world of one's own to try things in, without an account."""


@dev.command()
@click.option("--port", default=0, metavar="N", help="where it listens (default: a free port)")
@click.option("--root", default="intern-hub", metavar="DIR", help="folder it keeps everything in (default: intern-hub)")
def hub(port: int, root: str) -> None:
    """Be a Hugging Face Hub on this machine, with a ready token, until Ctrl-C."""
    from intern_action.commands.dev import hub as run

    _finish(run(port=port, root=root))


@cli.command()
@click.option(
    "--repository", required=True, metavar="OWNER/NAME", help="the repository on GitHub whose intern is woken"
)
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="where it listens (default: this machine alone)")
@click.option("--port", default=7860, metavar="N", help="its port (default: 7860, where a Space listens)")
def relay(repository: str, host: str, port: int) -> None:
    """Pass the Hub's webhooks on to GitHub, so that the end of a job wakes the workflow at once. Optional: timers do, too."""
    from intern_action.commands.relay import relay as run

    _finish(run(_environment(), host=host, port=port, repository=repository))


@cli.command()
@click.argument("model")
@click.option("--revision", default="", metavar="REVISION", help="which one (default: the newest)")
@_out
def verify(model: str, revision: str, out: str | None) -> None:
    """Walk from MODEL back to its job, plan, approval, code and data; 3 when a link does not hold."""
    from intern_action.commands.verify import verify as run

    _finish(run(_environment(), model, revision, out=out))


@cli.command()
@click.option("--repo", default=".", metavar="DIR", help="the repository to write into (default: here)")
@click.option("--kind", metavar="KIND", help="quickstart (one job) or hardened (what thinks cannot write)")
@click.option("--solo/--no-solo", default=None, help="you alone ask and approve")
@click.option("--approver", "approvers", multiple=True, metavar="NAME", help="whose approval counts; may be repeated")
@click.option("--month-usd", metavar="USD", help="most dollars for jobs in a month (default: 40)")
@click.option("--model", metavar="NAME", help="the model that thinks (default: what your secrets allow)")
@click.option("--yes", is_flag=True, help="ask nothing: the usual answer wherever no flag gives one")
@click.option("--keep-policy", is_flag=True, help="leave .github/intern.yml as it is")
@click.option("--force", is_flag=True, help="overwrite files that differ, after showing how")
def init(**options: object) -> None:
    """Write our workflows and .github/intern.yml into a repository, and say what to click next."""
    from intern_action.commands.init import init as run

    _finish(run(_environment(), options))


@cli.command()
@click.option("--repo", default=".", metavar="DIR", help="the repository that is meant (default: here)")
@click.option(
    "--github", default="", metavar="OWNER/NAME", help="where it is on GitHub (default: GITHUB_REPOSITORY, origin)"
)
def doctor(repo: str, github: str) -> None:
    """Say whether tokens, settings, repository and machine are fit, and what to click or change where not; then 9."""
    from intern_action.commands.doctor import doctor as run

    _finish(run(_environment(), repo, github=github))


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", "-V")
@click.argument("task", default="")
@_running
def prompt(task: str, **options: object) -> None:
    """`intern-action local` under the name scripts know; without TASK on a terminal, a small prompt."""
    if task:
        from intern_action.commands.local import local as run

        _finish(run(_environment(), task, options))
    from intern_action.commands.prompt import prompt as ask

    _finish(ask(_environment(), options))


# --- the edges of the process ----------------------------------------------------------------------------------------


def _environment() -> Mapping[str, str]:
    """Return what we were given; called when a command's modules are there, before it works."""
    from intern_action.llm.litellm_library import litellm_environment

    given = dict(os.environ)
    os.environ.update(litellm_environment())
    gc.freeze()
    gc.enable()
    return given


def _finish(code: int) -> NoReturn:
    raise SystemExit(code)


def _interrupt(number: int, _frame: object) -> NoReturn:
    name = signal.Signals(number).name
    raise Interrupted(
        f"interrupted by {name}; the state is saved, `intern-action resume` goes on", signal_number=number
    )


def _no_plugins() -> None:
    """Keep pydantic from looking for plug-ins: that reads the metadata of every installed package.

    Its own switch comes too late for the 30 ms that `importlib.metadata` takes with `email`, `csv` and `zipfile`. So a module
    that knows of no plug-ins stands in for the one that looks.
    """
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    nobody = ModuleType("pydantic.plugin._loader")
    nobody.__dict__["get_plugins"] = tuple
    sys.modules.setdefault(nobody.__name__, nobody)


def _run(command: click.Command) -> int:
    """Run a click command; every way out is one message and one exit code."""
    _no_plugins()
    gc.disable()  # until `_environment`: while modules are made there is no garbage to find
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        command.main(standalone_mode=False)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        return 130
    except InternError as error:
        click.echo(f"intern-action: {_masked(str(error))}", err=True)
        return error.exit_code
    except Exception:  # noqa: BLE001 -- the edge: whatever was not foreseen is our bug, said as one
        return _our_bug()
    return 0


def _our_bug() -> int:
    import traceback

    click.echo(_masked(traceback.format_exc()), err=True)
    click.echo("intern-action: this is a bug of ours; the state is saved. Please report the lines above.", err=True)
    return OUR_BUG


def _masked(words: str) -> str:
    """Return words without secrets: answers of others stand in errors, and logs are read by many."""
    from intern_action.settings.secret_names import secrets_in
    from intern_action.trace.redact import SecretRedactor

    return SecretRedactor(secrets_in(os.environ)).text(words)


def _leave(code: int) -> NoReturn:
    """End without tearing an interpreter full of modules down; everything that matters is on disk by now."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> NoReturn:
    """Run `intern-action`."""
    _leave(_run(cli))


def ml_intern() -> NoReturn:
    """Run `ml-intern`."""
    _leave(_run(prompt))


if __name__ == "__main__":
    main()
