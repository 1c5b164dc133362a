"""How a process dies in the middle of its requests."""

from __future__ import annotations

import os
import signal


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
