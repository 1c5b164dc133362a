"""`uninstall` and `forget` on a world that the real command line has made, and on GitHub; traces on a Hub that listens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from intern_action.git.branch import GitBranch
from intern_action.git.run import Git
from intern_action.ledger.ledger import GitLedger
from intern_action.settings.clock import SystemClock
from tests.fakes.git_world import make_repository
from tests.fakes.github_team import Ran, Team, team
from tests.fakes.model_server import Ask, ModelServer, Say, Seen
from tests.fakes.small_trainer import TRAINS, small_trainer
from tests.fakes.starts import ran
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
        ended = ran("-m", "intern_action", *words, env=environment, cwd=self.repo, said=answers, timeout=110)
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


# --- on GitHub ---------------------------------------------------------------------------------------------------------

PATIENT = f"import sys, time\n\nif '--batch-size=2' not in sys.argv:\n    time.sleep(120)\n{TRAINS}"


def slow_trainer(seen: Seen) -> Say:
    """Write a script that is quick in its small test only, where somebody wants it slow."""
    said = small_trainer(seen)
    wanted = "slowly" in str(seen.messages[1])
    patient = {"path": "train.py", "content": PATIENT}
    calls = [replace(one, arguments=patient) if wanted and one.name == "write_file" else one for one in said.calls]
    return replace(said, calls=tuple(calls))


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Generator[Team]:
    with ModelServer(slow_trainer) as model, team(tmp_path_factory.mktemp("team")) as made:
        made.more = {
            "INPUT_MODEL": "local/tiny",
            "LOCAL_LLM_BASE_URL": model.base_url,
            "INTERN_ACTION_WAITING_RUNNER": "1 second",
        }
        yield made


@pytest.fixture(scope="module")
def home(ours: Team) -> Path:
    """Where Grace has cloned the repository, with our files in it."""
    place = ours.place / "grace"
    make_repository(place, FILES)
    Git().run("remote", "add", "origin", f"{ours.github.server_url}/{ours.github.name}.git", cwd=str(place))
    return place


def asked(ours: Team, words: str) -> tuple[int, Ran]:
    issue = ours.issue("eve", "The filter lets spam through")
    return issue, ours.run("issue_comment", ours.comment("ada", issue, f"/intern train the filter {words}"))


def by_grace(ours: Team, home: Path, *words: str) -> tuple[int, str]:
    """Give a command on Grace's own machine, with her token."""
    environment = {
        "PATH": os.defpath,
        "HOME": str(ours.place / "grace-home"),
        "GITHUB_API_URL": ours.github.api_url,
        "GITHUB_SERVER_URL": ours.github.server_url,
        "GH_TOKEN": ours.github.token("grace"),
        "HF_WRITE_TOKEN": ours.hub.account.token,
        "HF_JOB_TOKEN": ours.hub.account.job_token,
        "HF_ENDPOINT": ours.hub.account.endpoint,
        "HF_HUB_DISABLE_XET": "1",
        "INTERN_ACTION_JOBS_HF_NAMESPACE": ours.hub.account.namespace,
        "INTERN_ACTION_JOBS_HF_STAGING": ours.hub.account.staging,
    }
    ended = ran("-m", "intern_action", *words, env=environment, cwd=home, timeout=200)
    return ended.returncode, ended.stdout + ended.stderr


def ledger(ours: Team) -> GitLedger:
    branch = GitBranch.at(str(ours.place / "judge"), ours.git.bare.path, "intern/ledger")
    return GitLedger(branch, clock=SystemClock(), origin=ours.github.name)


@pytest.mark.timeout(400)
def test_uninstall_ends_sessions_jobs_and_holds_on_github_and_keeps_the_ledger(ours: Team, home: Path) -> None:
    waits, waiting = asked(ours, "quickly")
    _, runs = asked(ours, "slowly")
    ran = ours.run("workflow_run", ours.review("grace", int(runs.outputs["pull_request"])))
    assert ran.outputs["state"] == "awaiting-job", ran.log
    made = ledger(ours).read().newest_plan(runs.outputs["session"])
    assert made is not None
    assert ledger(ours).read().held(made.digest)
    code, said = by_grace(ours, home, "uninstall", "--as", "grace")
    assert code == 0, said
    sessions = {one.outputs["session"] for one in (waiting, runs)}
    assert sessions == {line.split()[1] for line in said.splitlines() if line.startswith("stopped ")}
    view = ledger(ours).read()
    assert {view.sessions()[one].state.value for one in sessions} == {"stopped"}
    assert not view.costing()
    assert view.held(made.digest) == 0
    assert any("topped" in body for body in ours.comments(waits))
    assert "merge `enabled: false`" not in said
    assert "The branch intern-uninstall is without" in said
    assert "nothing of this machine's runs or waits" in by_grace(ours, home, "uninstall", "--as", "grace")[1]


@pytest.mark.timeout(400)
def test_a_forgotten_session_on_github_leaves_nothing_but_lines_of_the_ledger(ours: Team, home: Path) -> None:
    _, other = asked(ours, "quickly")
    _, first = asked(ours, "quickly")
    session, stays = first.outputs["session"], other.outputs["session"]
    code, said = by_grace(ours, home, "forget", session, "--yes", "--github")
    assert code == 2
    assert "end it first" in said
    by_grace(ours, home, "uninstall", "--as", "grace")
    before = ours.git.git("show", "intern/ledger:entries.jsonl")
    assert session in ours.git.git("log", "--format=%H", "--name-only", "intern/traces")
    assert f"session_{session}.jsonl" in on_the_hub(ours)
    code, said = by_grace(ours, home, "forget", session, "--yes", "--github")
    assert code == 0, said
    assert f"forgotten: {session}" in said
    refs = ours.git.git("for-each-ref", "--format=%(refname)", "refs/intern")
    assert session not in refs
    assert f"refs/intern/sessions/{stays}" in refs
    history = ours.git.git("log", "--format=%H", "--name-only", "intern/traces")
    assert session not in history
    assert stays in history
    assert f"session_{session}.jsonl" not in on_the_hub(ours)
    assert f"session_{stays}.jsonl" in on_the_hub(ours)
    after = ours.git.git("show", "intern/ledger:entries.jsonl")
    assert after.startswith(before)
    assert ledger(ours).read().sessions()[session].forgotten
    assert by_grace(ours, home, "forget", session, "--yes", "--github", ours.github.name)[0] == 0
    assert ours.git.git("show", "intern/ledger:entries.jsonl") == after


def on_the_hub(ours: Team) -> str:
    listed = HfApi(endpoint=ours.hub.account.endpoint, token=ours.hub.account.token).list_repo_files(
        TRACES, repo_type="dataset"
    )
    return " ".join(listed)


def test_without_a_token_nothing_on_github_is_touched_and_what_to_do_is_said(ours: Team, home: Path) -> None:
    before = ours.git.git("for-each-ref")
    environment = {"PATH": os.defpath, "HOME": str(ours.place), "GITHUB_SERVER_URL": ours.github.server_url}
    command = [Path(sys.executable).parent / "intern-action", "uninstall", "--out", str(ours.place / "none")]
    ended = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert "set GITHUB_TOKEN" in ended.stdout
    assert ours.git.git("for-each-ref") == before
