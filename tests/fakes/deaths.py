"""How a process dies in the middle of its requests."""

from __future__ import annotations

import importlib
import os
import signal
from collections.abc import Callable

EACH = -1
MOST = 60
SLOW = ("httpx", "huggingface_hub", "huggingface_hub.hf_api", "huggingface_hub._snapshot_download")
"""What takes long to import, and so is imported once."""


def die_after(answers: int) -> None:
    """Kill this process once so many answers have come; 0 lets it live."""
    import httpx

    send, left = httpx.Client.send, [answers]

    def mortal(self: httpx.Client, *words: object, **more: object) -> httpx.Response:
        answer = send(self, *words, **more)  # pyright: ignore[reportArgumentType]
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    httpx.Client.send = mortal


def deaths_until_one_lives(deed: Callable[[int], None]) -> int:
    """Do something in one forked process after the other: the n-th dies after n answers, until one lives.

    Returns:
        how many died.
    """
    for name in SLOW:
        importlib.import_module(name)
    for answers in range(1, MOST):
        child = os.fork()
        if not child:
            die_after(answers)
            deed(answers)
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code != -signal.SIGKILL:
            assert code == 0
            return answers - 1
    raise AssertionError("nobody lives")
