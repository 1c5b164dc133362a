"""A team's whole set-up, as a careful owner leaves it: GitHub, Hub, model, ledger, checkout. A test breaks one thing of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from intern_action.commands.doctor import doctor
from intern_action.git.branch import GitBranch
from intern_action.ledger.ledger import GitLedger
from intern_action.settings.clock import SystemClock
from tests.fakes.git_world import GitWorld, StillClock, make_world
from tests.fakes.hasty_clock import HastyClock
from tests.fakes.memory_branch import admitted
from tests.fakes.model_server import Fail, ModelServer, Say, Seen, Step
from tests.github_server import GitHubServer
from tests.github_server.server import EVERYTHING
from tests.github_server.setup import Setup
from tests.hub_server import HubServer
from tests.hub_server.accounts import Scope

ROLES = {"ada": "admin", "grace": "write", "eve": "read"}
LEDGER = "intern/ledger"
SIGNS = "nobody else knows this key of ours"
KEY = "a-key-that-the-provider-knows"
POLICY = """\
model: anthropic/claude-opus-4.8
journal: refs
approvals:
  people: [ada, grace, team]
budget:
  month_usd: 40
"""
SECRETS = frozenset({"ANTHROPIC_API_KEY", "HF_TOKEN", "HF_WRITE_TOKEN", "HF_JOB_TOKEN", "INTERN_LEDGER_SECRET"})
SEES = {"administration": "read", "secrets": "read", "environments": "read"}
STAGING = Scope(entity="ada", permissions=frozenset({"repo.content.read", "repo.write"}))


@dataclass
class SetUp:
    """The parts, and what doctor is told of them."""

    git: GitWorld
    github: GitHubServer
    hub: HubServer
    model: ModelServer
    examples: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])
    refs: str = ""

    @property
    def clicked(self) -> Setup:
        """What people clicked together on GitHub."""
        return self.github.setup

    def workflow(self, name: str, kind: str = "quickstart") -> str:
        """Return one of our workflows."""
        return (self.examples / kind / name).read_text(encoding="utf-8")

    def github_token(self, login: str = "ada", **other: str) -> None:
        """Give doctor another fine-grained token: with a word of `other` in the place of what it may do."""
        self.environment["GITHUB_TOKEN"] = self.github.token(login, {**EVERYTHING, **SEES, **other})

    def asked(self) -> int:
        """Ask doctor."""
        return doctor(self.environment, str(self.folder), examples=self.examples)

    # --- as it should be ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Put everything where it belongs, for the first time."""
        self.git.push("main", {f".github/workflows/{one}": self.workflow(one) for one in WORKFLOWS})
        self.git.push("main", {".github/intern.yml": POLICY})
        branch = GitBranch.at(str(self.git.folder / "ledger.git"), self.git.url, LEDGER)
        ledger = GitLedger(branch, clock=SystemClock(), origin=self.github.name.lower(), key=SIGNS.encode())
        ledger.decide(lambda _view: (admitted("s1"),))
        ledger.decide(lambda _view: (admitted("s2"),))
        self.refs = self.git.git("for-each-ref", "--format=%(objectname) %(refname)")

    def mend(self) -> None:
        """Put everything back."""
        there = {line[41:] for line in self.git.git("for-each-ref", "--format=%(objectname) %(refname)").splitlines()}
        kept = {line[41:]: line[:40] for line in self.refs.splitlines()}
        for ref in there - set(kept):
            self.git.git("update-ref", "-d", ref)
        for ref, commit in kept.items():
            self.git.git("update-ref", ref, commit)
        self.github.corrections.inside.setup = Setup(
            secrets=set(SECRETS), rules=[(LEDGER, "deletion"), (LEDGER, "non_fast_forward")]
        )
        self.github.accounts.roles.clear()
        self.github.accounts.roles.update({"team": "admin", **ROLES})
        self.github.front.faults.clear()
        self.github.front.recorded.clear()
        self.folder = self.git.repository
        self._dress()

    def _dress(self) -> None:
        tokens = self.hub.accounts.add_token
        self.environment.clear()
        self.environment.update(
            {
                "HOME": str(self.git.folder),
                "GITHUB_REPOSITORY": self.github.name,
                "GITHUB_API_URL": self.github.api_url,
                "GITHUB_SERVER_URL": self.github.server_url,
                "HF_TOKEN": tokens("ada", "read"),
                "HF_WRITE_TOKEN": tokens("ada", "write"),
                "HF_JOB_TOKEN": tokens("ada", "fineGrained", scopes=[STAGING]),
                "INTERN_LEDGER_SECRET": SIGNS,
                "INTERN_ACTION_HUB_ENDPOINT": self.hub.url,
                "INTERN_ACTION_MODEL": "local/tiny",
                "LOCAL_LLM_BASE_URL": self.model.base_url,
                "LOCAL_LLM_API_KEY": KEY,
            }
        )
        self.github_token()


WORKFLOWS = ("intern.yml", "intern-doorbell.yml", "intern-timer.yml")


def provider(seen: Seen) -> Step:
    """Answer whoever has the key."""
    known = seen.headers.get("authorization") == f"Bearer {KEY}"
    return Say(text="ok") if known else Fail(status=401, words="Incorrect API key provided")


def make_set_up(git: GitWorld, github: GitHubServer, hub: HubServer, model: ModelServer, examples: Path) -> SetUp:
    """Return a set-up over servers that run."""
    hub.accounts.add_user("ada")
    made = SetUp(git=git, github=github, hub=hub, model=model, examples=examples, folder=git.repository)
    made.begin()
    return made


def make_git(folder: Path) -> GitWorld:
    """Return a world whose clock is right."""
    return replace(make_world(folder), clock=StillClock(HastyClock().now()))
