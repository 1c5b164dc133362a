"""`uninstall` and `forget` on a world that the real command line has made, with traces on a Hub that listens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from intern_action.git.run import Git
from tests.fakes.git_world import make_repository
from tests.fakes.model_server import Ask, ModelServer, Say
from tests.hub_server import HubServer

TRACES = "ada/ml-intern-sessions"
FILES = {
    "README.md": "mails\n",
    ".github/intern.yml": "enabled: true\n",
    ".github/workflows/intern.yml": "on: issue_comment\n",
    ".github/workflows/ci.yml": "on: push\n",
}
ASKS = Say(calls=(Ask(name="ask_person", arguments={"question": "which data?"}),))
WRITES = Say(calls=(Ask(name="write_file", arguments={"path": "notes.md", "content": "a secret thought\n"}),))


@dataclass
class Person:
    """Somebody with a repository, a world and a Hub."""

    folder: Path
    hub: HubServer
    model: ModelServer
    token: str

    @property
    def repo(self) -> Path:
        return self.folder / "team"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def run(self, *words: str, answers: str = "") -> tuple[int, str]:
        environment = {
            "PATH": os.defpath,
            "HOME": str(self.folder / "home"),
            "INTERN_ACTION_WORK": str(self.folder / "work"),
            "INTERN_ACTION_HUB_ENDPOINT": self.hub.url,
            "INTERN_ACTION_OUT": str(self.out),
            "HF_WRITE_TOKEN": self.token,
            "LOCAL_LLM_BASE_URL": self.model.base_url,
            "HF_HUB_DISABLE_XET": "1",
        }
        command = [Path(sys.executable).parent / "intern-action", *words]
        ended = subprocess.run(
            command,
            env=environment,
            cwd=self.repo,
            input=answers,
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
        return ended.returncode, ended.stdout + ended.stderr

    def sessions(self) -> Sequence[str]:
        _, said = self.run("status")
        return [line.split()[0] for line in said.splitlines()]

    def remote(self, *words: str) -> str:
        return Git(git_dir=str(self.out / "remote.git")).run(*words).text

    def traces(self) -> Sequence[str]:
        listed = HfApi(endpoint=self.hub.url, token=self.token).list_repo_files(TRACES, repo_type="dataset")
        return [name for name in listed if name.startswith("sessions/")]


@pytest.fixture
def ada(tmp_path: Path) -> Generator[Person]:
    make_repository(tmp_path / "team", FILES)
    with HubServer(tmp_path / "hub") as hub, ModelServer([WRITES, ASKS], loop=True) as model:
        hub.accounts.add_user("ada")
        person = Person(tmp_path, hub, model, hub.accounts.add_token("ada", "write"))
        code, said = person.run("local", "look at the mails", "--model", "local/tiny", "--as", "ada")
        assert code == 0, said
        yield person


def test_uninstall_ends_what_waits_and_proposes_to_take_our_files_out(ada: Person) -> None:
    (session,) = ada.sessions()
    code, said = ada.run("uninstall")
    assert code == 0, said
    assert f"stopped  {session}" in said
    assert "stopped" in ada.run("status")[1]
    gone = Git().run("diff", "--name-only", "main", "intern-uninstall", cwd=str(ada.repo)).text.split()
    assert gone == [".github/intern.yml", ".github/workflows/intern.yml"]
    assert (ada.repo / ".github/workflows/intern.yml").exists()
    assert ada.remote("cat-file", "-t", "refs/heads/intern/ledger") == "commit"
    code, said = ada.run("uninstall")
    assert code == 0
    assert "nothing of this machine's runs or waits" in said


def test_a_session_that_waits_is_not_forgotten_and_says_what_to_do(ada: Person) -> None:
    (session,) = ada.sessions()
    code, said = ada.run("forget", session, "--yes")
    assert code == 2
    assert f"intern-action stop {session}" in said
    assert ada.traces() == [f"sessions/session_{session}.jsonl"]


def test_forgetting_takes_everything_away_but_the_ledgers_lines(ada: Person) -> None:
    (session,) = ada.sessions()
    ada.run("stop", session)
    lines = ada.remote("show", "intern/ledger:entries.jsonl")
    assert ada.traces()
    code, said = ada.run("forget", session, answers="n\n")
    assert "nothing was forgotten" in said
    assert ada.traces()
    code, said = ada.run("forget", session, answers="y\n")
    assert code == 0, said
    assert ada.traces() == []
    assert ada.remote("for-each-ref", "refs/intern/sessions/") == ""
    *before, said_so = ada.remote("show", "intern/ledger:entries.jsonl").splitlines()
    assert before == lines.splitlines()
    assert '"forgotten":true' in said_so
    assert f"{session}  forgotten" in ada.run("status")[1]
    left = {path for path in ada.folder.rglob("*") if session in path.name and "hub" not in path.parts}
    assert left == set()
    control = ada.out / "control"
    assert Git(git_dir=str(control / "git")).run("for-each-ref", "refs/intern/taken/").text == ""
    told = [path for path in control.rglob("*") if path.is_file() and b"a secret thought" in path.read_bytes()]
    assert told == []
    assert json.loads(lines.splitlines()[0])["schema"] == 2
    assert ada.run("status")[0] == 0
    assert ada.run("uninstall")[0] == 0


def test_without_a_world_uninstall_takes_the_files_out_all_the_same(tmp_path: Path) -> None:
    make_repository(tmp_path / "team", FILES)
    Git().run("remote", "add", "origin", "https://github.com/team/mails", cwd=str(tmp_path / "team"))
    environment = {"PATH": os.defpath, "HOME": str(tmp_path)}
    command = [Path(sys.executable).parent / "intern-action", "uninstall", "--out", str(tmp_path / "none")]
    ended = subprocess.run(
        command, env=environment, cwd=tmp_path / "team", capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    assert "git push origin intern-uninstall" in ended.stdout
    assert "https://github.com/team/mails/settings/secrets/actions" in ended.stdout
    assert not (tmp_path / "none").exists()
