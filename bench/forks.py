"""Work in a fork, which is gone with whatever it did to its modules."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import IO

FAILED = 3


class Unfinished(Exception):
    """A fork did not come to the end of its work."""


@contextmanager
def told_by_a_fork(work: Callable[[IO[str]], object]) -> Generator[IO[str]]:
    """Have a fork do something, and give what it writes meanwhile, line by line.

    Raises:
        Unfinished: the work raised.
    """
    sys.stdout.flush()
    out, told = os.pipe()
    pid = os.fork()
    if not pid:
        code = FAILED
        try:
            os.close(out)
            with os.fdopen(told, "w", buffering=1) as tells:
                work(tells)
            code = 0
        finally:
            os._exit(code)
    os.close(told)
    with os.fdopen(out) as heard:
        yield heard
    if os.waitpid(pid, 0)[1]:
        raise Unfinished
