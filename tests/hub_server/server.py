"""The server: HTTP/1.1 with kept connections, bodies of both sorts, streamed answers, faults, and a record of what was asked."""

from __future__ import annotations

import json
import secrets
import socket
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import BinaryIO, Self, cast
from urllib.parse import urlsplit

from .accounts import Accounts
from .bodies import Chunked, Measured, drain
from .faults import Broken, Cut, Fault, Kind, Lost, Refuse, Slow
from .fields import Fields
from .hands import put_repository, read_file
from .refusals import Refused, unknown_address
from .request import Answer, Request, Stretch, json_answer
from .routes import find, starters
from .seed import plant
from .world import Recorded, World

PIECE = 256 * 1024
_KEPT_BODY = 64 * 1024


class HubServer:
    """A Hub on a port of this machine, from `start` (or `with`) until `stop`.

    Args:
        root: the folder that holds everything; a second server on it later goes on where the first ended.
        port: a free one when left out.
        seed: accounts to make first; when left out, and nobody is there yet, one user with a writing token.
    """

    def __init__(self, root: Path, *, port: int = 0, seed: Mapping[str, object] | None = None) -> None:
        self.world = World(root=root)
        plant(self.world.accounts, Fields(seed) if seed is not None else None)
        handler = type("Handler", (_Handler,), {"world": self.world})
        self._server = _Listener(("127.0.0.1", port), handler)
        self.world.url = f"http://127.0.0.1:{self._server.server_port}"
        self.world.storage_url = f"http://localhost:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """What `HF_ENDPOINT` has to be."""
        return self.world.url

    @property
    def token(self) -> str:
        """A ready token: the first writing one."""
        return next(one.token for one in self.accounts.tokens() if one.role == "write")

    @property
    def accounts(self) -> Accounts:
        """Who there is; more can be added at any time."""
        return self.world.accounts

    @property
    def requests(self) -> list[Recorded]:
        """Everything that was asked, in the order in which it was answered."""
        return self.world.requests

    def fault(self, method: str, path: str, kind: Kind, *, after: int = 0, times: int | None = 1) -> Fault:
        """Switch a fault on; see `Fault` for what the words mean."""
        return self.world.faults.add(Fault(method=method, path=path, kind=kind, after=after, times=times))

    def count(self, method: str, path: str) -> int:
        """Return how many requests of this method began with this path."""
        return sum(1 for one in self.requests if one.method == method and one.path.startswith(path))

    def add(
        self,
        type: str,  # noqa: A002 -- the Hub's own words
        id: str,  # noqa: A002
        files: Mapping[str, bytes],
        *,
        private: bool = False,
        gated: str = "",
    ) -> str:
        """Put a repository there, or a newer commit of it, of exactly these files; return the commit."""
        return put_repository(self.world, type, id, files, private=private, gated=gated)

    def read(self, type: str, id: str, path: str, revision: str = "main") -> bytes:  # noqa: A002
        """Return the content of a file; a `KeyError` when it is not there."""
        return read_file(self.world, type, id, path, revision)

    def start(self) -> Self:
        """Listen, after every area has taken up what an earlier server left."""
        for begin in starters():
            begin(self.world)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Answer nobody any more, and end every part."""
        self._server.shutdown()
        self.world.close()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Listener(ThreadingHTTPServer):
    """Knows its connections, so that it can close them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        plug = cast("socket.socket", request)
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.add(plug)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        self._open.discard(cast("socket.socket", request))
        super().shutdown_request(request)

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Say nothing of clients that left; what else went wrong is our bug and is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        """Close what clients keep open."""
        for plug in list(self._open):
            try:
                plug.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its client was faster


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's own name
        """Say nothing."""

    def answer_one(self) -> None:
        """Answer one request: fault, handler, record."""
        url = urlsplit(self.path)
        body = self._body()
        request = Request(
            method=self.command,
            path=url.path,
            query_string=url.query,
            headers={name.lower(): value for name, value in self.headers.items()},
            host=self.headers.get("Host", ""),
            stream=body,
        )
        fault = self.world.faults.strike(self.command, url.path, url.query)
        if isinstance(fault, Broken):
            body.read(fault.after_bytes)
            self.world.record(self._recorded(request, 0))
            self._hang_up()
            return
        with self.world.seen(request.method, request.path):
            answer = self._answer(request, fault)
        status = 0 if isinstance(fault, Lost) else answer.status
        drain(body)
        self.world.record(self._recorded(request, status))
        if isinstance(fault, Lost):
            self._hang_up()
        else:
            self._send(answer, fault.after_bytes if isinstance(fault, Cut) else None)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = answer_one  # noqa: N815 -- the standard library's names

    def _body(self) -> Measured | Chunked:
        source = cast("BinaryIO", self.rfile)
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return Chunked(source)
        return Measured(source, int(self.headers.get("Content-Length") or 0))

    def _answer(self, request: Request, fault: Kind | None) -> Answer:
        try:
            if isinstance(fault, Refuse):
                raise fault.refusal()
            if isinstance(fault, Slow):
                time.sleep(fault.seconds)
            found = find(request.method, request.path)
            if found is None:
                raise unknown_address(request.path)
            route, request.values = found
            if "x-amz-signature" not in request.query_string.lower():
                request.caller = self.world.accounts.caller(request.headers.get("authorization", ""))
            return route.handler(self.world, request)
        except Refused as refused:
            code = {"X-Error-Code": refused.code} if refused.code else {}
            headers = {"X-Error-Message": refused.message, **code, **refused.headers}
            return json_answer({"error": refused.message, **refused.more}, refused.status, headers)
        except (
            ValueError
        ) as unread:  # a number or an encoding that is none; only what a client wrote is parsed in a handler
            return json_answer({"error": f"Invalid request: {unread}"}, 400, {"X-Error-Message": "Invalid request"})

    def _recorded(self, request: Request, status: int) -> Recorded:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        body = request.kept[:_KEPT_BODY]
        return Recorded(method=request.method, path=self.path, token=token, body=body, status=status)

    def _send(self, answer: Answer, cut: int | None) -> None:
        self.send_response(answer.status)
        self.send_header("x-request-id", f"Root=1-{secrets.token_hex(4)}-{secrets.token_hex(12)}")
        for name, value in answer.headers.items():
            self.send_header(name, value.replace("\n", " "))
        length = _length(answer)
        if length is not None and "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(length))
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(answer, cut)

    def _send_body(self, answer: Answer, cut: int | None) -> None:
        streamed = _length(answer) is None
        left = cut
        pieces = _pieces(answer)
        try:
            for piece in pieces:
                data = piece if left is None else piece[:left]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if streamed and data else data)
                self.wfile.flush()
                left = None if left is None else left - len(data)
                if left == 0:
                    break
        finally:
            pieces.close()
        if cut is not None:
            self._hang_up()
        elif streamed:
            self.wfile.write(b"0\r\n\r\n")

    def _hang_up(self) -> None:
        """Close the connection under the client."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)


def _length(answer: Answer) -> int | None:
    match answer.body:
        case bytes() as data:
            return len(data)
        case Stretch() as stretch:
            return stretch.length
        case _:
            return None


def _pieces(answer: Answer) -> Generator[bytes]:
    match answer.body:
        case bytes() as data:
            yield data
        case Stretch() as stretch:
            yield from _file(stretch)
        case stream:
            yield from stream


def _file(stretch: Stretch) -> Iterator[bytes]:
    with stretch.path.open("rb") as file:
        file.seek(stretch.start)
        left = stretch.length
        while left > 0 and (data := file.read(min(PIECE, left))):
            left -= len(data)
            yield data


def read_seed(path: Path) -> Mapping[str, object]:
    """Read a seed file."""
    return cast("dict[str, object]", json.loads(path.read_text(encoding="utf-8")))
