"""The forge on GitHub: its promises, its limits and its troubles, judged by GitHub's own description of its API.

`make judges` lays the parts out that stand in for GitHub; they are started and ended here, on loopback.
"""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from intern_action.core.errors import ForgeError
from intern_action.core.types import Check, Conclusion, Permission, Reaction, Verdict
from intern_action.forge._answers import IssueComment, Pull, PullReview
from intern_action.forge._pulls import READY
from intern_action.forge.github import OUR_NAME, GitHubForge
from tests.fakes.git_world import ADA, GitWorld, StillClock, make_world
from tests.fakes.hasty_clock import HastyClock
from tests.forge.promises import ForgePromises, There
from tests.github_server import GitHubServer
from tests.github_server.description import ROUTES
from tests.github_server.engines import EXAMPLES, PLACE
from tests.github_server.faults import Cut, Lost, Never, Refuse
from tests.github_server.judge import Judge

ROLES = {"ada": "write", "grace": "admin", "eve": "read", "mia": "maintain", "tom": "triage", "mallory": "none"}
EVENTS = {Verdict.APPROVED: "APPROVE", Verdict.CHANGES_REQUESTED: "REQUEST_CHANGES", Verdict.COMMENTED: "COMMENT"}
BRANCHES = itertools.count()


class PeopleOfGitHub:
    """Implements `promises.People` by what they may do with the API."""

    def __init__(self, server: GitHubServer) -> None:
        self._server = server

    def issue(self, title: str, body: str, by: str) -> int:
        return int(str(self._do(by, "POST", "/issues", title=title, body=body)["number"]))

    def say(self, number: int, text: str, by: str) -> str:
        return str(self._do(by, "POST", f"/issues/{number}/comments", body=text)["id"])

    def review(self, number: int, by: str, verdict: Verdict, body: str = "") -> str:
        return str(self._do(by, "POST", f"/pulls/{number}/reviews", event=EVENTS[verdict], body=body)["id"])

    def dismiss(self, number: int, review: str, by: str) -> None:
        self._do(by, "PUT", f"/pulls/{number}/reviews/{review}/dismissals", message="no more")

    def merge(self, number: int, by: str) -> None:
        self._do(by, "PUT", f"/pulls/{number}/merge", merge_method="squash")

    def reactions(self, number: int, comment: str = "") -> list[str]:
        what = f"issues/comments/{comment}" if comment else f"issues/{number}"
        return [content for where, _, content in self._server.corrections.reactions if where == what]

    def _do(self, by: str, method: str, path: str, **body: object) -> dict[str, object]:
        return cast("dict[str, object]", self._server.act(by, method, path, body))


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> GitWorld:
    return replace(make_world(tmp_path_factory.mktemp("world")), clock=StillClock(HastyClock().now()))


@pytest.fixture(scope="module")
def server(git: GitWorld, tmp_path_factory: pytest.TempPathFactory) -> Generator[GitHubServer]:
    with GitHubServer(tmp_path_factory.mktemp("github"), Path(git.bare.path), roles=ROLES, private=True) as started:
        yield started


@pytest.fixture
def clock() -> HastyClock:
    return HastyClock()


def forge_of(server: GitHubServer, clock: HastyClock, token: str = "", name: str = OUR_NAME) -> GitHubForge:
    return GitHubForge(
        server.name,
        token or server.token(),
        clock=clock,
        name=name,
        api_url=server.api_url,
        server_url=server.server_url,
    )


@pytest.fixture
def there(server: GitHubServer, git: GitWorld, clock: HastyClock) -> There:
    branch = f"intern/{next(BRANCHES)}"
    git.clock.wait(1)
    git.push(branch, {"train.py": branch}, by=ADA)
    server.front.recorded.clear()
    server.front.faults.clear()
    return There(forge=forge_of(server, clock), ours=OUR_NAME, people=PeopleOfGitHub(server), git=git, branch=branch)


class TestGitHub(ForgePromises):
    """All of them, on GitHub."""


# --- judged by GitHub's description --------------------------------------------------------------------------------


