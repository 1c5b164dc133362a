"""The line to GitHub: how long it waits, what it asks again, and what it says when GitHub says no."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from intern_action.core.errors import ForgeError, Misconfigured
from intern_action.forge._answers import Anything, User
from intern_action.forge._refusals import AnswerLost
from intern_action.forge._wire import EARLY_SECONDS, Wire, _ahead
from tests.fakes.hasty_clock import HastyClock
from tests.github_server.engines import Reply, json_reply
from tests.github_server.listener import HANG_UP, Asked, Listener

TOKEN = "ghs_" + "a1B2c3D4" * 5
ADA = json_reply({"login": "ada"})


@dataclass
class Script:
    """A server that answers what it is told, the last answer for ever."""

    answers: list[Reply] = field(default_factory=list[Reply])
    asked: list[Asked] = field(default_factory=list[Asked])
    port: int = 0

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def script() -> Generator[Script]:
    told = Script()
    listener = Listener(told.answer)
    told.port = listener.port
    yield told
    listener.stop()


@pytest.fixture
def clock() -> HastyClock:
    return HastyClock()


@pytest.fixture
def wire(script: Script, clock: HastyClock) -> Wire:
    return Wire(api_url=script.url, token=TOKEN, clock=clock)


def no(status: int, message: str = "no", **headers: str) -> Reply:
    return json_reply({"message": message}, status, **headers)


def ask(wire: Wire) -> User:
    return wire.get("/user", User, "say who we are")


def make(wire: Wire) -> User:
    return wire.create("/things", {"a": 1}, User, "make a thing")


BOTH = pytest.mark.parametrize("asks", [ask, make])
Asks = Callable[[Wire], User]


# --- asked early ----------------------------------------------------------------------------------------------------


def test_what_was_asked_early_is_asked_once_and_given_once(script: Script, wire: Wire) -> None:
    script.answers = [ADA, json_reply({"login": "grace"})]
    wire.ask_early("/user", "say who we are")
    assert [ask(wire).login, ask(wire).login] == ["ada", "grace"]
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    "answer", [no(500), no(403, retry_after="7"), no(404), HANG_UP], ids=["500", "403", "404", "cut"]
)
def test_what_went_wrong_early_is_asked_again(script: Script, wire: Wire, answer: Reply) -> None:
    script.answers = [answer, ADA]
    wire.ask_early("/user", "say who we are")
    assert ask(wire).login == "ada"
    assert len(script.asked) == 2


def test_an_early_answer_is_not_believed_for_long(script: Script, wire: Wire, clock: HastyClock) -> None:
    script.answers = [ADA, json_reply({"login": "grace"})]
    wire.ask_early("/user", "say who we are")
    clock.wait(EARLY_SECONDS + 0.1)
    assert ask(wire).login == "grace"


def test_another_question_is_not_answered_by_an_early_one(script: Script, wire: Wire) -> None:
    script.answers = [json_reply([]), json_reply([{"login": "grace"}])]
    wire.ask_early("/things", "list things", per_page=100)
    assert [one.login for one in wire.all("/things", User, "list things", since="x")] == ["grace"]
    assert wire.all("/things", User, "list things") == []


# --- rate limits ----------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("status", [403, 429])
def test_it_waits_as_long_as_github_asks(
    script: Script, wire: Wire, clock: HastyClock, asks: Asks, status: int
) -> None:
    """A request that was refused for its rate was not carried out, so also one that makes something is sent again."""
    script.answers = [no(status, retry_after="7"), ADA]
    assert asks(wire).login == "ada"
    assert 7.0 in clock.waits


def test_it_waits_until_the_limit_is_set_back_by_githubs_own_clock(
    script: Script, wire: Wire, clock: HastyClock
) -> None:
    reset = int(clock.now().timestamp()) + 90
    script.answers = [no(403, "API rate limit exceeded", x_ratelimit_remaining="0", x_ratelimit_reset=str(reset)), ADA]
    ask(wire)
    assert 88 <= clock.waits[0] <= 92


def test_a_secondary_limit_without_a_time_is_a_minute_that_doubles(
    script: Script, wire: Wire, clock: HastyClock
) -> None:
    limited = no(403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
    script.answers = [limited, limited, ADA]
    ask(wire)
    assert clock.waits == [60.0, 120.0]


def test_a_wait_that_is_too_long_is_said_instead(script: Script, wire: Wire, clock: HastyClock) -> None:
    script.answers = [no(429, "slow down", retry_after="3600")]
    with pytest.raises(ForgeError, match="left alone for 3600 seconds .*slow down.* Run again later"):
        ask(wire)
    assert clock.waits == []


def test_a_limit_that_never_ends_is_not_waited_for_without_end(script: Script, wire: Wire, clock: HastyClock) -> None:
    script.answers = [no(429, retry_after="40")]
    with pytest.raises(ForgeError, match="rate limit"):
        ask(wire)
    assert sum(clock.waits) <= 300


def test_two_writes_are_a_second_apart_and_reads_are_not(script: Script, wire: Wire, clock: HastyClock) -> None:
    script.answers = [ADA]
    for _ in range(3):
        ask(wire)
        wire.change("PATCH", "/user", {}, "change")
    assert len(clock.waits) == 2
    assert all(0.5 < seconds <= 1.0 for seconds in clock.waits)


# --- asking again ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [HANG_UP, no(500), no(502), no(503), no(504)], ids=["cut", "500", "502", "503", "504"])
def test_what_may_be_asked_twice_is(script: Script, wire: Wire, clock: HastyClock, lost: Reply) -> None:
    script.answers = [lost, lost, ADA]
    assert ask(wire).login == "ada"
    assert clock.waits == [2.0, 4.0]


@pytest.mark.parametrize("lost", [HANG_UP, no(500)], ids=["cut", "500"])
def test_what_makes_something_is_asked_once(script: Script, wire: Wire, lost: Reply) -> None:
    script.answers = [lost, ADA]
    with pytest.raises(AnswerLost):
        make(wire)
    assert len(script.asked) == 1


def test_an_answer_that_was_lost_is_looked_for_before_it_is_asked_again(script: Script, wire: Wire) -> None:
    script.answers = [no(500), no(500), ADA]
    looks = iter([None, User(login="there")])
    assert wire.make_once(lambda: make(wire), look=lambda: next(looks)).login == "there"
    assert len(script.asked) == 2


def test_what_is_refused_is_not_asked_again(script: Script, wire: Wire) -> None:
    script.answers = [no(404, "Not Found")]
    with pytest.raises(ForgeError):
        ask(wire)
    assert len(script.asked) == 1


# --- lists ----------------------------------------------------------------------------------------------------------


def page(script: Script, names: list[str], following: str = "") -> Reply:
    link = f'<{script.url}{following}>; rel="next", <{script.url}/last>; rel="last"' if following else ""
    return json_reply([{"login": name} for name in names], link=link)


def test_every_page_is_read(script: Script, wire: Wire) -> None:
    script.answers = [page(script, ["a"], "/users?page=2"), page(script, ["b"], "/users?page=3"), page(script, ["c"])]
    assert [one.login for one in wire.all("/users", User, "list users")] == ["a", "b", "c"]
    assert [one.path for one in script.asked] == ["/users?per_page=100", "/users?page=2", "/users?page=3"]


def test_of_a_list_whose_newest_come_first_only_what_is_new_is_read(script: Script, wire: Wire) -> None:
    pages = [
        page(script, ["a", "b"], "/users?page=2"),
        page(script, ["c", "old"], "/users?page=3"),
        page(script, ["d"]),
    ]
    script.answers = list(pages)
    found = wire.newest("/users", User, "list users", pages=3, old=lambda one: one.login == "old")
    assert [one.login for one in found] == ["a", "b", "c", "old"]
    script.answers = list(pages)
    assert len(wire.newest("/users", User, "list users", pages=1, old=lambda _: False)) == 2


def test_pages_that_do_not_end_are_an_error(script: Script, wire: Wire) -> None:
    script.answers = [page(script, ["a"], "/users?page=2")]
    with pytest.raises(ForgeError, match="do not end"):
        wire.all("/users", User, "list users")


@pytest.mark.parametrize(
    "second", [Reply(200, {}, b'[{"login": "b"'), Reply(200, {}, b""), json_reply({"login": "b"}), no(404)]
)
def test_a_page_that_is_missing_makes_no_shorter_list(script: Script, wire: Wire, second: Reply) -> None:
    script.answers = [page(script, ["a"], "/users?page=2"), second]
    with pytest.raises(ForgeError, match="list users"):
        wire.all("/users", User, "list users")


# --- clocks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("off", "words"), [(-30, "(29|30) seconds behind GitHub's"), (30, "(28|29|30) seconds ahead of GitHub's")]
)
def test_a_clock_that_is_not_githubs_is_said(script: Script, off: float, words: str) -> None:
    script.answers = [ADA]
    wire = Wire(api_url=script.url, token=TOKEN, clock=HastyClock(off))
    wire.judge_clocks()  # nothing was heard of theirs yet
    ask(wire)
    with pytest.raises(ForgeError, match=words):
        wire.judge_clocks()


def test_a_slow_answer_is_no_wrong_clock(wire: Wire) -> None:
    sent = datetime(2026, 11, 23, 12, 0, 0, 400_000, tzinfo=UTC)
    told = "Mon, 23 Nov 2026 12:00:00 GMT"
    for seconds in (0.1, 1, 20):
        assert _ahead(told, sent, sent + timedelta(seconds=seconds)) == timedelta(0)
    assert _ahead("", sent, sent) == timedelta(0)
    assert _ahead(told, sent + timedelta(seconds=9), sent + timedelta(seconds=9)).total_seconds() == pytest.approx(-8.4)


# --- words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (no(401, "Bad credentials"), "give a new one as GITHUB_TOKEN"),
        (no(403, "Resource not accessible", x_accepted_github_permissions="issues=write"), "add `issues: write` under"),
        (
            no(
                403,
                "Resource not accessible",
                x_accepted_github_permissions="pull_requests=write,contents=read; x=read",
            ),
            "add `pull-requests: write` and `contents: read` under",
        ),
        (no(403, "Resource protected by organization SAML enforcement", x_github_sso="required"), "single sign-on"),
        (
            no(403, "GitHub Actions is not permitted to create or approve pull requests."),
            "Settings, Actions, General",
        ),
        (no(403, "Forbidden"), "look at `permissions:` of the job"),
        (no(404, "Not Found"), "or the token may not see it"),
        (no(410, "This issue was deleted"), "It was deleted, or issues are switched off"),
        (no(307, "Moved"), "GITHUB_REPOSITORY"),
        (no(422, "Validation Failed"), "sending it again does not help"),
        (no(500, "Server Error"), "GitHub itself is failing: run again later"),
        (no(418, "teapot"), "a person has to look"),
        (Reply(502, {}, b"<html>Unicorn</html>"), "said 502: no words"),
    ],
)
def test_a_refusal_says_what_was_asked_what_github_said_and_what_to_do(
    script: Script, wire: Wire, answer: Reply, words: str
) -> None:
    script.answers = [answer]
    with pytest.raises(ForgeError) as caught:
        ask(wire)
    assert "GitHub was asked to say who we are and said" in str(caught.value)
    assert words in str(caught.value)


def test_every_detail_of_a_validation_is_told(script: Script, wire: Wire) -> None:
    errors = [
        {"resource": "PullRequest", "field": "head", "code": "invalid"},
        {"message": "No commits between main and topic"},
        "and a plain one",
    ]
    script.answers = [json_reply({"message": "Validation Failed", "errors": errors}, 422)]
    with pytest.raises(
        ForgeError, match="Validation Failed; head invalid; No commits between main and topic; and a plain"
    ):
        make(wire)


def test_what_graphql_refuses_with_200_is_a_refusal(script: Script, wire: Wire) -> None:
    script.answers = [json_reply({"data": None, "errors": [{"type": "FORBIDDEN", "message": "not accessible"}]})]
    with pytest.raises(ForgeError, match="not accessible"):
        wire.mutate("mutation", {}, "do it")


def test_a_token_stands_in_no_message(script: Script, wire: Wire) -> None:
    script.answers = [no(422, f"you sent Bearer {TOKEN} and ghp_0123456789abcdef")]
    with pytest.raises(ForgeError) as caught:
        ask(wire)
    assert TOKEN not in str(caught.value)
    assert "ghp_0" not in str(caught.value)
    assert TOKEN not in repr(wire)


def test_a_server_that_is_not_there_is_said(clock: HastyClock) -> None:
    away = Wire(api_url="http://127.0.0.1:1/api/v3", token=TOKEN, clock=clock)
    with pytest.raises(ForgeError, match="no whole answer came .*GITHUB_API_URL") as caught:
        ask(away)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "token", "words"),
    [
        ("api.github.com", TOKEN, "GITHUB_API_URL"),
        ("https://user:word@host/api", TOKEN, "GITHUB_API_URL"),
        ("file:///etc/passwd", TOKEN, "GITHUB_API_URL"),
        ("https://api.github.com", "", "GITHUB_TOKEN"),
        ("https://api.github.com", "a\nb", "GITHUB_TOKEN"),
    ],
)
def test_what_cannot_be_meant_is_the_persons_to_put_right(clock: HastyClock, url: str, token: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        Wire(api_url=url, token=token, clock=clock)


def test_what_is_sent_is_what_github_asks_for(script: Script, wire: Wire) -> None:
    script.answers = [ADA]
    wire.get("/user", Anything, "say who we are", per_page=5)
    [asked] = script.asked
    assert asked.headers["authorization"] == f"token {TOKEN}"
    assert asked.headers["accept"] == "application/vnd.github+json"
    assert asked.headers["x-github-api-version"] == "2022-11-28"
    assert asked.headers["user-agent"] == "intern-action"
    assert json.loads(asked.body or b"null") is None
