"""`intern-action doctor` before a set-up in which one thing is wrong, on real servers: each is named, with what to do.

`make judges` lays the parts out that stand in for GitHub.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from intern_action.commands.init import init
from intern_action.doctor.environments import named_in
from tests.fakes.example_workflows import KINDS, examples
from tests.fakes.git_world import make_repository
from tests.fakes.model_server import ModelServer
from tests.fakes.set_up import KEY, LEDGER, POLICY, ROLES, SECRETS, SetUp, make_git, make_set_up, provider
from tests.github_server import GitHubServer
from tests.github_server.description import SETUP
from tests.github_server.setup import Setup
from tests.hub_server import HubServer


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[SetUp]:
    folder = tmp_path_factory.mktemp("set-up")
    git = make_git(folder / "git")
    github = GitHubServer(folder / "github", Path(git.bare.path), roles=ROLES)
    with github, HubServer(folder / "hub") as hub, ModelServer(provider) as model:
        yield make_set_up(git, github, hub, model, examples(folder / "examples"))


@pytest.fixture
def team(servers: SetUp) -> SetUp:
    servers.mend()
    return servers


def test_a_healthy_set_up_is_all_green_and_nothing_asked_breaks_githubs_description(
    team: SetUp, capsys: pytest.CaptureFixture[str]
) -> None:
    code = team.asked()
    said = capsys.readouterr().out
    assert code == 0, said
    assert {line.split()[0] for line in said.splitlines()[:-1] if not line.startswith(" ")} == {"ok"}, said
    assert said.splitlines()[-1].startswith("0 to change, 0 to consider, 0 to look at yourself, ")
    assert team.github.violations == []
    assert not any(
        secret in said for name, secret in team.environment.items() if name.endswith(("TOKEN", "SECRET", "KEY"))
    )
    assert {one.method for one in team.github.requests if ".git/" not in one.path} == {"GET"}


def test_every_question_doctor_has_is_one_that_github_describes(team: SetUp) -> None:
    hardened(closed=True)(team)
    on_main(".github/intern.yml", "enabled: true\n")(team)
    team.clicked.protections = {LEDGER: {"lock_branch": {"enabled": False}}}
    team.asked()
    assert team.github.violations == []
    asked = [one.path.partition("?")[0].removeprefix(f"/repos/{team.github.name}") for one in team.github.requests]
    patterns = [re.sub(r"{\w+}", "[^/]+", path.removeprefix("/repos/{owner}/{repo}")) for _, path in SETUP]
    assert [one for one in patterns if not any(re.fullmatch(one, path) for path in asked)] == []


def broken(team: SetUp) -> list[str]:
    """What broke GitHub's description; it leaves out that most questions may be refused."""
    return [
        f"{one.path}: {found}"
        for one in team.github.requests
        for found in one.violations
        if one.status < 400 or '"request"' in found
    ]


# --- one thing is wrong --------------------------------------------------------------------------------------------

Plant = Callable[[SetUp], object]


def clicked(**wrongly: object) -> Plant:
    def plant(team: SetUp) -> None:
        for name, value in wrongly.items():
            setattr(team.clicked, name, value)

    return plant


def told(**environment: str) -> Plant:
    return lambda team: team.environment.update(environment)


def pushed(branch: str = "main", /, **_: object) -> Callable[[dict[str, str | None]], Plant]:
    def files(given: dict[str, str | None]) -> Plant:
        return lambda team: team.git.push(branch, given)

    return files


def on_main(path: str, text: str | None) -> Plant:
    return pushed("main")({path: text})


def served_tool(team: SetUp) -> None:
    on_main(".github/intern.yml", f"{POLICY}mcp_servers: [docs]\n")(team)
    told(INTERN_ACTION_MCP="{docs: {url: 'http://127.0.0.1:1/mcp', tools: [search reads]}}")(team)


def outdated(team: SetUp) -> None:
    text = team.workflow("intern.yml").replace("permissions: {}", "permissions: write-all", 1)
    team.git.push("main", {".github/workflows/intern.yml": text})


def forged_ledger(team: SetUp) -> None:
    lines = team.git.git("show", f"{LEDGER}:entries.jsonl")
    team.git.push(LEDGER, {"entries.jsonl": lines.replace('"requester":"ada"', '"requester":"eve"', 1) + "\n"})


