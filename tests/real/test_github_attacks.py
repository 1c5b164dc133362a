"""Attacks through the action: each is refused with a word that says why, and nothing is launched.

What is judged of pushes there and back again and of a reader's every trick is in `tests/gate` and `test_github_gate`;
here it is seen that a run of the workflow, with everything that GitHub tells it, says no as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from tests.fakes.git_world import ADA, GRACE
from tests.fakes.github_team import BOT, ROLES, Ran, Team, team
from tests.fakes.mcp_places import open_ground
from tests.fakes.model_server import ModelServer
from tests.fakes.small_trainer import small_trainer
from tests.github_server.faults import Refuse
from tests.github_server.inside import FORK

ASK = "/intern train the filter"
POLICY = ".github/intern.yml"
MOST = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan that waits for its reviewers."""

    ours: Team
    issue: int
    first: Ran

    @property
    def pull(self) -> int:
        return int(self.first.outputs["pull_request"])

    @property
    def branch(self) -> str:
        return self.first.outputs["branch"]

    @property
    def code(self) -> str:
        return self.ours.pull(self.pull)["body"].partition("intern:")[2][:8]

    def ring(self, code: int | None = 0) -> Ran:
        return self.ours.run("workflow_run", self.ours.bell(self.pull), code=code)

    def why(self) -> str:
        """Ask the action why, and return its answer."""
        ours = self.ours
        ours.run("issue_comment", ours.comment("ada", self.pull, "/intern why"))
        return ours.comments(self.pull)[-1]

    def refused(self, word: str) -> None:
        """See that a bell launches nothing, and that the reason is told."""
        launched = self.ours.hub.launched()
        ran = self.ring()
        assert ran.outputs["state"] == "awaiting-review", ran.log
        assert self.ours.hub.launched() == launched
        assert word in self.why()

    @contextmanager
    def approved(self, by: str = "grace", body: str = "", **more: str) -> Iterator[None]:
        """Somebody approves, for as long as this lasts."""
        said = {"event": "APPROVE", "body": body, **more}
        given = cast("dict[str, Any]", self.ours.github.act(by, "POST", f"/pulls/{self.pull}/reviews", said))
        yield
        path = f"/pulls/{self.pull}/reviews/{given['id']}/dismissals"
        self.ours.github.act("ada", "PUT", path, {"message": "the attack is over"})


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    roles = {**ROLES, "ci[bot]": "write"}
    with ModelServer(small_trainer) as model, team(tmp_path_factory.mktemp("team"), roles) as made:
        made.more = {"INPUT_MODEL": "local/tiny", "LOCAL_LLM_BASE_URL": model.base_url}
        yield made


def planned(ours: Team) -> Plan:
    issue = ours.issue("eve", "The filter lets spam through", "It got worse lately.")
    first = ours.run("issue_comment", ours.comment("ada", issue, ASK))
    assert first.outputs["state"] == "awaiting-review", first.log
    return Plan(ours=ours, issue=issue, first=first)


@pytest.fixture(scope="module")
def plan(ours: Team) -> Plan:
    return planned(ours)


# --- whose review --------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("by", "word"),
    [
        ("eve", "eve may not write to this repository"),
        ("ada", "ada asked for this"),
        ("ci[bot]", "is not a person"),
    ],
)
def test_an_approval_of_somebody_without_a_say(plan: Plan, by: str, word: str) -> None:
    with plan.approved(by):
        plan.refused(word)


@pytest.mark.timeout(300)
def test_an_approval_of_somebody_who_lost_the_right_since(plan: Plan) -> None:
    with plan.approved():
        plan.ours.github.accounts.roles["grace"] = "read"
        try:
            plan.refused("grace may not write to this repository")
        finally:
            plan.ours.github.accounts.roles["grace"] = "maintain"


