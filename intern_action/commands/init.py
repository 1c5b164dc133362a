"""`intern-action init`: writes our workflows and `.github/intern.yml` into a repository, after asking, and says what to click."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import cast

import click

from intern_action.commands._placed import Placed, differences, place
from intern_action.core.errors import InternError, Misconfigured, ModelAuth
from intern_action.core.frozen import frozen
from intern_action.doctor._site import OURS, WORKFLOWS, origin_name
from intern_action.doctor.environments import named_in
from intern_action.doctor.secrets import READ
from intern_action.forge._connection import SERVER_URL
from intern_action.forge.github import LOGIN
from intern_action.gate.policy import parse_policy
from intern_action.git.facts import inspect_repository
from intern_action.llm.route import route
from intern_action.llm.settings import ModelSettings
from intern_action.settings.places import configs
from intern_action.settings.quantities import money_usd
from intern_action.settings.sources import REPOSITORY_FILE, from_repository
from intern_action.settings.words import text
from intern_action.wiring.workflow import MAIN

KINDS = ("quickstart", "hardened")
BUDGET_USD = "40"


@frozen
class Answers:
    """What was answered. `solo`: one person asks and approves; without approvers everybody who may write may approve."""

    kind: str
    solo: bool
    approvers: tuple[str, ...]
    month_usd: Decimal
    model: str


def init(environment: Mapping[str, str], options: Mapping[str, object], *, examples: Path | None = None) -> int:
    """Ask, write all files or none, and say what comes next.

    Args:
        environment: the environment variables.
        options: the flags; None where one was left out.
        examples: our own workflows, where they lie elsewhere.

    Raises:
        Misconfigured: nothing was written: the folder is no repository, an answer cannot be meant, a file that is there says
            something else and `--force` was not given, or a place leads out of the repository.
    """
    top = Path(inspect_repository(str(options.get("repo") or ".")).top)
    answers = asked(options)
    files = files_for(answers, examples or configs() / "examples", with_policy=not options.get("keep_policy"))
    found = differences(top, files)
    if any(one.difference for one in found):
        click.echo(
            text("init-differs", files=[one for one in found if one.difference], force=bool(options.get("force")))
        )
        if not options.get("force"):
            return Misconfigured.exit_code
    place(top, files)
    click.echo(_next(answers, found, files, _page(environment, top)))
    return 0


# --- answers ---------------------------------------------------------------------------------------------------------


def asked(options: Mapping[str, object]) -> Answers:
    """Return the answers: the flags', those that were asked for, and with `--yes` the usual ones."""
    ask = _Asker(options)
    kind = str(ask("kind", KINDS[0], _kind))
    solo = bool(options["solo"]) if options.get("solo") is not None else ask.yes_or_no("solo")
    approvers = cast("tuple[str, ...]", options.get("approvers") or ())
    people = " ".join(approvers) or None
    named = (people or "") if solo else ask("approvers", "", _people, given=people)
    return Answers(
        kind=kind,
        solo=solo,
        approvers=tuple(_people(str(named)).split()),
        month_usd=money_usd(ask("month_usd", BUDGET_USD, _money)),
        model=str(ask("model", "", _model)),
    )


class _Asker:
    """Asks what no flag has answered; asks again when an answer cannot be meant, where somebody is there to be asked."""

    def __init__(self, options: Mapping[str, object]) -> None:
        self._options = options
        self._silent = bool(options.get("yes"))

    def __call__(self, name: str, usual: str, check: Callable[[str], str], *, given: str | None = None) -> str:
        flag = given if given is not None else self._options.get(name)
        if flag is not None:
            return check(str(flag))
        if self._silent:
            return usual
        return str(_prompt(name, usual, check))

    def yes_or_no(self, name: str) -> bool:
        """Ask for a yes; nobody there is a no."""
        if self._silent:
            return False
        try:
            return click.confirm(text("init-question", question=name), default=False)
        except click.Abort as gone:
            raise _nobody() from gone


def _prompt(name: str, usual: str, check: Callable[[str], str]) -> object:
    def checked(value: str) -> str:
        try:
            return check(value)
        except InternError as error:
            raise click.BadParameter(str(error)) from error

    try:
        return click.prompt(
            text("init-question", question=name), default=usual, value_proc=checked, show_default=bool(usual)
        )
    except click.Abort as gone:
        raise _nobody() from gone


def _nobody() -> Misconfigured:
    return Misconfigured("nobody answered, and nothing was written; answer with flags (`init --help`), or take --yes")


def _kind(word: str) -> str:
    if word not in KINDS:
        raise Misconfigured(f"`{word}` is no kind; there is {' and '.join(KINDS)}")
    return word


def _people(words: str) -> str:
    names = [one.removeprefix("@") for one in words.replace(",", " ").split()]
    wrong = next((one for one in names if not LOGIN.fullmatch(one)), None)
    if wrong is not None:
        raise Misconfigured(f"`{wrong}` cannot be an account of GitHub's: letters, digits and single dashes")
    return " ".join(dict.fromkeys(names))


def _money(word: str) -> str:
    try:
        usd = money_usd(word.removeprefix("$"))
    except ValueError as error:
        raise Misconfigured(f"`{word}` is no amount of dollars: {error}") from error
    return str(usd)


def _model(name: str) -> str:
    if name:
        try:
            route(name, ModelSettings())
        except ModelAuth:
            return name  # its key is a secret on GitHub
    return name


# --- files -----------------------------------------------------------------------------------------------------------


def files_for(answers: Answers, examples: Path, *, with_policy: bool = True) -> Mapping[str, bytes]:
    """Return what is written where, by path. Raises Misconfigured where this installation lacks the workflows."""
    try:
        found = {f"{WORKFLOWS}/{name}": (examples / answers.kind / name).read_bytes() for name in OURS}
    except FileNotFoundError as error:
        raise Misconfigured(f"{error.filename} is missing; install intern-action again") from error
    return {**found, REPOSITORY_FILE: policy_for(answers)} if with_policy else found


def policy_for(answers: Answers) -> bytes:
    """Return the policy file, as the gate can read it."""
    content = (text("init-policy", a=answers, model=json.dumps(answers.model)) + "\n").encode()
    parse_policy(content)
    from_repository(content, {})
    return content


# --- what comes next -------------------------------------------------------------------------------------------------


def _next(answers: Answers, found: tuple[Placed, ...], files: Mapping[str, bytes], page: str) -> str:
    workflow = files[f"{WORKFLOWS}/{MAIN}"].decode()
    secrets = sorted(set(READ.findall(workflow)) - {"GITHUB_TOKEN"})
    alone = len(answers.approvers) == 1 and not answers.solo
    words = text(
        "init",
        found=found,
        secrets=secrets,
        environments=named_in(workflow),
        page=page,
        a=answers,
        alone=answers.approvers[0] if alone else "",
    )
    return "\n".join(line for line in words.splitlines() if line.strip())


def _page(environment: Mapping[str, str], top: Path) -> str:
    """Return the address of the repository's page, with a word to fill in where nobody knows it."""
    server = (environment.get("GITHUB_SERVER_URL") or SERVER_URL).rstrip("/")
    return f"{server}/{environment.get('GITHUB_REPOSITORY') or origin_name(top, server) or 'OWNER/NAME'}"
