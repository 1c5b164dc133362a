"""A real Chromium, asked over its own pipe (the DevTools protocol), for tests that must see a page as people do.

No driver and no library stand between: messages are JSON, each ended by a zero byte (`--remote-debugging-pipe`).
https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, cast

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_EXEC = (
    "import fcntl, os, sys\n"
    "pipes = [fcntl.fcntl(int(pipe), fcntl.F_DUPFD, 10) for pipe in sys.argv[1:3]]\n"
    "for own, pipe in zip((3, 4), pipes): os.dup2(pipe, own)\n"
    "os.execv(sys.argv[3], sys.argv[3:])\n"
)
"""Chromium wants its pipes as descriptors 3 and 4."""
Message = Mapping[str, object]
PATIENCE_SECONDS = 60.0


class Browser:
    """One headless Chromium with one page. Use it in a `with`.

    Args:
        folder: an empty folder for its profile.
    """

    def __init__(self, folder: Path) -> None:
        program = next((found for name in NAMES if (found := shutil.which(name))), None)
        if program is None:
            raise RuntimeError("there is no Chromium on this machine; `make system` installs it")
        child_in, self._out = os.pipe()
        self._in, child_out = os.pipe()
        words = [program, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-ISc", _EXEC, str(child_in), str(child_out), *words],
            pass_fds=(child_in, child_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "TZ": "UTC", "LANG": "C.UTF-8"},
        )
        os.close(child_in)
        os.close(child_out)
        self._asked = 0
        self._rest = b""
        self._session = ""
        self.heard: list[Message] = []
        try:
            self._attach()
        except (AssertionError, OSError, StopIteration):
            self.close()
            raise

    def close(self) -> None:
        """End it."""
        os.close(self._out)
        os.close(self._in)
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def see(self, width: int, height: int, *, scale: float = 1.0, dark: bool = False) -> None:
        """Be a screen of so many CSS pixels; narrow ones are phones."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600}
        self.ask("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", {"features": [scheme]})

    def go(self, address: str) -> float:
        """Load a page and return how many seconds it took until it was loaded and painted."""
        self.heard.clear()
        began = time.monotonic()
        self.ask("Page.navigate", {"url": address})
        self._until(lambda: any(message.get("method") == "Page.loadEventFired" for message in self.heard))
        self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return time.monotonic() - began

    def js(self, expression: str) -> object:
        """Return what an expression comes to; a promise is waited for."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self.ask("Runtime.evaluate", asked)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return cast("Message", answer["result"]).get("value")

    def press(self, key: str) -> None:
        """Press a key that makes a letter."""
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", {"type": kind, "key": key, "text": key if kind == "keyDown" else ""})

    def picture(self) -> bytes:
        """Return what is on the screen, as PNG."""
        return base64.b64decode(str(self.ask("Page.captureScreenshot", {"format": "png"})["data"]))

    def complaints(self) -> list[str]:
        """Return every error and warning of console, scripts and page policy since `go`."""
        bad = {"Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}
        return [json.dumps(message["params"]) for message in self.heard if message.get("method") in bad]

    def requests(self) -> list[str]:
        """Return every address asked for since `go`, the page itself first."""
        asked = [message for message in self.heard if message.get("method") == "Network.requestWillBeSent"]
        return [str(cast("Message", cast("Message", message["params"])["request"])["url"]) for message in asked]

    def ask(self, method: str, params: Message | None = None) -> Message:
        """Ask the page something and return its answer."""
        self._asked += 1
        number = self._asked
        message: dict[str, object] = {"id": number, "method": method, "params": params or {}}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        answer: list[Message] = []
        self._until(lambda: bool(answer), lambda one: answer.append(one) if one.get("id") == number else None)
        if "error" in answer[0]:
            raise AssertionError(f"{method}: {answer[0]['error']}")
        return cast("Message", answer[0].get("result", {}))

    # --- inside --------------------------------------------------------------------------------------------------

    def _attach(self) -> None:
        targets = cast("list[Message]", self.ask("Target.getTargets")["targetInfos"])
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = str(self.ask("Target.attachToTarget", {"targetId": page, "flatten": True})["sessionId"])
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def _until(self, done: Callable[[], bool], look: Callable[[Message], None] | None = None) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done():
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._in], [], [], left)[0]:
                raise AssertionError("the browser does not answer")
            for message in self._read():
                self.heard.append(message)
                if look is not None:
                    look(message)

    def _read(self) -> list[Message]:
        data = os.read(self._in, 1 << 20)
        if not data:
            raise AssertionError("the browser is gone")
        *whole, self._rest = (self._rest + data).split(b"\0")
        return [cast("Message", json.loads(one)) for one in whole]