def test_a_walk_over_everything_we_can_ask_breaks_nothing_that_github_describes(
    there: There, server: GitHubServer
) -> None:
    forge, people = there.forge, there.people
    assert isinstance(forge, GitHubForge)
    number = people.issue("t", "b", by="ada")
    comment = forge.comment(number, "hello")
    forge.react(number, Reaction.EYES)
    forge.react(number, Reaction.EYES, comment=comment.id)
    for text in ("running", "line\n" * 30_000, "done"):
        forge.keep_comment(number, marker="intern:s1", text=text)
    forge.thread(number)
    pull = there.pull(body="word " * 30_000)
    forge.describe_pull_request(pull.number, title="t", body="b")
    forge.ready(pull.number)
    forge.ask_for_review(pull.number, ("ada", "grace"))
    people.dismiss(pull.number, people.review(pull.number, "grace", Verdict.APPROVED), by="ada")
    forge.reviews(pull.number)
    for person in ("ada", "eve", "nobody"):
        forge.permission(person)
    for conclusion in (None, Conclusion.SUCCESS):
        forge.keep_check(Check(name="m", head_sha=pull.head_sha, title="t", summary="s", conclusion=conclusion))
    assert forge.with_twins(pull.number)[1] == ()
    assert OUR_NAME not in forge.authors(forge.pull_request(pull.number))
    line = {"body": "why?", "path": "README.md", "line": 1, "commit_id": pull.head_sha}
    server.act("grace", "POST", f"/pulls/{pull.number}/comments", line)
    (said,) = forge.line_comments(pull.number)
    for _ in range(2):
        forge.reply(pull.number, said.conversation, "Because.", marker="<!-- intern line=1 -->")
    assert [one.by for one in forge.line_comments(pull.number)] == ["grace", OUR_NAME]
    there.git.push("main", {".github/workflows/intern.yml": "on: [workflow_dispatch]\njobs: {}\n"}, by=ADA)
    _wake(forge, server)
    opened = {forge.open_issue(title="t", body="b", marker="<!-- intern-action event=1 about=2 -->") for _ in range(2)}
    assert len(opened) == 1
    _what_is_new(server, forge, number, pull.number)
    forge.close_pull_request(pull.number)
    merged = there.pull()
    forge.ready(merged.number)
    people.merge(merged.number, by="grace")
    forge.standing(merged.number)
    forge.open_numbers()
    assert server.violations == []
    assert {(method, path) for method, path in ROUTES if not _was_asked(server, method, path)} == set()
    assert not forge.runs("8")  # last: GitHub's description does not say that a run that is gone is 404


def _wake(forge: GitHubForge, server: GitHubServer) -> None:
    """Ask for everything that has to do with runs."""
    assert not forge.public()
    forge.start_workflow("intern.yml", "main", {"session": "0" * 12})
    forge.dispatch("intern")
    forge.switch_off("intern.yml")
    assert server.setup.disabled == {".github/workflows/intern.yml": "disabled_manually"}
    forge.switch_on("intern.yml")
    assert server.setup.disabled == {}
    server.runs["7"] = "in_progress"
    assert (forge.runs("7"), forge.runs("agent")) == (True, True)
    server.runs["7"] = "completed"
    assert (forge.runs("7"), forge.runs("agent")) == (False, False)


def _what_is_new(server: GitHubServer, forge: GitHubForge, number: int, pull: int) -> None:
    server.act("ada", "POST", f"/issues/{number}/labels", {"labels": ["intern"]})
    server.act("ada", "PATCH", f"/issues/{number}", {"title": "another"})
    day = datetime.now(UTC) - timedelta(days=1)
    assert number in {one.thread for one in forge.recent.comments(day)}
    assert [(one.by, one.text) for one in forge.recent.labels(day)] == [("ada", "intern")]
    assert forge.recent.with_issue(forge.recent.comments(day)[0]).payload["issue"]
    assert (pull, "grace") in {(one, line.by) for one, line in forge.recent.lines(day)}


def _was_asked(server: GitHubServer, method: str, path: str) -> bool:
    wanted = path.replace("{owner}/{repo}", server.name).split("/")
    for one in server.requests:
        asked = one.path.partition("?")[0].split("/")
        fits = all(part.startswith("{") or part == said for part, said in zip(wanted, asked, strict=False))
        if one.method.lower() == method and len(asked) == len(wanted) and fits:
            return True
    return False


def test_a_question_that_github_does_not_describe_is_seen(there: There, server: GitHubServer) -> None:
    server.act("ada", "GET", "/pulls?state=ajar")
    assert any("state" in found for found in server.violations)