@pytest.mark.timeout(300)
def test_an_approval_that_was_dismissed(plan: Plan) -> None:
    with plan.approved():
        pass
    plan.refused("grace's review was dismissed")


@pytest.mark.timeout(300)
def test_the_words_of_an_approval_in_a_review_that_only_comments(plan: Plan) -> None:
    said = {"event": "COMMENT", "body": f"APPROVED intern:{plan.code}"}
    plan.ours.github.act("grace", "POST", f"/pulls/{plan.pull}/reviews", said)
    plan.refused("waits for people")


@pytest.mark.timeout(300)
def test_an_approval_in_a_comment(plan: Plan) -> None:
    ours, launched = plan.ours, plan.ours.hub.launched()
    ours.run("issue_comment", ours.comment("ada", plan.pull, f"/intern approve intern:{plan.code}"))
    assert ours.hub.launched() == launched


# --- what it is of ---------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
def test_an_approval_of_an_older_commit(plan: Plan) -> None:
    older = plan.ours.git.git("rev-parse", f"{plan.branch}~1")
    with plan.approved(commit_id=older):
        plan.refused("review the newest commit")


@pytest.mark.timeout(300)
def test_a_second_pull_request_with_the_same_head(plan: Plan) -> None:
    ours = plan.ours
    ours.git.git("update-ref", "refs/heads/twin", plan.first.outputs["head_sha"])
    twin = cast(
        "dict[str, Any]", ours.github.act("ada", "POST", "/pulls", {"title": "t", "head": "twin", "base": "main"})
    )
    try:
        with plan.approved():
            plan.refused("no-twins")
    finally:
        ours.github.act("ada", "PATCH", f"/pulls/{twin['number']}", {"state": "closed"})


@pytest.mark.timeout(300)
def test_an_approval_of_the_same_commit_in_a_pull_request_from_a_fork(plan: Plan) -> None:
    """Anybody can push our commit to a fork, open a pull request and be approved there, by mistake or by a friend."""
    ours, launched = plan.ours, plan.ours.hub.launched()
    ours.git.git("update-ref", "refs/heads/theirs", plan.first.outputs["head_sha"])
    asked = {"title": "the same, from a fork", "head": "theirs", "base": "main"}
    theirs = int(cast("dict[str, Any]", ours.github.act("ada", "POST", "/pulls", asked))["number"])
    ours.github.corrections.inside.forked.add(theirs)
    try:
        named = ours.run("workflow_run", ours.review("grace", theirs, body=f"APPROVED intern:{plan.code}"))
        assert "nothing waits there" in named.log
        as_github_tells_of_forks = ours.bell(theirs)
        as_github_tells_of_forks["workflow_run"] |= {"pull_requests": [], "head_repository": {"full_name": FORK}}
        assert ours.run("workflow_run", as_github_tells_of_forks).outputs["state"] == "awaiting-review"
        ours.run("issue_comment", ours.comment("ada", theirs, f"/intern approve intern:{plan.code}"))
        assert ours.hub.launched() == launched
    finally:
        ours.github.act("ada", "PATCH", f"/pulls/{theirs}", {"state": "closed"})


@pytest.mark.timeout(300)
def test_a_plan_whose_pull_request_comes_from_a_fork(plan: Plan) -> None:
    forked = plan.ours.github.corrections.inside.forked
    with plan.approved():
        forked.add(plan.pull)
        try:
            plan.refused("comes from a fork")
        finally:
            forked.discard(plan.pull)


@pytest.mark.timeout(300)
def test_an_answer_of_githubs_that_does_not_come_in_the_middle(plan: Plan) -> None:
    ours, launched = plan.ours, plan.ours.hub.launched()
    with plan.approved():
        ours.github.fault("GET", "/permission", Refuse(500), times=40)
        try:
            ran = plan.ring(code=None)
        finally:
            ours.github.front.faults.clear()
        assert ran.code
        assert "500" in ran.log
        assert ours.hub.launched() == launched


