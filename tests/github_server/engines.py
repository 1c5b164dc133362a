"""The parts that are not ours: where `make judges` laid them, started on loopback and ended again."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import cast

PLACE = Path(__file__).parent.parent.parent / ".cache" / "judges" / "github" / "node_modules"
EMULATE = PLACE / "emulate" / "dist" / "index.js"
PRISM = PLACE / "@stoplight" / "prism-cli" / "dist" / "index.js"
DESCRIPTION = PLACE / "@octokit" / "openapi" / "generated" / "api.github.com.json"
COMPILE_ONCE = Path(__file__).with_name("compile_once.cjs")
EXAMPLES = PLACE / "@octokit" / "webhooks-examples" / "api.github.com" / "index.json"

BEGINS_WITHIN_SECONDS = 60


class Engine:
    """A program of its own that listens on a port, from its making until `stop`."""

    def __init__(
        self, command: Sequence[str], *, port: int, log: Path, more: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        if not Path(command[1]).exists():
            raise FileNotFoundError(f"{command[1]} is not there; `make judges` installs it")
        self.port = port
        self.log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ["PATH"], "HOME": str(log.parent), **more},  # noqa: TID251 -- node has to be found
                start_new_session=True,
            )
        self._await()

    def _await(self) -> None:
        until = time.monotonic() + BEGINS_WITHIN_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise RuntimeError(f"it did not begin to listen:\n{self.log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End it and what it started."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        return cast("int", plug.getsockname()[1])


def start_emulate(folder: Path, seed: Mapping[str, object], *, base_url: str) -> Engine:
    """Start the stateful part: issues, comments, pull requests, reviews, checks."""
    (folder / "seed.json").write_text(json.dumps(seed))
    port = free_port()
    command = ["node", str(EMULATE), "start", "--service", "github", "--seed", str(folder / "seed.json")]
    return Engine([*command, "--port", str(port), "--base-url", base_url], port=port, log=folder / "emulate.log")


def start_prism(folder: Path, description: Path, *, upstream_port: int) -> Engine:
    """Start the judge: it passes everything on, and names what breaks the description."""
    port = free_port()
    command = ["node", str(PRISM), "proxy", str(description), f"http://127.0.0.1:{upstream_port}", "-p", str(port)]
    told = {"NODE_OPTIONS": f'--require "{COMPILE_ONCE}"'}
    return Engine([*command, "--verboseLevel", "warn"], port=port, log=folder / "prism.log", more=told)


def unjudged(folder: Path) -> list[str]:
    """Return what the judge could not judge by (`compile_once.cjs`)."""
    return [line for line in (folder / "prism.log").read_text(errors="replace").splitlines() if "cannot judge" in line]


def ask(port: int, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> Reply:
    """Ask a program on this machine."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        line.request(method, path, body or None, dict(headers))
        answer = line.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        line.close()


class Reply:
    """An answer: status, headers with names in lower case, and the bytes."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> object:
        """What it says; None when it says nothing."""
        return cast("object", json.loads(self.body)) if self.body else None


def json_reply(said: object, status: int = 200, **headers: str) -> Reply:
    """Return an answer in JSON."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"content-type": "application/json; charset=utf-8", **told}, json.dumps(said).encode())
