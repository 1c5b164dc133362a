"""What happens to a team on GitHub: events twice and at once, runs that die, strangers, two halves in jobs of their own."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest
from huggingface_hub import HfApi

from tests.fakes.github_team import ROOT, STAGES, TIMER, Ran, Team, team
from tests.fakes.model_server import ModelServer
from tests.fakes.small_trainer import small_trainer
from tests.fakes.two_halves import alone, thought

ASK = "/intern train the filter"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with ModelServer(small_trainer) as model, team(tmp_path_factory.mktemp("team")) as made:
        made.more = {"INPUT_MODEL": "local/tiny", "LOCAL_LLM_BASE_URL": model.base_url}
        yield made


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story that was told to its end, and what came of its first and its last event."""

    issue: int
    payload: Mapping[str, Any]
    first: Ran
    last: Ran


def asked(
    ours: Team, words: str = ASK, by: str = "ada", code: int | None = 0, **more: str
) -> tuple[int, dict[str, Any], Ran]:
    issue = ours.issue("eve", "The filter lets spam through", "It got worse lately.")
    payload = ours.comment(by, issue, words)
    return issue, payload, ours.run("issue_comment", payload, code=code, **more)


def ended(ours: Team, ran: Ran) -> Ran:
    return ran if ran.outputs["state"] == "done" else ours.until("done")


@pytest.fixture(scope="module")
def done(ours: Team) -> Story:
    issue, payload, first = asked(ours)
    pull = int(first.outputs["pull_request"])
    last = ended(ours, ours.run("workflow_run", ours.review("grace", pull)))
    return Story(issue=issue, payload=payload, first=first, last=last)


# --- once more ------------------------------------------------------------------------------------------------------------


def test_the_story_ends_with_numbers_a_check_and_a_pull_request_that_is_ready(ours: Team, done: Story) -> None:
    first, last = done.first, done.last
    assert first.outputs["state"] == "awaiting-review"
    assert last.outputs["state"] == "done"
    assert json.loads(last.outputs["metrics"]) == {"accuracy": 0.93}
    pull = ours.pull(int(first.outputs["pull_request"]))
    assert not pull["draft"]
    checks = cast("dict[str, Any]", ours.github.act("ada", "GET", f"/commits/{pull['head']['sha']}/check-runs"))
    assert [(one["name"], one["conclusion"]) for one in checks["check_runs"]] == [("intern-action", "success")]
    assert "0.93" in last.summary


def test_the_trace_is_found_by_the_link_in_the_pull_request_and_opens(ours: Team, done: Story) -> None:
    pull = ours.pull(int(done.first.outputs["pull_request"]))
    link = pull["body"].partition("](http")[2].partition("intern/traces/")[2].partition(")")[0]
    page = ours.git.git("show", f"intern/traces:{link}")
    assert page.startswith("<!doctype html>")
    assert "train.py" in page


def test_the_same_events_again_change_nothing(ours: Team, done: Story) -> None:
    issue, payload, first = done.issue, done.payload, done.first
    before = ours.comments(issue), ours.hub.launched(), ours.git.git("rev-parse", "refs/heads/intern/ledger")
    pull = int(first.outputs["pull_request"])
    assert ours.run("issue_comment", payload).outputs["session"] == first.outputs["session"]
    assert "nothing waits here" in ours.run("workflow_run", ours.bell(pull)).log
    assert "nothing waits here" in ours.tick().log
    assert (ours.comments(issue), ours.hub.launched(), ours.git.git("rev-parse", "refs/heads/intern/ledger")) == before


# --- who is heard ----------------------------------------------------------------------------------------------------------


def test_a_stranger_is_told_once_and_nothing_begins(ours: Team) -> None:
    issue, payload, ran = asked(ours, by="eve")
    again = ours.run("issue_comment", payload)
    assert "session" not in ran.outputs
    assert "session" not in again.outputs
    assert sum("Not done" in body for body in ours.comments(issue)) == 1


def test_a_workflow_file_of_another_branch_is_not_obeyed(ours: Team) -> None:
    issue = ours.issue("eve", "t")
    ref = f"{ours.github.name}/.github/workflows/intern.yml@refs/pull/7/merge"
    ran = ours.run("issue_comment", ours.comment("ada", issue, ASK), code=3, GITHUB_WORKFLOW_REF=ref)
    assert "not the one of the default branch" in ran.log
    assert len(ours.comments(issue)) == 1


