"""The line to GitHub: who we are, how long we wait, what is asked again, and lists that are whole.

The waiting follows docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api: `retry-after`, else
`x-ratelimit-reset` when nothing remains, else a minute that doubles; a second between two writes; one request at a time.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from intern_action.core.errors import ForgeError, InternError, Misconfigured
from intern_action.forge._connection import PER_PAGE, connect
from intern_action.forge._refusals import HTTP_BROKEN, Answer, AnswerLost, refusal, without_tokens

if TYPE_CHECKING:
    from intern_action.core.ports import Clock

T = TypeVar("T")

PAGES_MOST = 1_000
TRIES = 4
SETTLING_SECONDS = 3.0
EARLY_SECONDS = 5.0
"""What was asked earlier than that is asked again: it may have changed."""
BETWEEN_WRITES_SECONDS = 1.0
LIMIT_SECONDS = 60.0
SKEW_SECONDS = 1.0
PATIENCE_SECONDS = 300.0
HTTP_FINE, HTTP_MULTIPLE = 200, 300
ACCEPT = "application/vnd.github+json"
NEXT = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')


class _Early:
    """A question that was asked before its answer is needed, in a thread of its own."""

    def __init__(self, ask: Callable[[], Answer], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._began = clock.monotonic()
        self._answer: Answer | None = None
        self._thread = threading.Thread(target=self._run, name="early", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with suppress(InternError):
            self._answer = self._ask()

    def answer(self) -> Answer | None:
        """Wait for the answer; return it if it is one and new, else None."""
        self._thread.join()
        fresh = self._clock.monotonic() - self._began <= EARLY_SECONDS
        return self._answer if fresh and self._answer is not None and self._answer.status == HTTP_FINE else None


def _question(path: str, parameters: Mapping[str, object]) -> str:
    return f"{path} {sorted(parameters.items())}"


class Wire:
    """Asks a GitHub server; one request at a time.

    Args:
        api_url: `GITHUB_API_URL`, e.g. `https://api.github.com` or `https://github.example.com/api/v3`.
        token: whose rights we have.
        clock: what waits.
        patience_seconds: the longest a request waits for a rate limit, all its waits together.
    """

    def __init__(self, *, api_url: str, token: str, clock: Clock, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._requester = connect(api_url, token)
        self._token = token
        self._clock = clock
        self._patience = patience_seconds
        self._wrote_at: float | None = None
        self._ahead = timedelta(0)
        self._lock = threading.RLock()
        self._early: dict[str, _Early] = {}

    # --- what is asked --------------------------------------------------------------------------------------------

    def ask_early(self, path: str, asked: str, **parameters: object) -> None:
        """Ask now what will be asked in any case; whoever asks it then gets this answer, if it is not older than some seconds.

        It is given once. Where there is none, or a no, it is forgotten and asked for again.
        """
        asks = lambda: self._send("GET", path, asked, parameters, None)  # noqa: E731 -- it is handed on, and has no name there
        self._early[_question(path, parameters)] = _Early(asks, self._clock)

    def get(self, path: str, kind: type[T], asked: str, **parameters: object) -> T:
        """Read one thing; a lost answer is asked for again."""
        return _parsed(kind, self._again("GET", path, asked, parameters=parameters).text, asked)

    def read(self, path: str, asked: str, **parameters: object) -> Answer:
        """Read one thing with what its headers say; a lost answer is asked for again."""
        return self._again("GET", path, asked, parameters=parameters)

    def all(self, path: str, kind: type[T], asked: str, **parameters: object) -> list[T]:
        """Read a list, every page of it.

        Raises:
            ForgeError: a page is missing or cannot be read; a part is never returned as the whole.
        """
        return [one for page in self._pages(path, asked, parameters) for one in _parsed(list[kind], page.text, asked)]

    def newest(self, path: str, kind: type[T], asked: str, *, pages: int, old: Callable[[T], bool]) -> list[T]:
        """Read the first pages of a list whose newest come first, until one of a page is old or so many were read."""
        found: list[T] = []
        for number, page in enumerate(self._pages(path, asked, {}), 1):
            told = _parsed(list[kind], page.text, asked)
            found += told
            if number >= pages or any(old(one) for one in told):
                break
        return found

    def parts(self, path: str, kind: type[T], asked: str, **parameters: object) -> list[T]:
        """Read a list whose pages are objects, every page of it."""
        return [_parsed(kind, page.text, asked) for page in self._pages(path, asked, parameters)]

    def first(self, path: str, kind: type[T], asked: str, **parameters: object) -> list[T]:
        """Read the first page of a list, for what is sorted so that no other is needed."""
        return self.get(path, list[kind], asked, per_page=PER_PAGE, **parameters)

    def change(self, verb: str, path: str, body: object, asked: str) -> Answer:
        """Write what may be written twice: the second time changes nothing. A lost answer is asked for again."""
        return self._again(verb, path, asked, body=body)

    def create(self, path: str, body: object, kind: type[T], asked: str) -> T:
        """Make something, asked for once.

        Raises:
            AnswerLost: it may have been made; whoever asks looks before asking again.
        """
        return _parsed(kind, self._once("POST", path, asked, body=body).text, asked)

    def make_once(self, make: Callable[[], T], *, look: Callable[[], T | None], tries: int = TRIES) -> T:
        """Make something; when the answer is lost, look whether it is there before making it again.

        Raises:
            AnswerLost: it is not there after all tries.
        """
        try:
            return make()
        except AnswerLost:
            self._clock.wait(SETTLING_SECONDS)
            there = look()
            if there is not None:
                return there
            if tries <= 1:
                raise
        return self.make_once(make, look=look, tries=tries - 1)

    def mutate(self, query: str, variables: object, asked: str) -> None:
        """Ask GraphQL for a change that may be made twice.

        Raises:
            ForgeError: also for what GraphQL says with status 200.
        """
        body = {"query": query, "variables": variables}
        answer = self._again("POST", self._requester.graphql_url, asked, body=body)
        said = answer.complaint
        if said.errors:
            raise refusal(answer, asked)
        from intern_action.forge._answers import Anything

        _parsed(Anything, answer.text, asked)

    def their_now(self) -> datetime:
        """Return the time by GitHub's clock, as its last answer told it."""
        return self._clock.now() + self._ahead

    def judge_clocks(self) -> None:
        """Refuse to go on where our clock and GitHub's differ: what came after a plan is told by both.

        Raises:
            ForgeError: they do.
        """
        seconds = self._ahead.total_seconds()
        if abs(seconds) > SKEW_SECONDS:
            where = "behind" if seconds > 0 else "ahead of"
            raise ForgeError(
                f"this machine's clock is {abs(seconds):.0f} seconds {where} GitHub's, so nobody can tell what came "
                "after a plan. Set the clock, and run again"
            )

    # --- pages ----------------------------------------------------------------------------------------------------

    def _pages(self, path: str, asked: str, parameters: dict[str, object]) -> Iterator[Answer]:
        """Follow `Link: rel="next"` to its end (docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api)."""
        seen: set[str] = set()
        answer = self._again("GET", path, asked, parameters={"per_page": PER_PAGE, **parameters})
        while True:
            yield answer
            found = NEXT.search(answer.headers.get("link", ""))
            if found is None:
                return
            if found[1] in seen or len(seen) >= PAGES_MOST:
                raise ForgeError(
                    f"GitHub was asked to {asked} and its pages do not end; nothing was decided on a part of them"
                )
            seen.add(found[1])
            answer = self._again("GET", found[1], asked)

    # --- asking again ---------------------------------------------------------------------------------------------

    def _again(
        self, verb: str, path: str, asked: str, *, parameters: dict[str, object] | None = None, body: object = None
    ) -> Answer:
        early = self._early.pop(_question(path, parameters or {}), None) if verb == "GET" else None
        answer = early.answer() if early else None
        if answer is not None:
            return answer
        for tried in range(1, TRIES):
            try:
                return self._once(verb, path, asked, parameters=parameters, body=body)
            except AnswerLost:
                self._clock.wait(2.0**tried)
        return self._once(verb, path, asked, parameters=parameters, body=body)

    def _once(
        self, verb: str, path: str, asked: str, *, parameters: dict[str, object] | None = None, body: object = None
    ) -> Answer:
        """Ask until it was carried out or refused; a rate limit says that it was not carried out."""
        waited, times = 0.0, 0
        while True:
            answer = self._send(verb, path, asked, parameters, body)
            if not answer.limited:
                break
            seconds = self._asked_to_wait(answer, times)
            if waited + seconds > self._patience:
                raise ForgeError(
                    f"GitHub was asked to {asked} and wants to be left alone for {seconds:.0f} seconds (rate limit; "
                    f"{answer.said or 'no words'}). Run again later, or with a token that has a limit of its own"
                )
            self._clock.wait(seconds)
            waited, times = waited + seconds, times + 1
        if answer.status >= HTTP_BROKEN:
            raise AnswerLost(str(refusal(answer, asked)))
        if answer.status >= HTTP_MULTIPLE:
            raise refusal(answer, asked)
        return answer

    def _asked_to_wait(self, answer: Answer, times: int) -> float:
        after = answer.headers.get("retry-after", "")
        if after.isdecimal():
            return float(after)
        reset = answer.headers.get("x-ratelimit-reset", "")
        if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
            return max(1.0, int(reset) - self.their_now().timestamp() + 1.0)
        return LIMIT_SECONDS * 2.0**times

    # --- one request ----------------------------------------------------------------------------------------------

    def _send(self, verb: str, path: str, asked: str, parameters: dict[str, object] | None, body: object) -> Answer:
        with self._lock:
            if verb != "GET":
                self._keep_apart()
            sent = self._clock.now()
            try:
                status, headers, text = self._requester.requestJson(verb, path, parameters, {"Accept": ACCEPT}, body)
            except OSError as error:  # what requests and urllib3 raise is one
                words = without_tokens(f"{type(error).__name__}: {error}").replace(self._token, "***")
                raise AnswerLost(
                    f"GitHub was asked to {asked} and no whole answer came ({words}). Check the network and GITHUB_API_URL"
                ) from error
            except RuntimeError as error:  # PyGithub's word for a redirect to another server
                raise Misconfigured(f"GITHUB_API_URL is not where GitHub answers: {error}") from error
            finally:
                self._wrote_at = self._clock.monotonic() if verb != "GET" else self._wrote_at
        answer = Answer(status=status, headers={name.lower(): str(value) for name, value in headers.items()}, text=text)
        self._ahead = _ahead(answer.headers.get("date", ""), sent, self._clock.now())
        return answer

    def _keep_apart(self) -> None:
        if self._wrote_at is not None:
            left = self._wrote_at + BETWEEN_WRITES_SECONDS - self._clock.monotonic()
            self._clock.wait(max(0.0, left))


def _parsed(kind: type[T], text: str, asked: str) -> T:
    """Read an answer; what answers are read with is not needed before there is one."""
    from intern_action.forge._answers import parse

    return parse(kind, text, asked)


def _ahead(told: str, sent: datetime, received: datetime) -> timedelta:
    """Return how far GitHub's clock is ahead of ours at least; it said `told` (whole seconds) between two moments of ours."""
    try:
        theirs = parsedate_to_datetime(told)
    except (ValueError, TypeError):
        return timedelta(0)  # an answer without its time
    return max(theirs - received, timedelta(0)) + min(theirs + timedelta(seconds=1) - sent, timedelta(0))
