"""A listener on loopback that hands each request to a function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.github_server.engines import Reply


@dataclass(frozen=True)
class Asked:
    """One request; names of headers are lower case, and `path` holds the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


HANG_UP = Reply(0, {}, b"")
"""Answers nothing at all."""


class Listener:
    """Listens from its making until `stop`."""

    def __init__(self, answer: Callable[[Asked], Reply]) -> None:
        handler = type("Handler", (_Handler,), {"answer": staticmethod(answer)})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that left; what else went wrong is our bug and is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # pyright: ignore[reportArgumentType] -- handed on as it came


class _Handler(BaseHTTPRequestHandler):
    answer: Callable[[Asked], Reply]
    wbufsize = -1  # head and body leave in one piece
    disable_nagle_algorithm = True
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's own name
        """Say nothing."""

    def answer_one(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.answer(Asked(self.command, self.path, headers, self._body(headers)))
        if reply.status == 0:
            self.close_connection = True
            return
        self.send_response(reply.status)
        announced = reply.headers.get("content-length", str(len(reply.body)))
        for name, value in reply.headers.items():
            if value and name not in {
                "content-length",
                "transfer-encoding",
                "connection",
                "date",
                "server",
                "content-encoding",
            }:
                self.send_header(name, value)
        self.send_header("Content-Length", announced)
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()
        self.close_connection = announced != str(len(reply.body))

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(headers.get("content-length") or 0))
        parts: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = answer_one  # noqa: N815 -- the standard library's names