def test_another_event_is_one_line_and_asks_nobody(ours: Team) -> None:
    issue = ours.issue("eve", "t")
    payload = ours.comment("ada", issue, "nice weather")
    before = len(ours.github.requests)
    ran = ours.run("issue_comment", payload)
    assert len(ran.log.strip().splitlines()) == 1
    assert len(ours.github.requests) == before


def test_a_policy_that_cannot_be_read_is_said_where_somebody_asked(ours: Team) -> None:
    ours.git.push("main", {".github/intern.yml": "budgets: 5\n"}, at=ours.git.clock.now())
    try:
        issue, _, _ = asked(ours, code=2)
        assert any(".github/intern.yml:1" in body for body in ours.comments(issue))
    finally:
        ours.git.push("main", {".github/intern.yml": "enabled: true\n"}, at=ours.git.clock.now())


# --- other ways to ask, and what else is said --------------------------------------------------------------------------------


def test_a_label_counts_for_whoever_put_it(ours: Team) -> None:
    issue = ours.issue("eve", "train the filter", "It lets spam through.")
    seen = cast("dict[str, Any]", ours.github.act("ada", "GET", f"/issues/{issue}"))
    label = {"id": 7, "name": "intern", "color": "d73a4a", "default": False}
    payload = {"action": "labeled", "issue": seen, "label": label, **ours.about("ada")}
    ran = ours.run("issues", payload)
    assert ran.outputs["state"] == "awaiting-review"
    assert "Co-authored-by: ada" in ours.git.git("log", "-1", "--format=%B", ran.outputs["head_sha"])
    refused = ours.run("issues", {**payload, "issue": {**seen, "number": issue + 1}, **ours.about("eve")})
    assert "session" not in refused.outputs


def test_words_are_answered_where_they_are_said_and_stop_and_retry_do_as_they_say(ours: Team) -> None:
    issue, _, first = asked(ours)
    answers = {
        "help": "as the **first line** of a comment",
        "status": "is **awaiting-review**",
        "why": "approv",
        "budget": "May still be spent",
        "approve intern:00000000": "is not the code of the newest plan",
    }
    for verb, answer in answers.items():
        before = len(ours.comments(issue))
        ours.run("issue_comment", ours.comment("ada", issue, f"/intern {verb}"))
        said = ours.comments(issue)[before + 1 :]
        assert len(said) == 1, verb
        assert answer in said[0], said[0]
    stopped = ours.run("issue_comment", ours.comment("ada", issue, "/intern stop"))
    assert stopped.outputs["state"] == "stopped"
    again = ours.run("issue_comment", ours.comment("ada", issue, "/intern retry"))
    assert again.outputs["session"] == first.outputs["session"]
    assert again.outputs["state"] != "stopped"


def test_the_journal_of_a_public_repository_is_not_public(ours: Team) -> None:
    issue = ours.issue("ada", "train the filter", "It lets spam through.")
    asking = ours.comment("ada", issue, ASK)
    refused = ours.run(
        "issue_comment", asking, code=2, INPUT_HF_WRITE_TOKEN="", INPUT_JOBS="local", INTERN_ACTION_JOURNALS_HOME="auto"
    )
    assert "session" not in refused.outputs
    assert "journals: {home: repository}" in ours.comments(issue)[-1]
    again = ours.comment("ada", issue, ASK)
    ran = ours.run("issue_comment", again, INTERN_ACTION_JOURNALS_HOME="auto")
    assert ran.outputs["state"] == "awaiting-review"
    session = ran.outputs["session"]
    assert ours.git.git("for-each-ref", f"refs/intern/sessions/{session}") == ""
    kept = f"journals/{session}.jsonl"
    hub = HfApi(endpoint=ours.hub.account.endpoint, token=ours.hub.account.token)
    assert kept in hub.list_repo_files("ada/ml-intern-sessions", repo_type="dataset")
    bell = ours.review("grace", int(ran.outputs["pull_request"]))
    launched = ours.run(
        "workflow_run", bell, INTERN_ACTION_WAITING_RUNNER="1 second", INTERN_ACTION_JOURNALS_HOME="auto"
    )
    assert launched.outputs["state"] in {"awaiting-job", "done"}


