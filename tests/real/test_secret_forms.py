"""Secrets in every form, let out by the model, tools, file names, errors and a job: nothing that leaves a run holds one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from intern_action.trace.redact import SecretRedactor
from tests.fakes.github_team import Ran, Team, team
from tests.fakes.leaky import (
    FORMS,
    KNOWN,
    KNOWN_NAME,
    PLANTED,
    WORDS,
    LeakyModel,
    commits,
    fault,
    hidden,
    is_masked,
    leaks,
    needles,
    story,
)
from tests.fakes.model_server import ModelServer
from tests.github_server.faults import Refuse as GitHubRefuses
from tests.hub_server.faults import Refuse as HubRefuses

ASK = "/intern train the filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaked:
    """A team whose model lets everything out, with what was said to it and to everybody."""

    team: Team
    model: ModelServer
    leaky: LeakyModel
    runs: list[Ran]

    def asked(self, code: int | None = 0) -> Ran:
        issue = self.team.issue("eve", "The filter lets spam through")
        return self.kept(self.team.run("issue_comment", self.team.comment("ada", issue, ASK), code=code))

    def approved(self, ran: Ran, code: int | None = 0) -> Ran:
        review = self.team.review("grace", int(ran.outputs["pull_request"]))
        ran = self.kept(self.team.run("workflow_run", review, code=code))
        while ran.outputs.get("state") in {"awaiting-job", "running", ""}:
            ran = self.kept(self.team.tick())
        return ran

    def kept(self, ran: Ran) -> Ran:
        self.runs.append(ran)
        return ran

    def uploaded(self, repository: str) -> bool:
        """Whether the Hub has files of a model by this name."""
        done = self.team.hub.hub.requests
        return any(one.path.startswith(f"/api/models/{repository}/commit") and one.status == 200 for one in done)

    @property
    def needles(self) -> Mapping[str, str]:
        account = self.team.hub.account
        return needles({"HF_TOKEN": account.token, "HF_JOB_TOKEN": account.job_token})

    def left(self) -> Iterator[tuple[str, bytes]]:
        """Yield everything that has left, with the place where it is found."""
        for place, ran in enumerate(self.runs):
            yield f"the log of run {place}", ran.log.encode()
            yield f"the summary of run {place}", ran.summary.encode()
            yield f"the outputs of run {place}", repr(ran.outputs).encode()
            for file in (one for one in ran.workspace.rglob("*") if one.is_file()):
                yield f"{file.name} in the workspace of run {place}", file.read_bytes()
        for number, one in enumerate(self.model.seen):
            yield f"question {number} to the model", one.body
        for one in self.team.github.requests:
            yield f"GitHub {one.method} {one.path}", one.path.encode() + one.body
        for one in self.team.hub.hub.requests:
            if "intern-staging-" not in one.path and not one.path.startswith(
                "/api/jobs"
            ):  # what a job itself sends and is given
                yield f"the Hub {one.method} {one.path}", one.path.encode() + one.body
        yield from self._git()

    def _git(self) -> Iterator[tuple[str, bytes]]:
        git = self.team.git.git
        for name in git("for-each-ref", "--format=%(refname)").split():
            yield f"the ref {name}", name.encode()
        for line in git("rev-list", "--objects", "--all").splitlines():
            oid, _, path = line.partition(" ")
            kind = git("cat-file", "-t", oid)
            yield (
                f"git {kind} {oid} {path!r}",
                path.encode() + git("cat-file", "-p", oid).encode("utf-8", "surrogateescape"),
            )

    def found(self) -> list[str]:
        """Return which secrets were found where."""
        wanted = {name: needle.encode() for name, needle in self.needles.items()}
        return [f"{name}: {place}" for place, data in self.left() for name, needle in wanted.items() if needle in data]


@pytest.fixture
def leaked(tmp_path: Path) -> Iterator[Leaked]:
    leaky = LeakyModel()
    with ModelServer(leaky) as model, team(tmp_path) as made:
        made.git.push("main", {PLANTED: hidden(FORMS.values())}, at=made.git.clock.now())
        made.more = {
            "INPUT_MODEL": "local/tiny",
            "LOCAL_LLM_BASE_URL": model.base_url,
            KNOWN_NAME: KNOWN,
            "INTERN_ACTION_MODELS_RETRIES": "2",
        }
        yield Leaked(team=made, model=model, leaky=leaky, runs=[])


@pytest.mark.parametrize("name", FORMS)
def test_what_is_planted_is_of_a_form_that_is_known(name: str):
    assert is_masked(FORMS[name])


def test_a_whole_story_that_leaks_everywhere_leaves_no_secret_anywhere(leaked: Leaked):
    leaked.leaky.steps = (*leaks(), *story())
    leaked.leaky.faults.append(fault(429, **{"Retry-After": "0"}))
    first = leaked.asked()
    assert first.outputs["state"] == "awaiting-review", first.log
    last = leaked.approved(first)

    assert last.outputs["state"] == "done", last.log
    trace = leaked.team.git.git("show", f"intern/traces:{last.outputs['session']}/trace.jsonl")
    assert trace.count("[redacted]") > 100
    assert "my token is [redacted]" in trace, "what a job prints of its own token"
    assert leaked.uploaded("ada/filter")
    assert not SecretRedactor({KNOWN_NAME: KNOWN}).finds(trace), "as `trace check` looks at it"
    assert leaked.found() == []


def test_what_a_job_leaves_is_not_uploaded_when_it_holds_a_secret(leaked: Leaked):
    leaked.leaky.steps = story(leave="yes")
    last = leaked.approved(leaked.asked())

    assert not leaked.uploaded("ada/filter")
    trace = leaked.team.git.git("show", f"intern/traces:{last.outputs['session']}/trace.jsonl")
    assert "metrics.json holds a secret of this run" in trace
    assert leaked.found() == []


@pytest.mark.parametrize("in_name", [False, True], ids=["in a file", "as a name"])
def test_work_that_holds_a_secret_is_not_published(leaked: Leaked, in_name: bool):
    leaked.leaky.steps = (*commits(in_name=in_name), *story())
    refused = leaked.asked(code=3)

    assert "holds a secret" in refused.log
    refs = leaked.team.git.git("for-each-ref", "--format=%(refname)").split()
    assert [ref for ref in refs if ref.startswith(("refs/heads/intern/1", "refs/intern/snapshots"))] == []
    assert leaked.found() == []


def test_errors_of_others_that_repeat_secrets_are_told_without_them(leaked: Leaked):
    leaked.leaky.faults.append(fault(401))
    refused = leaked.asked(code=5)
    assert refused.outputs["state"] == "failed"

    leaked.team.github.fault("POST", "/pulls", GitHubRefuses(status=422, message=WORDS))
    leaked.leaky.steps, leaked.leaky.turn = story(), 0
    unheard = leaked.asked(code=None)
    assert unheard.code != 0
    assert all("[redacted]" in ran.log for ran in (refused, unheard)), "their words are told"

    leaked.leaky.steps, leaked.leaky.turn = story(), 0
    asked = leaked.asked()
    leaked.team.hub.hub.fault("POST", "/api/repos/create", HubRefuses(status=400, message=WORDS))
    leaked.approved(asked, code=None)
    trace = leaked.team.git.git("show", f"intern/traces:{asked.outputs['session']}/trace.jsonl")
    assert "did not start: " in trace
    assert leaked.found() == []
