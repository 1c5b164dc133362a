"""`intern-action doctor`, asked about tokens of a Hub that listens and a real repository."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from intern_action.commands.doctor import doctor
from intern_action.doctor.hub_tokens import judged
from intern_action.hub.tokens import Grant, TokenFacts
from tests.fakes.mcp_places import laid_out, open_ground
from tests.hub_server import HubServer
from tests.hub_server.accounts import Scope

STAGING = Scope(entity="ada", permissions=frozenset({"repo.content.read", "repo.write"}))


@pytest.fixture
def hub(tmp_path: Path) -> Generator[HubServer]:
    with HubServer(tmp_path / "hub") as hub:
        hub.accounts.add_user("ada")
        yield hub


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / ".github").mkdir(parents=True)
    (folder / "README.md").write_text("mails\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return folder


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", *who, *words], cwd=folder, check=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=as it is")


def asked(hub: HubServer, repo: Path, **tokens: str) -> int:
    environment: Mapping[str, str] = {
        "INTERN_ACTION_HUB_ENDPOINT": hub.url,
        "HOME": str(repo.parent),
        "INTERN_ACTION_MODEL": "recipes",
        **tokens,
    }
    return doctor(environment, str(repo))


def test_a_token_for_each_purpose_is_well(hub: HubServer, repo: Path, capsys: pytest.CaptureFixture[str]):
    job = hub.accounts.add_token("ada", "fineGrained", scopes=[STAGING])
    reading, writing = hub.accounts.add_token("ada", "read"), hub.accounts.add_token("ada", "write")
    assert asked(hub, repo, HF_TOKEN=reading, HF_WRITE_TOKEN=writing, HF_JOB_TOKEN=job) == 0
    said = capsys.readouterr().out
    assert "WRONG" not in said
    assert "ada: repo.content.read, repo.write" in said
    assert not any(token in said for token in (reading, writing, job))


def test_a_token_that_jobs_hold_and_that_starts_jobs_is_wrong(
    hub: HubServer, repo: Path, capsys: pytest.CaptureFixture[str]
):
    writing = hub.accounts.add_token("ada", "write")
    assert asked(hub, repo, HF_WRITE_TOKEN=writing, HF_JOB_TOKEN=writing) == 9
    said = capsys.readouterr().out
    assert "WRONG  HF_JOB_TOKEN" in said
    assert "can start further jobs" in said
    assert "the very token of HF_WRITE_TOKEN" in said


def test_a_token_for_sandboxes_that_writes_is_wrong(hub: HubServer, repo: Path, capsys: pytest.CaptureFixture[str]):
    job = hub.accounts.add_token("ada", "fineGrained", scopes=[STAGING])
    assert asked(hub, repo, HF_SANDBOX_TOKEN=job) == 9
    assert "make one at " in capsys.readouterr().out
    assert asked(hub, repo, HF_SANDBOX_TOKEN=hub.accounts.add_token("ada", "read")) == 0


def test_a_token_that_the_hub_does_not_know_is_wrong(hub: HubServer, repo: Path, capsys: pytest.CaptureFixture[str]):
    assert asked(hub, repo, HF_TOKEN="hf_nobodys_token_at_all") == 9
    assert "WRONG  HF_TOKEN" in capsys.readouterr().out


def test_without_tokens_it_says_what_that_means(hub: HubServer, repo: Path, capsys: pytest.CaptureFixture[str]):
    assert asked(hub, repo) == 0
    assert "not set; nothing is written to the Hub, and no job is started there" in capsys.readouterr().out
    assert not hub.requests


def test_a_policy_that_cannot_be_read_is_wrong(hub: HubServer, repo: Path, capsys: pytest.CaptureFixture[str]):
    (repo / ".github/intern.yml").write_text("approvals:\n  people_needed: nobody\n")
    commit(repo)
    assert asked(hub, repo) == 9
    assert ".github/intern.yml:2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("variable", "facts", "grade"),
    [
        ("HF_TOKEN", TokenFacts(name="ada", role="read"), "fine"),
        ("HF_TOKEN", TokenFacts(name="ada", role="write"), "care"),
        ("HF_WRITE_TOKEN", TokenFacts(name="ada", role="write"), "fine"),
        ("HF_WRITE_TOKEN", TokenFacts(name="ada", role="read"), "wrong"),
        ("HF_JOB_TOKEN", TokenFacts(name="ada", role="write"), "wrong"),
        (
            "HF_JOB_TOKEN",
            TokenFacts(name="ada", role="fineGrained", grants=(Grant(place="ada", permissions=("repo.write",)),)),
            "fine",
        ),
    ],
)
def test_each_token_is_judged_by_who_holds_it(variable: str, facts: TokenFacts, grade: str):
    assert judged(variable, facts, same_as="", endpoint="https://hub").grade == grade


def test_a_token_shared_with_a_job_is_wrong_whatever_it_may_do():
    facts = TokenFacts(name="ada", role="read")
    assert judged("HF_JOB_TOKEN", facts, same_as="HF_TOKEN", endpoint="https://hub").grade == "wrong"


def test_a_tool_server_that_answers_is_well_and_one_that_does_not_is_wrong(
    hub: HubServer, repo: Path, capsys: pytest.CaptureFixture[str]
):
    with open_ground() as ground:
        argv = {"command": sys.executable, "args": [laid_out(ground), "stdio"]}
        servers = {
            "docs": {**argv, "tools": ["search reads", "publish"]},
            "gone": {"command": "no-such-server"},
            "poor": {**argv, "tools": ["telepathy reads"]},
        }
        assert asked(hub, repo, INTERN_ACTION_MCP=json.dumps(servers)) == 9
    said = capsys.readouterr().out
    assert "ok     MCP server docs: search may run; held: publish" in said
    assert "no-such-server: not found" in said.partition("WRONG  MCP server gone")[2]
    assert "telepathy: the server has no such tool" in said.partition("WRONG  MCP server poor")[2]
