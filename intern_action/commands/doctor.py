"""`intern-action doctor`: whether this machine, its tokens and this repository are fit, and what to change where not."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import click

from intern_action.commands.config import home_of
from intern_action.core.errors import HubError, InternError, Misconfigured
from intern_action.core.frozen import frozen
from intern_action.gate.policy import parse_policy
from intern_action.git.facts import ready_repository
from intern_action.git.run import Git
from intern_action.hub.tokens import TokenFacts, token_facts
from intern_action.settings.load import load
from intern_action.settings.settings import Settings
from intern_action.settings.words import text
from intern_action.shell.tool_shell import make_shell

TOKENS = ("HF_TOKEN", "HF_WRITE_TOKEN", "HF_JOB_TOKEN", "HF_SANDBOX_TOKEN")
"""The reading one of the agent, the writing one of control, and those that jobs and sandboxes hold."""

ROOM_GB = 5


@frozen
class TokenRow:
    """One token: what the Hub says of it, or why it says nothing; `same_as` names another variable with this very token."""

    variable: str
    facts: TokenFacts | None = None
    error: str = ""
    same_as: str = ""

    @property
    def grade(self) -> Literal["fine", "care", "wrong"]:
        """Wrong is what lets somebody spend or write who must not; care is what is larger than it need be."""
        if self.facts is None:
            return "wrong" if self.error else "fine"
        if self.variable == "HF_JOB_TOKEN" and (self.facts.starts_jobs or self.same_as):
            return "wrong"
        if self.variable == "HF_SANDBOX_TOKEN" and not self.facts.only_reads:
            return "wrong"
        if self.variable == "HF_TOKEN" and self.facts.writes:
            return "care"
        return "fine"


@frozen
class Finding:
    """Something else that was looked at."""

    subject: str
    words: str
    grade: Literal["fine", "care", "wrong"] = "fine"


def doctor(environment: Mapping[str, str], repo: str) -> int:
    """Print what was found; 2 when something has to be changed before work can be trusted to it."""
    folder = Path(repo).absolute()
    settings = load({}, environment, folder, home_of(environment)).settings
    tokens = token_rows(settings)
    findings = (_repository(folder, settings), _tools(), _room(folder))
    page = text("doctor", tokens=tokens, findings=findings, endpoint=settings.hub.endpoint)
    click.echo("\n".join(line for line in page.splitlines() if line.strip()))
    return 2 if any(one.grade == "wrong" for one in (*tokens, *findings)) else 0


def token_rows(settings: Settings) -> tuple[TokenRow, ...]:
    """Ask the Hub about each token that is set."""
    known = {name: key.get_secret_value() for name, key in settings.keys.items() if name in TOKENS}
    return tuple(_token_rows(known, settings.hub.endpoint))


def _token_rows(known: Mapping[str, str], endpoint: str) -> Iterator[TokenRow]:
    for variable in TOKENS:
        token = known.get(variable, "")
        if not token:
            yield TokenRow(variable=variable)
            continue
        same = next((name for name in TOKENS if name != variable and known.get(name) == token), "")
        try:
            yield TokenRow(variable=variable, facts=token_facts(endpoint, token), same_as=same)
        except HubError as error:
            yield TokenRow(variable=variable, error=str(error), same_as=same)


def _repository(folder: Path, settings: Settings) -> Finding:
    """Look at the repository and at the policy on its branch."""
    try:
        facts = ready_repository(str(folder))
        found = Git().ask("cat-file", "blob", f"{facts.head_sha}:{settings.approvals.policy}", cwd=facts.top)
        parse_policy(None if found.code else found.out)
    except Misconfigured as error:
        return Finding(subject="repository", words=str(error), grade="wrong")
    words = f"{facts.top} at {facts.head_sha[:7]} of {facts.branch}; "
    policy = settings.approvals.policy
    words += f"there is no {policy}, so the defaults hold" if found.code else f"{policy} can be read"
    return Finding(subject="repository", words=words)


def _tools() -> Finding:
    """Look whether tools have a user of their own here."""
    with (
        tempfile.TemporaryDirectory() as home,
        make_shell(session="doctor", home=home, python=sys.executable) as shell,
    ):
        try:
            return Finding(subject="tools", words=shell.protection, grade="care" if shell.uid is None else "fine")
        except InternError as error:
            return Finding(subject="tools", words=str(error), grade="wrong")


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free / 1e9
    return Finding(
        subject="disk", words=f"{free:.0f} GB are free at {folder}", grade="fine" if free >= ROOM_GB else "care"
    )
