"""The way into a repository on GitHub from somebody's own machine: no run of a workflow, and that person's token."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from intern_action.core.types import Check
from intern_action.forge._connection import API_URL, SERVER_URL
from intern_action.forge.github import GitHubForge
from intern_action.settings.world import writing
from intern_action.wiring.github_door import BACKEND, GitHubDoor
from intern_action.wiring.workflow import WorkflowRun

TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")


class PersonsForge(GitHubForge):
    """A forge with a person's token. It leaves checks as they are: only an App may write them (docs.github.com/rest/checks)."""

    def keep_check(self, check: Check) -> None:
        """Leave it to the next run of the workflow."""
        del check


def desk_token(environment: Mapping[str, str]) -> str:
    """Return the token with which somebody speaks to GitHub, "" for none."""
    return next((environment[name] for name in TOKENS if environment.get(name)), "")


@contextmanager
def at_desk(environment: Mapping[str, str], repository: str) -> Generator[GitHubDoor]:
    """Give the way into a repository, with a world that is there for this long: everything of its sessions is on GitHub.

    Args:
        environment: the environment variables, with a token; `HF_WRITE_TOKEN` where jobs on the Hub are to be ended.
        repository: `OWNER/NAME`.
    """
    run = WorkflowRun(
        event="",
        payload={},
        repository=repository,
        api_url=environment.get("GITHUB_API_URL") or API_URL,
        server_url=(environment.get("GITHUB_SERVER_URL") or SERVER_URL).rstrip("/"),
    )
    jobs = {BACKEND: "hf"} if environment.get("HF_WRITE_TOKEN") else {}
    with TemporaryDirectory(prefix="intern-action-") as folder:
        here = {"GITHUB_TOKEN": desk_token(environment), "INTERN_ACTION_WORK": folder}
        door = GitHubDoor(run, {**jobs, **environment, **here}, PersonsForge)
        with writing(door.world):
            yield door
