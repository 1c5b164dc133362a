"""The sandbox server of the Hub that runs on this machine: what a sandbox's job fetches at its start and becomes.

It speaks the protocol that huggingface_hub's sandboxes speak (version 3, one sandbox to a job): commands with their output as it
comes, processes in the background, files. Its root is the job's folder, which stands in for the container's file system: the
path `/app/a.py` is that folder's `app/a.py`. A command starts in the root, and says where a file lies relative to that. The
token that is wanted of clients is never in the environment of what runs here.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import cast
from urllib.parse import parse_qs, urlsplit

from .commands import Background, Command
from .files import Files, Refused

PROTOCOL = 3
_PIECE = 1024 * 1024


class Sandbox(ThreadingHTTPServer):
    """One sandbox.

    Args:
        environment: what the job was given; `SBX_…` tells how to be a sandbox, the rest is for commands.
        root: the folder that is its file system.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, environment: Mapping[str, str], root: Path) -> None:
        super().__init__(("127.0.0.1", int(environment["SBX_PORT"])), _Handler)
        self.token = environment["SBX_TOKEN"]
        self.environment = {name: value for name, value in environment.items() if not name.startswith("SBX_")}
        self.files = Files(root)
        self.background = Background()
        self.active_at = time.monotonic()
        self._patience = float(environment.get("SBX_IDLE_TIMEOUT", "inf"))

    def live(self) -> None:
        """Serve until nobody has asked anything, and nothing has run in the background, for the idle time."""
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        while time.monotonic() - self.active_at < self._patience:
            time.sleep(0.05)
            if self.background.any_running():
                self.active_at = time.monotonic()
        self.shutdown()

    def command(self, asked: Mapping[str, object]) -> Command:
        """Return a command as it was asked for, ready to be started."""
        line, extra = asked.get("cmd"), cast("dict[str, object]", asked.get("env") or {})
        shell = asked.get("shell", isinstance(line, str))
        if (isinstance(line, str) is not bool(shell)) or not line:
            raise Refused(400, "cmd must be a string with a shell, and a list without")
        return Command(
            words=["/bin/sh", "-c", line]
            if isinstance(line, str)
            else [str(word) for word in cast("list[object]", line)],
            asked=line,
            environment={**self.environment, **{name: str(value) for name, value in extra.items()}},
            folder=self.files.place(str(asked.get("cwd") or "/")),
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def sandbox(self) -> Sandbox:
        return cast("Sandbox", self.server)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's own name
        """Say nothing: the job's log is for what the commands say."""

    def answer(self) -> None:
        """Answer one request."""
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path == "/health":
            return self._say({"status": "ok", "version": "0.7.0", "protocol": PROTOCOL})
        if self.headers.get("X-Sandbox-Token") != self.sandbox.token:
            return self._say({"error": "invalid sandbox token"}, 401)
        self.sandbox.active_at = time.monotonic()
        try:
            return self._route(url.path.removeprefix("/v1"), query, body)
        except Refused as refused:
            return self._say({"error": str(refused)}, refused.status)
        except OSError as problem:
            return self._say({"error": f"{problem.strerror}: {problem.filename}"}, 400)

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 -- the standard library's names

    def _route(self, path: str, query: Mapping[str, str], body: bytes) -> None:
        match [self.command, *path.strip("/").split("/")]:
            case ["POST", "exec"]:
                self._exec(json.loads(body))
            case ["POST", "processes"]:
                self._say(self.sandbox.background.start(self.sandbox.command(json.loads(body))))
            case ["GET", "processes"]:
                self._say(self.sandbox.background.shown())
            case ["DELETE", "processes", identifier]:
                self._say({"killed": self.sandbox.background.kill(identifier)})
            case ["GET", "files", "read"]:
                self._say_bytes(self.sandbox.files.read(query))
            case [_, "files", verb]:
                self._say(self.sandbox.files.do(verb, query, body))
            case _:
                raise Refused(404, f"no such route: {path}")

    def _exec(self, asked: Mapping[str, object]) -> None:
        events = self.sandbox.command(asked).run(
            seconds=cast("float | None", asked.get("timeout")), given=str(asked.get("stdin") or "")
        )
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            data = json.dumps(event).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
        self.sandbox.active_at = time.monotonic()

    def _say(self, value: object, status: int = 200) -> None:
        self._say_bytes(json.dumps(value).encode(), status, "application/json")

    def _say_bytes(self, data: bytes, status: int = 200, kind: str = "application/octet-stream") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for start in range(0, len(data), _PIECE):
            self.wfile.write(data[start : start + _PIECE])


def main() -> None:
    """Be the sandbox of the job that runs this."""
    Sandbox(dict(os.environ), Path.cwd()).live()  # noqa: TID251 -- a program of its own
