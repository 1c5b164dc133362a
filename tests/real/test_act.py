"""Our image as a step of a workflow, run by `act` on a real engine: outputs, summaries, masks, two jobs of one run."""

from __future__ import annotations

import signal
import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.act.alone import alone
from tests.act.driver import Act, Ran
from tests.fakes.git_world import make_repository
from tests.fakes.model_server import Ask, ModelServer, Say

SECRET = "hf_bait4711bait4711bait4711bait4711"
HEAD = """\
name: intern
on:
  issue_comment:
    types: [created]
permissions: {}
jobs:
"""
TWO_JOBS = f"""\
{HEAD}
  agent:
    if: startsWith(github.event.comment.body, '/intern')
    runs-on: ubuntu-24.04
    outputs:
      said: ${{{{ steps.say.outputs.said }}}}
    steps:
      - uses: docker://IMAGE
        with:
          args: --version
      - id: say
        env:
          TOKEN: ${{{{ secrets.HF_TOKEN }}}}
        run: |
          echo "said=$GITHUB_REPOSITORY $GITHUB_RUN_ID $GITHUB_ACTOR" >> "$GITHUB_OUTPUT"
          echo "$GITHUB_WORKFLOW_REF" >> "$GITHUB_STEP_SUMMARY"
          echo "the token is $TOKEN"
  control:
    needs: agent
    runs-on: ubuntu-24.04
    steps:
      - run: echo "control heard ${{{{ needs.agent.outputs.said }}}} of ${{{{ vars.FLAVOR }}}} at $GITHUB_API_URL"
"""
LOCAL = f"""\
{HEAD}
  work:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - uses: docker://IMAGE
        with:
          args: local "look around" --model openai/any
"""


def comment(body: str) -> dict[str, object]:
    return {"action": "created", "comment": {"body": body}, "repository": {"full_name": "team/mails"}}


@pytest.fixture(scope="module")
def act(tmp_path_factory: pytest.TempPathFactory) -> Generator[Act]:
    folder = tmp_path_factory.mktemp("act")
    with alone(folder, secrets={"HF_TOKEN": SECRET}, variables={"FLAVOR": "vanilla"}) as act:
        yield act


def repository(folder: Path, act: Act, workflow: str) -> Path:
    """Make a repository that holds a workflow with our image in it."""
    make_repository(folder, {"README.md": "# mails\n", "intern.yml": workflow.replace("IMAGE", act.image)})
    return folder


@pytest.fixture(scope="module")
def two_jobs(act: Act, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("two") / "repo", act, TWO_JOBS)


@pytest.fixture(scope="module")
def ran(act: Act, two_jobs: Path) -> Ran:
    return act.run(two_jobs, "intern.yml", "issue_comment", comment("/intern go"), actor="ada", run_id="77")


def test_our_image_runs_as_a_step(ran: Ran):
    assert ran.code == 0, ran.trouble + ran.log
    assert "intern-action, version" in ran.log
    assert ran.jobs == {"agent": "success", "control": "success"}


def test_one_job_hears_what_another_gave(ran: Ran):
    assert ran.outputs == {"agent.say": {"said": "team/mails 77 ada"}}
    assert "control heard team/mails 77 ada of vanilla at http://127.0.0.1:9/api" in ran.log


def test_the_summary_and_whose_workflow_it_is_are_told(ran: Ran):
    assert ran.summary == "team/mails/intern.yml@refs/heads/main\n"


def test_secrets_are_masked(ran: Ran):
    assert "the token is ***" in ran.log
    assert SECRET not in ran.log + ran.trouble


def test_a_comment_that_is_not_for_us_begins_no_job(act: Act, two_jobs: Path):
    ran = act.run(two_jobs, "intern.yml", "issue_comment", comment("nice weather"))
    assert (ran.code, ran.jobs, ran.conclusion) == (0, {}, "skipped")


def test_a_session_runs_in_a_workspace_as_a_runner_hands_it_over(act: Act, tmp_path: Path):
    steps = [Say(calls=(Ask(name="bash", arguments={"command": "id -u; cat README.md"}),)), Say(text="Nothing to do.")]
    with ModelServer(steps, loop=True) as model:
        ran = with_model(act, model).run(
            repository(tmp_path / "repo", act, LOCAL), "intern.yml", "issue_comment", comment("/intern")
        )
    assert ran.code == 0, ran.trouble + ran.log
    uid, _, readme = str(model.seen[1].messages[-1]["content"]).partition("\n")
    assert int(uid) >= 60_000
    assert "# mails" in readme


def test_a_machine_that_goes_away_in_the_middle_is_a_failed_run(act: Act, tmp_path: Path):
    steps = [Say(calls=(Ask(name="bash", arguments={"command": "sleep 300"}),))]
    with ModelServer(steps, loop=True) as model:
        runner, checkout = with_model(act, model), repository(tmp_path / "repo", act, LOCAL)
        with runner.started(checkout, "intern.yml", "issue_comment", comment("/intern")) as running:
            until = time.monotonic() + 60
            while not model.answered_at:
                assert time.monotonic() < until, running.log()
                time.sleep(0.1)
            running.kill_action(signal.SIGKILL)
            ran = running.ended()
    assert ran.jobs == {"work": "failure"}


def with_model(act: Act, model: ModelServer) -> Act:
    return replace(act, environment={"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-of-the-tests"})
