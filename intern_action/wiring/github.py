"""The way into a repository on GitHub: its forge and git with one token, its policy and settings, its sessions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from intern_action.core.errors import Misconfigured
from intern_action.core.ports import Clock
from intern_action.forge._wire import Wire
from intern_action.forge.github import GitHubForge
from intern_action.git import history
from intern_action.git.remote import Remote, with_token
from intern_action.git.run import Git, make_git_dir
from intern_action.settings.load import Loaded, load
from intern_action.settings.sources import REPOSITORY_FILE
from intern_action.settings.world import World
from intern_action.trace.whole import write_whole
from intern_action.wiring.workflow import WorkflowRun


class GitHubGround:
    """A repository on a GitHub server.

    Args:
        run: the workflow run we are in.
        token: needs `contents`, `issues`, `pull-requests` and `checks: write`.
        clock: what waits.
        our_name: the account the token speaks as.
        forge: how its forge is made; a person's token may do less than a workflow's.
        wire: the line to GitHub, where it is open already.
    """

    place: Literal["github", "local"] = "github"

    def __init__(
        self,
        run: WorkflowRun,
        token: str,
        *,
        clock: Clock,
        our_name: str,
        forge: type[GitHubForge] = GitHubForge,
        wire: Wire | None = None,
    ) -> None:
        if not token:
            raise Misconfigured(
                "there is no GITHUB_TOKEN; give the step `github_token: ${{ github.token }}` and the job the `permissions:` "
                "of the example workflows"
            )
        self.origin = run.repository.lower()
        self.our_name = our_name
        self.runner = run.run_id
        self.url = f"{run.server_url}/{run.repository}.git"
        self.git: Mapping[str, str] = with_token(token, run.server_url)
        self._run = run
        self._token = token
        self._clock = clock
        self._made_by = forge
        self._wire = wire
        self._forge: GitHubForge | None = None

    @property
    def forge(self) -> GitHubForge:
        """Threads, pull requests, reviews; the line is opened when it is first needed."""
        if self._forge is None:
            self._forge = self._made_by(
                self._run.repository,
                self._token,
                clock=self._clock,
                name=self.our_name,
                api_url=self._run.api_url,
                server_url=self._run.server_url,
                wire=self._wire,
            )
        return self._forge

    @property
    def public(self) -> bool:
        """Whether anybody may read the repository: as the event says, or else GitHub, which is asked once."""
        return self._public

    @cached_property
    def _public(self) -> bool:
        told = self._run.public
        return self.forge.public() if told is None else told

    def runs(self, run: str) -> bool:
        """Return whether a workflow run still runs; one that nobody can be asked about does."""
        return self.forge.runs(run)

    def address(self, branch: str, path: str, *, raw: bool = False) -> str:
        """Return where people who may see the repository see a file of a branch."""
        how = "raw" if raw else "blob"
        return f"{self._run.server_url}/{self._run.repository}/{how}/{quote(branch)}/{quote(path)}"


class DefaultBranch:
    """The default branch of a repository as it is now: what it is called, and the files that say who may do what.

    Args:
        ground: whose.
        world: its control folder has our git directory and the settings file.
        name: what the event calls it, "" when it does not say.
    """

    def __init__(self, ground: GitHubGround, world: World, *, name: str = "") -> None:
        self._world = world
        self._told = name
        git_dir = str(world.control / "git")
        make_git_dir(git_dir)
        self._remote = Remote(git=Git(git_dir=git_dir, config=ground.git), url=ground.url)

    @cached_property
    def name(self) -> str:
        """Its name. Raises Misconfigured for a repository without one."""
        found = self._told or self._remote.default_branch()
        if not found:
            raise Misconfigured("the repository has no default branch yet; push a first commit")
        return found

    @cached_property
    def head(self) -> str:
        """Its newest commit, which is brought here."""
        commit = history.newest(self._remote, self.name)
        if commit is None:
            raise Misconfigured(f"the default branch {self.name} has no commit yet; push a first one")
        return commit

    def settings(self, flags: Mapping[str, object], environment: Mapping[str, str]) -> Loaded:
        """Return the settings, with the repository's own file as the default branch has it, never as a pull request does.

        Raises:
            Misconfigured: a file or variable says something that cannot be.
        """
        folder = self._world.control / "default-branch"
        (folder / REPOSITORY_FILE).unlink(missing_ok=True)
        found = self._remote.git.ask("cat-file", "blob", f"{self.head}:{REPOSITORY_FILE}")
        if not found.code:
            write_whole(folder / REPOSITORY_FILE, found.out.decode("utf-8", "replace"))
        folder.mkdir(parents=True, exist_ok=True)
        return load(flags, environment, folder, Path(environment.get("HOME") or "/nonexistent"))
