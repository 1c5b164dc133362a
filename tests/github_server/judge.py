"""prism between every front and what is behind it: one for all GitHubs of a process, since it takes seconds to begin."""

from __future__ import annotations

import atexit
import itertools
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.github_server.description import write_description
from tests.github_server.engines import Reply, ask, start_prism, unjudged
from tests.github_server.listener import HANG_UP, Asked, Listener

BEHIND = "x-behind"
"""The header that says which GitHub a request is for; prism passes it on."""


class Judge:
    """Passes requests on to whom they are for and names what breaks the description, from its making until `stop`.

    Args:
        folder: for its description and its log.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._behind: dict[str, Callable[[Asked], Reply]] = {}
        self._numbers = itertools.count(1)
        self._listener = Listener(self._pass_on)
        try:
            description = write_description(folder / "github.json")
            self._engine = start_prism(folder, description, upstream_port=self._listener.port)
        except BaseException:
            self._listener.stop()
            raise

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._engine.port

    @property
    def unjudged(self) -> list[str]:
        """What could not be judged since it began, whoever asked: one description holds for all."""
        return unjudged(self._folder)

    def stand_before(self, answer: Callable[[Asked], Reply]) -> str:
        """Have something behind it from now on; return the name by which requests are for it."""
        name = str(next(self._numbers))
        self._behind[name] = answer
        return name

    def leave(self, name: str) -> None:
        """Have it behind it no more."""
        del self._behind[name]

    def ask(self, name: str, asked: Asked, path: str, *, passed_on: frozenset[str]) -> Reply:
        """Ask by way of it, with those of a request's headers that are passed on."""
        headers = {key: value for key, value in asked.headers.items() if key in passed_on}
        return ask(self.port, asked.method, path, headers={**headers, BEHIND: name}, body=asked.body)

    def stop(self) -> None:
        """End it."""
        self._engine.stop()
        self._listener.stop()

    def _pass_on(self, asked: Asked) -> Reply:
        answer = self._behind.get(asked.headers[BEHIND])
        return HANG_UP if answer is None else answer(asked)


@cache
def judge() -> Judge:
    """Return the one of this process; it ends with it."""
    folder = TemporaryDirectory()
    made = Judge(Path(folder.name))
    atexit.register(folder.cleanup)
    atexit.register(made.stop)
    return made