def solo(team: SetUp) -> None:
    for person in ("ada", "grace"):
        team.github.accounts.roles[person] = "read"
    team.git.push("main", {".github/intern.yml": "model: anthropic/claude-opus-4.8\n"})
    team.github_token("team")


def lost_write_access(team: SetUp) -> None:
    team.github.accounts.roles["grace"] = "read"


def revoked(team: SetUp) -> None:
    team.environment["GITHUB_TOKEN"] = "ghp_" + "0" * 36


def classic(*scopes: str) -> Plant:
    def plant(team: SetUp) -> None:
        team.environment["GITHUB_TOKEN"] = team.github.classic_token("ada", *scopes)

    return plant


def narrow(team: SetUp) -> None:
    team.github_token(issues="none")


def readers_token(team: SetUp) -> None:
    team.github_token("eve")


def writing_hub_token(team: SetUp) -> None:
    team.environment["HF_TOKEN"] = team.hub.accounts.add_token("ada", "write")


def one_hub_token(team: SetUp) -> None:
    team.environment["HF_JOB_TOKEN"] = team.environment["HF_WRITE_TOKEN"]


def reading_write_token(team: SetUp) -> None:
    team.environment["HF_WRITE_TOKEN"] = team.hub.accounts.add_token("ada", "read")


def hardened(**closed: bool) -> Plant:
    """Have the hardened workflows, and their environments where `closed` says whether they are for chosen branches alone."""

    def plant(team: SetUp) -> None:
        files = ("intern.yml", "intern-doorbell.yml", "intern-timer.yml")
        team.git.push("main", {f".github/workflows/{one}": team.workflow(one, "hardened") for one in files})
        names = named_in(team.workflow("intern.yml", "hardened")) if closed else ()
        team.clicked.environments = dict.fromkeys(names, closed.get("closed", False))

    return plant


def changed(team: SetUp) -> None:
    place = team.git.folder / "changed"
    if not place.exists():
        make_repository(place)
    (place / "README.md").write_text("half an idea\n")
    team.folder = place


def docker_for_everybody(team: SetUp) -> None:
    place = team.git.folder / "docker.sock"
    if not place.exists():
        with socket.socket(socket.AF_UNIX) as plug:
            plug.bind(str(place))
    place.chmod(0o666)
    team.environment["DOCKER_HOST"] = f"unix://{place}"


CI = "on: {pull_request: {}}\njobs: {test: {runs-on: ubuntu-24.04, steps: [{run: make test}]}}\n"

