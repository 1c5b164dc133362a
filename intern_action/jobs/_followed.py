"""A job's log as the Hub streams it: read to its end, and after a cut taken up at the line where it broke."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import cast

from intern_action.core.errors import HubError
from intern_action.core.ports import Clock
from intern_action.launches.account import HubAccount
from intern_action.launches.said import asking

STARTED = "===== Job started"
"""How the Hub's own first line begins; it is none of the script's."""
_WITHOUT_PROGRESS = 8
_PAUSE_SECONDS, _QUIET_SECONDS, _KEEP_ALIVE_SECONDS = 0.5, 5.0, 120.0


class HubLog:
    """The log of one job. The Hub streams it from the beginning each time, so what was seen is counted and left out."""

    def __init__(self, account: HubAccount, url: str, clock: Clock) -> None:
        self._account = account
        self._url = url
        self._clock = clock
        self._seen = 0

    def follow(self, over: Callable[[], bool]) -> Iterator[str]:
        """Yield each line once, until `over` says that the job has ended and its log was read to the end.

        Raises:
            HubError: the stream breaks again and again without a new line.
        """
        yield from self._read(over, quiet_seconds=_KEEP_ALIVE_SECONDS)

    def so_far(self) -> Iterator[str]:
        """Yield each line that there is by now; a pause of some seconds is taken for the end."""
        yield from self._read(lambda: True, quiet_seconds=_QUIET_SECONDS)

    def _read(self, over: Callable[[], bool], *, quiet_seconds: float) -> Iterator[str]:
        import httpx

        failures = 0
        while True:
            before, ended = self._seen, over()  # asked first: what an ended job has printed is all there afterwards
            try:
                yield from self._lines(quiet_seconds)
                if ended and self._seen == before:
                    return  # the end twice: through a proxy a cut looks like one
            except httpx.ReadTimeout:
                if ended:
                    return
            except httpx.HTTPError as error:
                failures = 0 if self._seen > before else failures + 1
                if failures >= _WITHOUT_PROGRESS:
                    raise HubError(f"the log of the job breaks off again and again: {error}") from error
            self._clock.wait(_PAUSE_SECONDS if self._seen == before else 0)

    def _lines(self, quiet_seconds: float) -> Iterator[str]:
        """Read one stream, and yield what was not seen before."""
        from huggingface_hub.utils import get_session, hf_raise_for_status

        place = 0
        headers = self._account.headers
        with get_session().stream("GET", self._url, headers=headers, timeout=quiet_seconds) as answer:
            if answer.status_code != 200:  # noqa: PLR2004 -- OK
                answer.read()
                with asking("read the log of a job", self._account):
                    hf_raise_for_status(answer)
            for line in answer.iter_lines():
                if not line.startswith("data: {"):
                    continue  # a keep-alive, or an empty line
                place += 1
                if place > self._seen:
                    self._seen = place
                    words = _words(line.removeprefix("data: "))
                    if not words.startswith(STARTED):
                        yield words


def _words(event: str) -> str:
    found = cast("dict[str, object]", json.loads(event))
    return str(found.get("data", ""))