# --- runs that die, and two at once ------------------------------------------------------------------------------------------


def test_a_runner_that_is_killed_at_work_loses_nothing_and_the_timer_goes_on(ours: Team) -> None:
    issue = ours.issue("eve", "t")
    payload = ours.comment("ada", issue, ASK)
    number, process = ours.start("issue_comment", payload, {})
    with process:
        until = time.monotonic() + 120
        while not any("At work" in body for body in ours.comments(issue)):
            assert time.monotonic() < until
            time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
    ours.github.runs[str(1000 + number)] = "completed"
    ours.until("awaiting-review")
    assert sum("Waits for a review" in body for body in ours.comments(issue)) == 1


def test_two_runs_at_once_open_one_pull_request(ours: Team) -> None:
    issue = ours.issue("eve", "t")
    payload = ours.comment("ada", issue, ASK)
    started = [ours.start("issue_comment", payload, {}) for _ in range(2)]
    for number, process in started:
        with process:
            process.communicate(timeout=300)
        ours.github.runs[str(1000 + number)] = "completed"
    pulls = cast("list[dict[str, Any]]", ours.github.act("ada", "GET", "/pulls?per_page=100"))
    ours.tick()
    assert sum(pull["head"]["ref"].startswith(f"intern/{issue}-") for pull in pulls) == 1
    assert sum("<!-- intern-action session=" in body for body in ours.comments(issue)) == 1


def test_a_job_on_the_runner_itself_is_waited_for_however_short_a_runner_waits(ours: Team) -> None:
    _, _, first = asked(ours, f"{ASK} on the runner", INPUT_JOBS="local")
    bell = ours.review("grace", int(first.outputs["pull_request"]))
    ran = ours.run("workflow_run", bell, INPUT_JOBS="local", INTERN_ACTION_WAITING_RUNNER="1 second")
    assert ran.outputs["state"] == "done", ran.log
    assert json.loads(ran.outputs["metrics"]) == {"accuracy": 0.93}


def test_a_comment_and_the_words_that_only_ask_cost_few_requests(ours: Team) -> None:
    issue, counted = ours.issue("eve", "t", "It got worse."), dict[str, int]()
    for words in (ASK, "/intern why", "/intern status", "/intern help"):
        payload, before = ours.comment("ada", issue, words), len(ours.github.requests)
        ours.run("issue_comment", payload)
        counted[words] = len(ours.asked(before))
    assert counted.pop(ASK) <= 25
    assert max(counted.values()) <= 6, counted


# --- the button --------------------------------------------------------------------------------------------------------------


def test_a_task_by_the_button_without_an_issue_gets_one_and_answers_there(ours: Team) -> None:
    payload = {"inputs": {"task": "train the filter", "issue": ""}, **ours.about("ada")}
    before = {one["number"] for one in _issues(ours)}
    ran = ours.run("workflow_dispatch", payload, GITHUB_RUN_ID="77")
    (issue,) = [one for one in _issues(ours) if one["number"] not in before and "pull_request" not in one]
    assert (issue["title"], issue["user"]["login"]) == ("train the filter", "github-actions[bot]")
    assert any("Waits for a review" in body for body in ours.comments(issue["number"]))
    assert ours.pull(int(ran.outputs["pull_request"]))["head"]["ref"] == f"intern/{issue['number']}-train-the-filter"
    again = ours.run("workflow_dispatch", payload, GITHUB_RUN_ID="77")
    assert again.outputs["session"] == ran.outputs["session"]
    assert len({one["number"] for one in _issues(ours)} - before) <= 2  # the issue and its pull request


def _issues(ours: Team) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", ours.github.act("ada", "GET", "/issues?state=all&per_page=100"))


# --- the timer ---------------------------------------------------------------------------------------------------------------