WRONG: dict[str, tuple[Plant, str, str]] = {
    # what is planted → how, the headline, and words of what is to be done
    "GitHub does not know the token": (revoked, "WRONG  GitHub token", "settings/personal-access-tokens"),
    "a classic token without its scope": (classic("gist"), "WRONG  GitHub token", "tick `public_repo`"),
    "a fine-grained token without issues": (narrow, "WRONG  GitHub token", "add `issues: write`"),
    "a reader's token": (readers_token, "WRONG  GitHub token", "give the role Write"),
    "issues are off": (clicked(has_issues=False), "WRONG  repository on GitHub", "tick Issues"),
    "archived": (clicked(archived=True), "WRONG  repository on GitHub", "Unarchive"),
    "Actions are off": (clicked(actions=False), "WRONG  Actions settings", "Actions permissions"),
    "only local actions": (clicked(allowed_actions="local_only"), "WRONG  Actions settings", "Only actions of team"),
    "Actions may not open pull requests": (
        clicked(may_open_pulls=False),
        "WRONG  Actions settings",
        'tick "Allow GitHub Actions to create and approve pull requests"',
    ),
    "no workflow": (on_main(".github/workflows/intern.yml", None), "WRONG  workflows", "intern-action init"),
    "no doorbell": (on_main(".github/workflows/intern-doorbell.yml", None), "WRONG  workflows", "is not on main"),
    "no timer": (on_main(".github/workflows/intern-timer.yml", None), "WRONG  workflows", "noticed four times a day"),
    "switched off by hand": (
        clicked(disabled={".github/workflows/intern.yml": "disabled_manually"}),
        "WRONG  workflows",
        "Enable workflow",
    ),
    "switched off after 60 days": (
        clicked(disabled={".github/workflows/intern.yml": "disabled_inactivity"}),
        "WRONG  timer",
        "nothing happened here for 60 days",
    ),
    "a typo in the policy": (
        on_main(".github/intern.yml", POLICY.replace("people:", "pepole:")),
        "WRONG  policy",
        ".github/intern.yml:3: ",
    ),
    "a solo maintainer": (solo, "WRONG  approvers", "requester_may_approve: true"),
    "an approver who lost write access": (lost_write_access, "WRONG  approvers", "give grace the role Write"),
    "a forged line in the ledger": (forged_ledger, "WRONG  ledger", "line 1 of the ledger"),
    "the ledger's key is another one": (
        told(INTERN_LEDGER_SECRET="another one"),
        "WRONG  ledger",
        "INTERN_LEDGER_PREVIOUS_SECRET",
    ),
    "a ruleset refuses our branches": (
        clicked(rules=[("intern/*", "creation"), (LEDGER, "deletion"), (LEDGER, "non_fast_forward")]),
        "WRONG  our branches",
        "organizations/team/settings/rules",
    ),
    "a protection refuses the ledger": (
        clicked(protections={LEDGER: {"required_signatures": {"url": "https://example.com", "enabled": True}}}),
        "WRONG  guard of the ledger",
        '"Require signed commits"',
    ),
    "the model's secret is not set": (
        clicked(secrets=set(SECRETS - {"ANTHROPIC_API_KEY", "HF_TOKEN"})),
        "WRONG  secrets",
        "ANTHROPIC_API_KEY",
    ),
    "jobs have no token of their own": (
        clicked(secrets=set(SECRETS - {"HF_JOB_TOKEN"})),
        "WRONG  secrets",
        "New repository secret → HF_JOB_TOKEN",
    ),
    "no environment for control": (hardened(), "WRONG  environment", "New environment"),
    "an environment for every branch": (hardened(closed=False), "WRONG  environment", "Selected"),
    "the Hub does not know the token": (told(HF_TOKEN="hf_" + "x" * 34), "WRONG  HF_TOKEN", "make a new"),
    "a public repository without a home for journals": (
        clicked(secrets=set(SECRETS - {"HF_WRITE_TOKEN"})),
        "WRONG  secrets",
        "journals: {home: repository}",
    ),
    "a job holds our token": (one_hub_token, "WRONG  HF_JOB_TOKEN", "can start further jobs"),
    "the writing token reads": (reading_write_token, "WRONG  HF_WRITE_TOKEN", "make one that writes"),
    "Docker for everybody": (docker_for_everybody, "WRONG  Docker", "chmod o-rw "),
    "Docker on the network": (told(DOCKER_HOST="tcp://127.0.0.1:2375"), "WRONG  Docker", "DOCKER_TLS_VERIFY"),
    "the provider refuses the key": (told(LOCAL_LLM_API_KEY="not-the-key"), "WRONG  model", "LOCAL_LLM_API_KEY"),
    "a tool server that does not answer": (served_tool, "WRONG  MCP server docs", "connection attempts failed"),
    "no key for the model": (told(INTERN_ACTION_MODEL="openai/gpt-5.5", HF_TOKEN=""), "WRONG  model", "OPENAI_API_KEY"),
}

CARE: dict[str, tuple[Plant, str, str]] = {
    "a classic token that may delete": (classic("repo", "delete_repo"), "care   GitHub token", "delete_repo"),
    "workflows write by default": (clicked(default_permissions="write"), "care   Actions settings", "Read repository"),
    "a workflow that is not ours any more": (outdated, "care   workflows", "is not what this version writes"),
    "quiet for 50 days": (clicked(pushed_at="2026-01-01T00:00:00Z"), "care   timer", "Nothing was pushed here"),
    "the kill switch": (on_main(".github/intern.yml", POLICY + "enabled: false\n"), "care   policy", "enabled: false"),
    "no policy": (on_main(".github/intern.yml", None), "care   policy", "the defaults hold"),
    "anybody may rewrite the ledger": (clicked(rules=[]), "care   guard of the ledger", "Block force pushes"),
    "checks that will not start": (
        on_main(".github/workflows/ci.yml", CI),
        "care   checks on our pull requests",
        "create-github-app-token",
    ),
    "the agent's token writes": (writing_hub_token, "care   HF_TOKEN", "make a reading one"),
    "a tool server that the policy does not list": (
        told(INTERN_ACTION_MCP="{other: {command: no-such-server}}"),
        "care   MCP server other",
        "mcp_servers: [other]",
    ),
    "a checkout with changes": (changed, "care   repository", "commit them"),
    "no GitHub token": (told(GITHUB_TOKEN=""), "care   GitHub token", "gh auth token"),
}


