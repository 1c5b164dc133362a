"""Waiting in tests for what happens in other processes."""

from __future__ import annotations

import time
from collections.abc import Callable

ENOUGH = 20


def until(happened: Callable[[], bool], *, seconds: float = ENOUGH) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