@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["forged", "removed"])
def test_a_line_of_the_ledger_that_was_forged_or_removed(plan: Plan, how: str) -> None:
    ours, launched = plan.ours, plan.ours.hub.launched()
    head = ours.git.git("rev-parse", "intern/ledger")
    lines = ours.git.git("show", "intern/ledger:entries.jsonl").splitlines()
    forged = [*lines[:-1], lines[-1].replace('"session"', '"sessiom"', 1)] if how == "forged" else lines[:-2]
    ours.git.push("intern/ledger", {"entries.jsonl": "".join(f"{one}\n" for one in forged)})
    try:
        with plan.approved():
            ran = plan.ring(code=None)
        if how == "forged":
            assert ran.code
            assert "of the ledger" in ran.log
        assert ours.hub.launched() == launched
    finally:
        ours.git.git("update-ref", "refs/heads/intern/ledger", head)


@pytest.mark.timeout(300)
def test_a_push_by_a_person_and_a_policy_of_the_pull_request(ours: Team) -> None:
    plan, now = planned(ours), ours.git.clock.now
    with plan.approved():
        hers = {POLICY: "approvals: {requester_may_approve: true}\n", "train.py": "print('mine')\n"}
        ours.git.push(plan.branch, hers, by=replace(ADA, email="1+ada@users.noreply.github.com"), at=now())
        plan.refused("head-unchanged")
    with plan.approved("ada"):  # at the new head, whose policy would let her
        plan.refused("ada asked for this")
    with plan.approved():  # the push came first, then the review: it is of what nobody planned
        plan.refused("no-push-since")


@pytest.mark.timeout(400)
def test_a_tool_server_that_only_a_pull_request_lists(ours: Team) -> None:
    plan, now = planned(ours), ours.git.clock.now
    with open_ground() as ground:
        ground.chmod(0o777)  # whoever is started could say so
        started = ground / "started"
        servers = json.dumps({"other": {"command": "touch", "args": [str(started)]}})
        ours.git.push(plan.branch, {POLICY: "mcp_servers: [other]\n"}, by=GRACE, at=now())
        again = ours.review("grace", plan.pull, "REQUEST_CHANGES", "try again")
        ran = ours.run("workflow_run", again, code=None, INTERN_ACTION_MCP=servers)
        assert "The MCP server other is not started" in " ".join(ran.log.split()), ran.log
        assert not started.exists()

        ours.git.push("main", {POLICY: "mcp_servers: [other]\n"}, at=now())
        try:
            issue = ours.issue("eve", "Once more")
            listed = ours.run("issue_comment", ours.comment("ada", issue, ASK), INTERN_ACTION_MCP=servers)
            assert "The MCP server other cannot be used in this run: it ended" in " ".join(listed.log.split()), (
                listed.log
            )
            assert started.exists()
            assert listed.outputs["state"] == "awaiting-review"
        finally:
            ours.git.push("main", {POLICY: "enabled: true\n"}, at=now())


@pytest.mark.timeout(300)
def test_a_commit_author_does_not_approve_it(ours: Team) -> None:
    plan = planned(ours)
    who = replace(GRACE, email="1+grace@users.noreply.github.com")
    ours.git.push(plan.branch, {"train.py": "print('hers')\n"}, by=who, at=ours.git.clock.now())
    with plan.approved():
        plan.refused("reviewer-no-author")


@pytest.mark.timeout(300)
def test_a_plan_above_the_tier_whose_code_the_review_does_not_say(ours: Team) -> None:
    ours.git.push("main", {POLICY: "approvals: {code_above_usd: 0.001}\n"}, at=ours.git.clock.now())
    try:
        plan = planned(ours)
        with plan.approved(body="fine, intern:00000000"):
            plan.refused("approving review must contain")
        launched = ours.hub.launched()
        ours.run("workflow_run", ours.review("grace", plan.pull, body=f"fine, intern:{plan.code}"))
        assert ours.hub.launched() == launched + 1
    finally:
        ours.git.push("main", {POLICY: "enabled: true\n"}, at=ours.git.clock.now())


