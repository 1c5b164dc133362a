"""A team whose repository has the intern, as the README adds it, and a runner of its own: what stories under `act` begin with."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from intern_action.git.run import Git
from tests.act.deliveries import Deliveries, Run
from tests.act.driver import ROOT, Act
from tests.fakes.github_team import PAYS, STAGES, Team, furnish, team
from tests.fakes.model_server import ModelServer
from tests.fakes.readme import blocks
from tests.image.engine import Docker, docker_engine
from tests.image.images import built

ADDING = 2
"""Which of the README's shell blocks adds the intern to a repository."""
STEP = {"quickstart": "intern.intern", "hardened": "control.control"}
"""Which step gives the outputs, by set-up."""


@dataclass(frozen=True, slots=True)
class World:
    """A team with its repository and Hub, and the runner that its workflows get."""

    kind: str
    team: Team
    runner: Deliveries
    secrets: Mapping[str, str]

    def outputs(self, run: Run) -> Mapping[str, str]:
        """Return what the intern's step gave."""
        assert run.ran.code == 0, run.ran.log[-4000:] + run.ran.trouble
        return run.ran.outputs.get(STEP[self.kind], {})


@contextmanager
def a_world(kind: str, place: Path, thinks: Mapping[str, str]) -> Generator[World]:
    """Begin such a world.

    Args:
        kind: of the examples, `quickstart` or `hardened`.
        place: an empty folder.
        thinks: variables that say which model thinks.
    """
    with docker_engine() as docker, team(place, timer=False) as ours:
        if thinks["INTERN_ACTION_MODEL"] == "recipes":
            furnish(ours.hub)
        add(ours, kind, place)
        account = ours.hub.account
        secrets = {"HF_TOKEN": account.token, "HF_WRITE_TOKEN": account.token, "HF_JOB_TOKEN": account.job_token}
        act, bare = act_for(ours, docker, secrets, place, thinks), Path(ours.git.bare.path)
        with Deliveries(ours.github, act, bare, place, told=ours.github.runs.__setitem__) as runner:
            yield World(kind, ours, runner, secrets)


def add(ours: Team, kind: str, place: Path) -> None:
    """Add the intern to the team's repository, as the README says it word for word (or with the other kind)."""
    home = place / "intern-action"
    home.mkdir()
    (home / ".venv").symlink_to(ROOT / ".venv")
    Git().run("clone", "--quiet", ours.git.bare.path, str(place / "my-repo"))
    names = {f"GIT_{role}_{what}": "ada@x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for command in blocks()[ADDING]:
        done = subprocess.run(
            ["sh", "-c", command.replace("--kind quickstart", f"--kind {kind}")],
            cwd=home,
            env={"PATH": os.defpath, "HOME": str(place), **names},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def act_for(ours: Team, docker: Docker, secrets: Mapping[str, str], place: Path, thinks: Mapping[str, str]) -> Act:
    """Return a runner for the team's repository. What a person sets as variables of the repository comes by the environment."""
    return Act(
        docker=docker,
        image=built(docker, "intern"),
        training_image=built(docker, "train"),
        folder=place,
        repository=ours.github.name,
        api_url=ours.github.api_url,
        server_url=ours.github.server_url,
        secrets=secrets,
        environment={
            "HF_ENDPOINT": ours.hub.account.endpoint,
            "INTERN_ACTION_JOBS_BACKEND": "hf",
            **thinks,
            "INTERN_ACTION_JOBS_HF_NAMESPACE": PAYS,
            "INTERN_ACTION_JOBS_HF_STAGING": STAGES,
            "INTERN_ACTION_JOBS_HF_IMAGE": "python:3.12",
        },
    )


def small(model: ModelServer) -> Mapping[str, str]:
    """Return the variables by which a workflow finds the model of the tests."""
    return {"INTERN_ACTION_MODEL": "local/tiny", "LOCAL_LLM_BASE_URL": model.base_url}