def test_an_issue_that_github_does_not_describe_is_seen(there: There, server: GitHubServer) -> None:
    """Its description says `nullable` where the judge does not take it, and a judge that passes over it sees nothing."""
    with pytest.raises(ValueError, match="422"):
        server.act("ada", "POST", "/issues", {"title": "t", "milestone": []})
    assert any("milestone" in found for found in server.violations)


def test_objects_of_real_payloads_are_read() -> None:
    """GitHub's own examples of what it sends, gathered by Octokit."""
    kinds = {"comment": IssueComment, "pull_request": Pull, "review": PullReview}
    read = dict.fromkeys(kinds, 0)
    for event in cast("list[dict[str, object]]", json.loads(EXAMPLES.read_text())):
        name = str(event["name"])
        wanted = {"issue_comment": ["comment"], "pull_request": ["pull_request"], "pull_request_review": ["review"]}
        for example in cast("list[dict[str, object]]", event["examples"]):
            for key in wanted.get(name, []):
                kinds[key].model_validate(example[key])
                read[key] += 1
    assert min(read.values()) > 0


def test_the_mutation_is_one_of_githubs_schema() -> None:
    words = "import {validate} from '@octokit/graphql-schema'; console.log(JSON.stringify(validate(process.argv[1])))"
    asked = ["node", "--input-type=module", "-e", words, "--"]
    judged = [
        subprocess.run([*asked, query], cwd=PLACE, capture_output=True, text=True, check=True).stdout.strip()
        for query in (READY, READY.replace("isDraft", "isDraught"))
    ]
    assert judged[0] == "[]"
    assert "isDraught" in judged[1]


def test_what_was_started_is_ended(git: GitWorld, tmp_path: Path) -> None:
    with GitHubServer(tmp_path, Path(git.bare.path), roles=ROLES) as server:
        ports = [engine.port for engine in server._engines]
        assert len(ports) == 1
    judge = Judge(tmp_path)
    ports.append(judge.port)
    judge.stop()
    for port in ports:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=1)


# --- who may do what ------------------------------------------------------------------------------------------------


def test_roles_are_told_in_the_four_old_words(there: There) -> None:
    found = {who: there.forge.permission(who) for who in ROLES}
    assert found == {
        "ada": Permission.WRITE,
        "grace": Permission.ADMIN,
        "eve": Permission.READ,
        "mia": Permission.WRITE,
        "tom": Permission.READ,
        "mallory": Permission.NONE,
    }


def test_a_permission_that_was_taken_away_is_gone_at_once(there: There, server: GitHubServer) -> None:
    server.accounts.roles["ada"] = "read"
    try:
        assert there.forge.permission("ada") is Permission.READ
    finally:
        server.accounts.roles["ada"] = "write"


def test_a_person_nobody_can_see_is_not_taken_for_a_stranger(server: GitHubServer, clock: HastyClock) -> None:
    """404 is also what a token hears that may not see the repository: then nothing is known of anybody."""
    blind = forge_of(server, clock, server.token("mallory"))
    with pytest.raises(ForgeError, match="the token may not see it"):
        blind.permission("ada")


def test_a_wrong_token_is_said_and_not_shown(server: GitHubServer, clock: HastyClock) -> None:
    with pytest.raises(ForgeError, match=r"401: Bad credentials\. .*give a new one as GITHUB_TOKEN") as caught:
        forge_of(server, clock, "ghp_0123456789abcdefghij").thread(1)
    assert "0123456789" not in str(caught.value)


def test_a_missing_permission_is_named_as_a_workflow_writes_it(
    there: There, server: GitHubServer, clock: HastyClock
) -> None:
    reads = forge_of(server, clock, server.token(granted={"issues": "read", "contents": "read"}))
    number = there.people.issue("t", "b", by="ada")
    with pytest.raises(ForgeError, match=r"Resource not accessible by integration.*add `issues: write`"):
        reads.comment(number, "hello")
    with pytest.raises(ForgeError, match="add `pull-requests: read`"):
        reads.reviews(number)


def test_a_check_of_a_person_is_refused_in_githubs_words(there: There, server: GitHubServer, clock: HastyClock) -> None:
    persons = forge_of(server, clock, server.token("ada"), name="ada")
    with pytest.raises(ForgeError, match="authenticate via a GitHub App"):
        persons.keep_check(Check(name="m", head_sha=there.pull().head_sha, title="t", summary="s"))