def test_the_timer_is_on_while_a_session_waits_and_switches_itself_off_when_none_does(ours: Team) -> None:
    ours.github.setup.disabled[TIMER] = "disabled_inactivity"
    issue, _, ran = asked(ours)
    assert (ran.outputs["state"], ours.github.setup.disabled) == ("awaiting-review", {})
    ours.tick()
    assert ours.github.setup.disabled == {}
    for number in {issue, *_waiting(ours)}:
        ours.run("issue_comment", ours.comment("ada", number, "/intern stop"))
    while ours.git.git("show", "intern/ledger:README.md").count("running"):
        ours.tick()
    ours.tick()
    assert ours.github.setup.disabled == {TIMER: "disabled_manually"}


def test_a_timer_that_was_left_off_is_switched_on_by_the_slow_clock(ours: Team) -> None:
    _, _, ran = asked(ours)
    assert ran.outputs["state"] == "awaiting-review"
    ours.github.setup.disabled[TIMER] = "disabled_manually"
    ring = ours.bell(0)
    ring["workflow_run"] |= {"event": "schedule", "pull_requests": []}
    ours.run("workflow_run", ring)
    assert ours.github.setup.disabled == {}


def _waiting(ours: Team) -> set[int]:
    """Return the issues of the sessions that are not over."""
    lines = ours.git.git("show", "intern/ledger:entries.jsonl").splitlines()
    events = [cast("dict[str, Any]", json.loads(line)["event"]) for line in lines]
    threads = {event["session"]: event["thread"] for event in reversed(events) if event["kind"] == "admitted"}
    states = {event["session"]: event["state"] for event in events if event["kind"] == "session-moved"}
    return {threads[one] for one, state in states.items() if state not in {"done", "failed", "stopped"}}


# --- what no run has heard ---------------------------------------------------------------------------------------------------


def test_a_comment_whose_run_never_started_is_taken_up_by_the_timer_once(ours: Team) -> None:
    issue = ours.issue("eve", "t", "It got worse.")
    ours.comment("ada", issue, ASK)
    ours.comment("ada", ours.issue("eve", "t"), "/intern help")
    ran = ours.tick()
    assert ran.outputs.get("state") == "awaiting-review", ran.log
    said = ours.comments(issue)
    before, began = len(ours.github.requests), _worked()
    again = ours.tick()
    assert _worked() - began < 3
    assert "session" not in again.outputs, again.log
    assert len(ours.asked(before)) < 10, ours.asked(before)
    assert ours.comments(issue) == said
    answers = [body for number in (issue, issue + 1) for body in ours.comments(number)]
    assert sum("`/intern TASK`" in body or "/intern help" in body.splitlines()[0] for body in answers) <= 2