# --- what is asked ---------------------------------------------------------------------------------------------------------


def untouched(ours: Team, event: str, payload: dict[str, Any]) -> str:
    """Run the action for something that is not for it; return its one line."""
    before = ours.git.git("for-each-ref"), len(ours.github.requests)
    ran = ours.run(event, payload)
    assert "session" not in ran.outputs
    assert (ours.git.git("for-each-ref"), len(ours.github.requests)) == before
    return ran.log


def test_a_command_in_a_quoted_line(ours: Team) -> None:
    issue = ours.issue("eve", "t")
    payload = ours.comment("ada", issue, f"> {ASK}\n\nwho wants that?")
    assert len(untouched(ours, "issue_comment", payload).splitlines()) == 1


def test_a_command_that_was_edited_into_a_comment(ours: Team) -> None:
    issue = ours.issue("eve", "t")
    payload = {**ours.comment("ada", issue, ASK), "action": "edited", "changes": {"body": {"from": "thanks"}}}
    assert len(untouched(ours, "issue_comment", payload).splitlines()) == 1


def test_a_command_in_the_issue_of_a_stranger(ours: Team) -> None:
    number = ours.issue("eve", ASK, f"{ASK} --max-cost 500")
    issue = cast("dict[str, Any]", ours.github.act("ada", "GET", f"/issues/{number}"))
    before = ours.git.git("for-each-ref")
    ran = ours.run("issues", {"action": "opened", "issue": issue, **ours.about("eve")})
    assert "session" not in ran.outputs
    assert ours.git.git("for-each-ref") == before


@pytest.mark.timeout(300)
def test_a_secret_in_a_task_is_in_nothing_that_we_write(ours: Team) -> None:
    secret = f"hf_{'aB3dE5gH7j' * 3}kLmN"
    issue = ours.issue("eve", "t")
    ran = ours.run("issue_comment", ours.comment("ada", issue, f"{ASK} with the token {secret}"))
    session = ran.outputs["session"]
    ours.run("issue_comment", ours.comment("ada", issue, "/intern stop"))
    assert secret not in ran.log + ran.summary + str(ran.outputs)
    said = cast("list[dict[str, Any]]", ours.github.act("ada", "GET", f"/issues/{issue}/comments?per_page=100"))
    assert all(secret not in one["body"] for one in said if one["user"]["login"] == BOT)
    for ref in (
        "intern/ledger",
        "intern/traces",
        f"refs/intern/sessions/{session}",
        ran.outputs.get("branch") or "main",
    ):
        assert secret not in ours.git.git("log", "-p", "--format=%B", ref), ref


@pytest.mark.timeout(300)
def test_sixty_thousand_letters_of_a_task_and_of_strangers(ours: Team) -> None:
    issue = ours.issue("eve", "t", "spam " * 12_000)
    ours.comment("eve", issue, "<!-- /intern stop -->" + "buy now\n" * 7_000)
    task = f"{ASK}\n\n" + "\n".join(f"- the mails of day {number:05}, and **all** of them" for number in range(1_250))
    assert 55_000 < len(task) < MOST
    ran = ours.run("issue_comment", ours.comment("ada", issue, task))
    assert ran.outputs["state"] == "awaiting-review", ran.log
    bodies = [*ours.comments(issue), ours.pull(int(ran.outputs["pull_request"]))["body"]]
    assert all(len(body) <= MOST for body in bodies)
    sent = [one for one in ours.github.requests if one.method in {"POST", "PATCH"} and "/issues/" in one.path]
    assert all(one.status < 400 for one in sent if one.authorization)


def test_nothing_of_all_this_breaks_githubs_description(ours: Team) -> None:
    assert ours.github.violations == []