def test_nobody_approves_the_own_pull_request(there: There) -> None:
    with pytest.raises(ValueError, match="approve your own"):
        there.people.review(there.pull().number, OUR_NAME, Verdict.APPROVED)


def test_what_we_say_in_a_review_is_nobodys(there: There) -> None:
    number = there.pull().number
    there.people.review(number, OUR_NAME, Verdict.COMMENTED, "hm")
    there.people.review(number, "eve", Verdict.APPROVED)
    assert [(one.by, one.by_a_person) for one in there.forge.reviews(number)] == [(OUR_NAME, False), ("eve", True)]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/pulls/{pull}", {"title": "mine now"}),
        ("PATCH", "/issues/comments/{comment}", {"body": "mine now"}),
        ("DELETE", "/issues/comments/{comment}", None),
        ("PUT", "/pulls/{pull}/reviews/{review}/dismissals", {"message": "no"}),
        ("POST", "/pulls/{pull}/requested_reviewers", {"reviewers": ["grace"]}),
        ("POST", "/pulls", {"title": "t", "head": "main", "base": "main"}),
        ("POST", "/check-runs", {"name": "m", "head_sha": "0" * 40}),
    ],
)
def test_who_may_only_read_changes_nothing_of_others(
    there: There, server: GitHubServer, method: str, path: str, body: object
) -> None:
    """Whatever their token was given: the stand-in must not be more generous than GitHub, or it proves nothing."""
    pull = there.pull().number
    comment = there.forge.comment(pull, "ours").id
    given = there.people.review(pull, "grace", Verdict.APPROVED)
    with pytest.raises(ValueError, match="403"):
        server.act("eve", method, path.format(pull=pull, comment=comment, review=given), body)


# --- what is too long -----------------------------------------------------------------------------------------------


def test_a_kept_comment_that_is_too_long_goes_on_in_others_and_comes_back(there: There) -> None:
    number = there.people.issue("t", "b", by="ada")
    for lines in (40_000, 15_000, 1):
        there.forge.keep_comment(number, marker="intern:s1", text="line\n" * lines)
        said = there.forge.thread(number).comments
        assert sum(one.text.count("line") for one in said) == lines
        assert all("<!-- intern:s1" in one.text for one in said)
    assert len(said) == 1


def test_a_comment_that_is_too_long_becomes_several(there: There) -> None:
    number = there.people.issue("t", "b", by="ada")
    first = there.forge.comment(number, "word\n" * 20_000)
    said = there.forge.thread(number).comments
    assert (said[0].id, sum(one.text.count("word") for one in said)) == (first.id, 20_000)


def test_a_description_that_is_too_long_goes_on_below_it(there: There) -> None:
    pull = there.pull("x" * 400, "word\n" * 20_000)
    [more] = there.forge.thread(pull.number).comments
    assert len(pull.title) == 256
    assert pull.body.count("word") + more.text.count("word") == 20_000
    there.forge.describe_pull_request(pull.number, title="t", body="short")
    assert there.forge.thread(pull.number).comments == ()


# --- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Lost(), Never(), Refuse(502)], ids=["lost", "never", "502"])
def test_a_comment_whose_answer_is_lost_is_made_once(
    there: There, server: GitHubServer, kind: Lost | Never | Refuse
) -> None:
    number = there.people.issue("t", "b", by="ada")
    server.fault("POST", f"/issues/{number}/comments", kind)
    said = there.forge.comment(number, "once")
    assert [(one.id, one.text) for one in there.forge.thread(number).comments] == [(said.id, "once")]


def test_the_same_words_said_before_are_not_taken_for_a_lost_answer(there: There, server: GitHubServer) -> None:
    number = there.people.issue("t", "b", by="ada")
    there.people.say(number, "again", by="ada")
    server.fault("POST", f"/issues/{number}/comments", Never())
    there.forge.comment(number, "again")
    assert [one.by for one in there.forge.thread(number).comments] == ["ada", OUR_NAME]


@pytest.mark.parametrize("kind", [Lost(), Never(), Refuse(500)], ids=["lost", "never", "500"])
def test_a_pull_request_whose_answer_is_lost_is_opened_once(
    there: There, server: GitHubServer, kind: Lost | Never | Refuse
) -> None:
    server.fault("POST", "/pulls", kind)
    pull = there.pull()
    assert there.forge.with_twins(pull.number) == (pull, ())


