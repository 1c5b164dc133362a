"""What is looked at: settings, the folder, this machine, and the repository on GitHub, each asked for once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from intern_action.core.entries import Limits
from intern_action.core.errors import ForgeError
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.ports import Clock
from intern_action.forge._connection import API_URL, REPOSITORY, SERVER_URL
from intern_action.forge.setup import GitHubSetup, RepositoryState, Seen, Workflow
from intern_action.gate.policy import parse_policy
from intern_action.git.run import Git
from intern_action.settings.places import configs
from intern_action.settings.settings import Settings
from intern_action.wiring.workflow import DOORBELL, MAIN, TIMER

TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
WORKFLOWS = ".github/workflows"
OURS = (MAIN, DOORBELL, TIMER)
SSH = re.compile(r"(?:ssh://)?(?:[^@/]+@)?(?P<host>[^/:]+)[:/](?P<name>[^/]+/[^/]+)")


class Site:
    """A set-up to look at.

    Args:
        settings: of a run in `folder`.
        environment: the environment variables.
        folder: the checkout.
        clock: what waits.
        named: `OWNER/NAME`; "" is what `GITHUB_REPOSITORY` or the remote `origin` says.
        examples: our own workflows; `configs/examples` when None.
    """

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        folder: Path,
        *,
        clock: Clock,
        named: str = "",
        examples: Path | None = None,
    ) -> None:
        self.settings = settings
        self.environment = environment
        self.folder = folder
        self.clock = clock
        self.examples = examples or configs() / "examples"
        self.server_url = environment.get("GITHUB_SERVER_URL") or SERVER_URL
        self.name = named or environment.get("GITHUB_REPOSITORY") or origin_name(folder, self.server_url)
        self._texts: dict[str, str | None] = {}
        self.token = next((self.key(name) for name in TOKENS if self.key(name)), "")

    def key(self, name: str) -> str:
        """Return a secret, "" when it is not set."""
        found = self.settings.keys.get(name)
        return found.get_secret_value() if found else ""

    # --- on GitHub ------------------------------------------------------------------------------------------------

    @cached_property
    def github(self) -> GitHubSetup:
        """The repository's set-up on GitHub."""
        api_url = self.environment.get("GITHUB_API_URL") or API_URL
        return GitHubSetup(self.name, self.token, clock=self.clock, api_url=api_url)

    @cached_property
    def seen(self) -> Seen:
        """The repository, as the token sees it."""
        return self.github.seen()

    @property
    def repository(self) -> RepositoryState:
        """What GitHub says of the repository."""
        return self.seen.repository

    @cached_property
    def reachable(self) -> bool:
        """Whether GitHub can be asked about the repository."""
        if not (self.name and self.token):
            return False
        try:
            return bool(self.seen)
        except ForgeError:
            return False

    @property
    def git_url(self) -> str:
        """Where the repository is cloned from."""
        return f"{self.server_url.rstrip('/')}/{self.name}.git"

    @property
    def page(self) -> str:
        """The repository's page."""
        return self.repository.html_url

    @cached_property
    def workflows(self) -> Mapping[str, Workflow]:
        """The workflows that GitHub knows, by the name of their file."""
        return {one.path.rpartition("/")[2]: one for one in self.github.workflows()}

    def workflow(self, name: str) -> str | None:
        """Return a workflow's text on the default branch, None when it is not there."""
        if name not in self._texts:
            self._texts[name] = self._read(name)
        return self._texts[name]

    def _read(self, name: str) -> str | None:
        found = self.github.file(f"{WORKFLOWS}/{name}", self.repository.default_branch)
        return None if found is None else found.decode("utf-8", errors="replace")

    @cached_property
    def policy_file(self) -> bytes | None:
        """The policy of the default branch, None when there is none."""
        return self.github.file(self.settings.approvals.policy, self.repository.default_branch)

    def policy(self, content: bytes | None) -> ApprovalPolicy:
        """Read a policy with the settings' limits. Raises Misconfigured."""
        budget = self.settings.budget
        limits = Limits(month_usd=budget.month_usd, session_usd=budget.session_usd, requester_usd=budget.requester_usd)
        return parse_policy(content, self.settings.approvals.policy, limits=limits)


def origin_name(folder: Path, server_url: str) -> str:
    """Return the `OWNER/NAME` that `origin` says, where it leads to the GitHub that is meant; "" otherwise."""
    done = Git().ask("config", "--get", "remote.origin.url", cwd=str(folder))
    url = "" if done.code else done.text.strip().removesuffix("/").removesuffix(".git")
    server = server_url.rstrip("/")
    if url.startswith(f"{server}/"):
        name = url.removeprefix(f"{server}/")
    else:
        found = SSH.fullmatch(url)
        name = found["name"] if found and server.endswith(f"//{found['host']}") else ""
    return name if REPOSITORY.fullmatch(name) else ""