@pytest.mark.parametrize("planted", WRONG)
def test_what_is_wrong_is_named_with_what_to_do(team: SetUp, planted: str, capsys: pytest.CaptureFixture[str]) -> None:
    plant, headline, words = WRONG[planted]
    plant(team)
    code = team.asked()
    said = capsys.readouterr().out
    assert code == 9, said
    assert headline in said.splitlines(), said
    assert words in said.partition(headline)[2], said
    count = said.splitlines().count(headline)  # and nothing else: the hardened workflows name two environments
    assert said.splitlines()[-1].startswith(f"{count} to change, "), said
    assert broken(team) == []
    assert KEY not in said


@pytest.mark.parametrize("planted", CARE)
def test_what_could_be_better_is_named_and_no_failure(
    team: SetUp, planted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plant, headline, words = CARE[planted]
    plant(team)
    code = team.asked()
    said = capsys.readouterr().out
    assert code == 0, said
    assert headline in said.splitlines(), said
    assert words in said.partition(headline)[2], said
    assert broken(team) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_init_writes_is_what_doctor_calls_current(
    team: SetUp, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_repository(tmp_path / "new")
    answers = {
        "repo": str(tmp_path / "new"),
        "yes": True,
        "kind": kind,
        "approvers": ("ada", "grace"),
        "month_usd": "12",
    }
    assert init({}, answers, examples=team.examples) == 0
    written = {
        str(path.relative_to(tmp_path / "new")): path.read_text() for path in (tmp_path / "new/.github").rglob("*.yml")
    }
    hardened(closed=True)(team)
    team.git.push("main", written)
    assert team.asked() == 0
    said = capsys.readouterr().out
    assert "ok     workflows: intern.yml, intern-doorbell.yml and intern-timer.yml are on main, and current" in said
    assert "ok     policy: .github/intern.yml on main; $12 a month at most" in said
    assert "ok     approvers: 1 of ada, grace" in said


def test_what_a_workflows_own_token_may_not_see_is_said_to_be_unseen(
    team: SetUp, capsys: pytest.CaptureFixture[str]
) -> None:
    team.environment["GITHUB_TOKEN"] = team.github.token()
    assert team.asked() == 0
    said = capsys.readouterr().out
    assert "?      Actions settings" in said
    assert "?      secrets" in said
    assert "ok     GitHub token: reads what it needs of team/mails" in said


def test_a_set_up_in_which_nothing_is_right_is_told_in_one_go(team: SetUp, capsys: pytest.CaptureFixture[str]) -> None:
    team.github.corrections.inside.setup = Setup(actions=False, has_issues=False)
    team.git.push("main", {".github/intern.yml": "nonsense: 1\n", ".github/workflows/intern.yml": None})
    one_hub_token(team)
    assert team.asked() == 9
    said = capsys.readouterr().out
    headlines = [line for line in said.splitlines() if line.startswith("WRONG")]
    assert headlines == [
        "WRONG  Actions settings",
        "WRONG  repository on GitHub",
        "WRONG  HF_JOB_TOKEN",
        "WRONG  policy",
        "WRONG  workflows",
    ]


def test_a_github_that_does_not_answer_keeps_nobody_from_the_rest(
    team: SetUp, capsys: pytest.CaptureFixture[str]
) -> None:
    team.environment["GITHUB_API_URL"] = "http://127.0.0.1:9"
    assert team.asked() == 9
    said = capsys.readouterr().out
    assert "WRONG  GitHub token" in said
    assert "GitHub could not be asked." in said
    assert "ok     model: local/tiny answers" in said