def _worked() -> float:
    """Return the seconds of processor time that ended runs have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_comment_that_was_edited_before_any_run_heard_it_is_not_run(ours: Team) -> None:
    issue = ours.issue("eve", "t")
    said = ours.comment("ada", issue, ASK)["comment"]
    time.sleep(3.1)
    ours.github.act("ada", "PATCH", f"/issues/comments/{said['id']}", {"body": f"{ASK} on everything"})
    for _ in range(2):
        ran = ours.tick()
        assert "session" not in ran.outputs, ran.log
    assert sum("was changed since" in body for body in ours.comments(issue)) == 1


def test_a_stranger_whose_comment_was_dropped_is_refused_by_the_timer_once(ours: Team) -> None:
    issue = ours.issue("eve", "t")
    ours.comment("eve", issue, ASK)
    for _ in range(2):
        assert "session" not in ours.tick().outputs
    assert sum("Not done" in body for body in ours.comments(issue)) == 1


def test_a_label_whose_run_never_started_begins_a_session_and_not_for_a_changed_issue(ours: Team) -> None:
    issue, changed = ours.issue("ada", "Train the filter"), ours.issue("ada", "Train the other filter")
    ours.label("ada", changed)
    time.sleep(3.1)
    ours.github.act("ada", "PATCH", f"/issues/{changed}", {"body": "and spend it all"})
    ours.label("ada", issue)
    ran = ours.tick()
    assert ran.outputs["state"] == "awaiting-review", ran.log
    assert any("At work" in body or "Waits for a review" in body for body in ours.comments(issue))
    assert ["was changed since" in body for body in ours.comments(changed)] == [True]
    assert "session" not in ours.tick().outputs


def test_an_event_that_was_claimed_by_a_run_that_died_is_taken_up_by_the_timer(ours: Team) -> None:
    issue = ours.issue("eve", "t")
    payload = ours.comment("ada", issue, ASK)
    before = ours.git.git("rev-parse", "refs/heads/intern/ledger")
    number, process = ours.start("issue_comment", payload, {})
    with process:
        until = time.monotonic() + 60
        while ours.git.git("rev-parse", "refs/heads/intern/ledger") == before:
            assert time.monotonic() < until
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    ours.github.runs[str(1000 + number)] = "completed"
    ours.github.act("ada", "PATCH", f"/issues/comments/{payload['comment']['id']}", {"body": "/intern nothing at all"})
    assert not any("At work" in body for body in ours.comments(issue))
    ran = ours.tick()
    assert ran.outputs["state"] == "awaiting-review", ran.log
    assert "which its own run has not begun" in ran.log
    assert "session" not in ours.tick().outputs


def test_a_stop_that_was_claimed_by_a_run_that_died_is_carried_out_by_the_timer(ours: Team) -> None:
    issue, _, first = asked(ours)
    before = ours.git.git("rev-parse", "refs/heads/intern/ledger")
    number, process = ours.start("issue_comment", ours.comment("ada", issue, "/intern stop"), {})
    with process:
        until = time.monotonic() + 60
        while ours.git.git("rev-parse", "refs/heads/intern/ledger") == before:
            assert time.monotonic() < until
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    ours.github.runs[str(1000 + number)] = "completed"
    ran = ours.tick()
    assert (ran.outputs["session"], ran.outputs["state"]) == (first.outputs["session"], "stopped"), ran.log


def test_what_a_reviewer_said_on_a_line_is_heard_without_a_bell(ours: Team) -> None:
    _, _, first = asked(ours)
    pull = int(first.outputs["pull_request"])
    said = {"body": "why not 16?", "path": "train.py", "line": 1, "commit_id": first.outputs["head_sha"]}
    ours.github.act("grace", "POST", f"/pulls/{pull}/comments", said)
    ran = ours.tick()
    assert ran.outputs["session"] == first.outputs["session"], ran.log
    assert "why not 16?" in ours.git.git("show", "intern/ledger:entries.jsonl")
    assert "session" not in ours.tick().outputs


# --- reviewers ---------------------------------------------------------------------------------------------------------------


def test_words_on_a_line_come_back_with_the_commit_that_settled_them(ours: Team) -> None:
    _, _, first = asked(ours)
    pull = int(first.outputs["pull_request"])
    said = {"body": "why not 16?", "path": "train.py", "line": 1, "commit_id": first.outputs["head_sha"]}
    ours.github.act("grace", "POST", f"/pulls/{pull}/comments", said)
    ran = ours.run("workflow_run", ours.review("grace", pull, "REQUEST_CHANGES", "see the line"))
    assert ran.outputs["state"] == "awaiting-review"
    lines = cast("list[dict[str, Any]]", ours.github.act("ada", "GET", f"/pulls/{pull}/comments"))
    assert [one["user"]["login"] for one in lines] == ["grace", "github-actions[bot]"]
    assert lines[1]["body"].startswith(f"Settled by {ran.outputs['head_sha']}.")
    assert lines[1]["in_reply_to_id"] == lines[0]["id"]


# --- the Hub's webhook --------------------------------------------------------------------------------------------------------


@contextmanager
def relayed(ours: Team) -> Iterator[None]:
    """Have the relay run beside the Hub, and a webhook that leads to it."""
    told = {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "GITHUB_API_URL": ours.github.api_url,
        "GITHUB_TOKEN": ours.github.token("ada", {"contents": "write"}),
        "INTERN_WEBHOOK_SECRET": "the secret",
    }
    command = [sys.executable, "-m", "intern_action", "relay", "--repository", ours.github.name, "--port", "0"]
    with subprocess.Popen(command, env=told, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        port = process.stderr.readline().rpartition(" for ")[0].rpartition(":")[2]
        try:
            watched = [{"type": "org", "name": STAGES}]
            hook = {"url": f"http://127.0.0.1:{port}/", "watched": watched, "domains": ["repo"], "secret": "the secret"}
            account = ours.hub.account  # the client asks the Hub of its own environment alone about webhooks
            owner = {"Authorization": f"Bearer {account.token}"}
            httpx.post(f"{account.endpoint}/api/settings/webhooks", json=hook, headers=owner).raise_for_status()
            yield
        finally:
            process.terminate()
        assert process.wait(30) == 0


def test_the_end_of_a_job_wakes_the_workflow_by_the_hubs_webhook(ours: Team) -> None:
    dispatched = ours.github.corrections.inside.dispatched
    with relayed(ours):
        _, _, first = asked(ours)
        bell = ours.review("grace", int(first.outputs["pull_request"]))
        ran = ours.run("workflow_run", bell, INTERN_ACTION_WAITING_RUNNER="1 second")
        until = time.monotonic() + 120
        while ran.outputs.get("state") != "done":
            assert time.monotonic() < until, ran.log
            if dispatched:
                name, payload = dispatched.pop(0)
                assert (name, payload["action"]) == ("repository_dispatch", "intern")
                ran = ours.run(name, payload)
            time.sleep(0.2)
    dispatched.clear()  # it may have rung once more


# --- two halves --------------------------------------------------------------------------------------------------------------


def test_the_halves_in_jobs_of_their_own_tell_the_same_story(ours: Team) -> None:
    alone(ours)
    issue, _, begun = asked(ours, f"{ASK} and push to ada/filter", INPUT_ROLE="control")
    assert begun.outputs["state"] == "running"
    assert any("At work" in body for body in ours.comments(issue))
    busy = ours.run("issue_comment", ours.comment("ada", issue, "/intern and quickly"), INPUT_ROLE="control")
    assert any("Queued" in body for body in ours.comments(issue)), busy.log
    waits = thought(ours)
    assert waits.outputs["state"] == "awaiting-review", waits.log
    pull = int(waits.outputs["pull_request"])
    ran = ours.run("workflow_run", ours.review("grace", pull), INPUT_ROLE="control")
    while ran.outputs.get("state") != "running":
        ran = ours.tick(INPUT_ROLE="control")
    assert thought(ours).outputs["state"] == "done"
    assert not ours.pull(pull)["draft"]
    assert (
        "ada/filter" in ours.pull(pull)["body"].partition("## On the Hub")[2]
    )  # though another runner fetched it first


def test_an_agent_half_that_hands_nothing_over_ends_the_session_in_words(ours: Team) -> None:
    issue, _, _ = asked(ours, INPUT_ROLE="control")
    lost = thought(ours, delivers=False)
    assert (lost.code, lost.outputs["state"]) == (1, "failed")
    assert any("without handing its work over" in body for body in ours.comments(issue))


def test_a_bundle_of_another_session_is_refused(ours: Team) -> None:
    _, _, first = asked(ours, INPUT_ROLE="control")
    other, payload = ours.github.corrections.inside.dispatched.pop(0)
    token = ours.github.token(granted={"contents": "read"})
    agent = ours.run(other, payload, INPUT_ROLE="agent", INPUT_GITHUB_TOKEN=token)
    manifest = agent.workspace / "intern-bundle" / "bundle.json"
    manifest.write_text(manifest.read_text().replace(first.outputs["session"], "0" * 12))
    ours.handed = agent.workspace / "intern-bundle"
    refused = ours.run(other, payload, code=3, INPUT_ROLE="control")
    shutil.rmtree(ours.handed)
    ours.handed = None
    assert "nothing of it was taken" in refused.log


def test_nothing_of_all_this_breaks_githubs_description(ours: Team) -> None:
    assert ours.github.violations == []


# --- last: GitHub's description says of this request only how it succeeds ------------------------------------------------------


def test_a_token_that_may_not_switch_the_timer_is_told_of_and_works_on(ours: Team) -> None:
    rights = {"contents": "write", "issues": "write", "pull_requests": "write", "checks": "write", "actions": "read"}
    _, _, ran = asked(ours, INPUT_GITHUB_TOKEN=ours.github.token(granted=rights))
    assert ran.outputs["state"] == "awaiting-review"
    assert ran.summary.count("permissions: actions: write") == 1