def test_a_kept_comment_and_a_check_whose_answers_are_lost_are_made_once(there: There, server: GitHubServer) -> None:
    pull = there.pull()
    server.fault("POST", f"/issues/{pull.number}/comments", Lost())
    server.fault("POST", "/check-runs", Lost())
    there.forge.keep_comment(pull.number, marker="intern:s", text="running")
    there.forge.keep_check(Check(name="m", head_sha=pull.head_sha, title="t", summary="s"))
    assert len(there.forge.thread(pull.number).comments) == 1
    assert server.count("POST", "/check-runs") == 1


def test_a_comment_that_is_deleted_although_the_answer_was_lost_is_gone(there: There, server: GitHubServer) -> None:
    number = there.people.issue("t", "b", by="ada")
    there.forge.keep_comment(number, marker="intern:s1", text="line\n" * 15_000)
    server.fault("DELETE", "/issues/comments/", Lost())
    there.forge.keep_comment(number, marker="intern:s1", text="short")
    assert len(there.forge.thread(number).comments) == 1


def test_a_pull_request_that_somebody_opened_first_is_adopted(there: There, server: GitHubServer) -> None:
    head = {"title": "t", "body": "b", "head": there.branch, "base": "main"}
    server.fault("GET", "/pulls?base", Refuse(503))  # so that the one which is opened meanwhile is not seen at first
    made = cast("dict[str, object]", server.act(OUR_NAME, "POST", "/pulls", head))
    assert there.pull().number == made["number"]


def test_where_there_are_no_drafts_it_is_opened_without(there: There, server: GitHubServer) -> None:
    server.fault("POST", "/pulls", Refuse(422, "Draft pull requests are not supported in this repository."))
    assert not there.pull().draft


def test_activity_that_has_not_caught_up_is_no_time(there: There, server: GitHubServer) -> None:
    pull = there.pull()
    there.git.ask("reflog", "delete", f"refs/heads/{there.branch}@{{0}}", env={})
    assert there.forge.pull_request(pull.number).pushed_at is None


@pytest.mark.parametrize("honest", [False, True], ids=["cut", "cut and announced so"])
def test_a_list_that_is_cut_is_never_a_shorter_list(there: There, server: GitHubServer, honest: bool) -> None:
    number = there.people.issue("t", "b", by="ada")
    for place in range(3):
        there.people.say(number, f"word {place}", by="ada")
    server.fault("GET", f"/issues/{number}/comments", Cut(900, honest=honest), times=9)
    with pytest.raises(ForgeError, match="no whole answer came|cannot be read"):
        there.forge.thread(number)


def test_a_read_is_asked_again_until_it_comes(there: There, server: GitHubServer, clock: HastyClock) -> None:
    number = there.people.issue("t", "b", by="ada")
    server.fault("GET", f"/issues/{number}", Never())
    server.fault("GET", f"/issues/{number}", Refuse(502))
    assert there.forge.thread(number).title == "t"
    assert clock.waits == [2.0, 4.0]


# --- GitHub Enterprise ----------------------------------------------------------------------------------------------


def test_everything_works_under_the_address_of_an_enterprise_server(git: GitWorld, tmp_path: Path) -> None:
    branch = f"intern/{next(BRANCHES)}"
    git.push(branch, {"train.py": branch}, by=ADA)
    with GitHubServer(tmp_path, Path(git.bare.path), roles=ROLES, prefix="/api/v3") as server:
        forge = forge_of(server, HastyClock())
        number = PeopleOfGitHub(server).issue("t", "b", by="mallory")
        for place in range(101):
            server.act("ada", "POST", f"/issues/{number}/comments", {"body": f"{place}"})
        pull = forge.open_pull_request(title="t", body="b", head=branch, base="main")
        forge.ready(pull.number)
        assert not forge.pull_request(pull.number).draft
        assert len(forge.thread(number).comments) == 101
        assert forge.permission("mallory") is Permission.READ  # of a public repository
        assert forge.git_url == f"{server.server_url}/team/mails.git"
        paths = [one.path for one in server.requests]
        assert "/api/graphql" in paths
        assert all(path.startswith("/api/") for path in paths)
        assert server.violations == []
