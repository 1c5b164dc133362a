"""One kept-open HTTP connection, on the standard library.

httpx would cost 60 ms of a 350 ms start and 9 MiB, and gives nothing that is needed here; so proxies and stale connections are
seen to in this file.
"""

from __future__ import annotations

import base64
import math
import select
import socket
import ssl
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from urllib.parse import SplitResult, unquote, urlsplit

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen

_PIECE_BYTES = 65536
_MOMENT_SECONDS = 0.05
_CORK: int | None = getattr(socket, "TCP_CORK", None)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def endless() -> float:
    """Return the seconds that are left of a run without an end."""
    return math.inf


@frozen
class Patience:
    """How long to wait for a provider.

    Args:
        connect_seconds: for the connection and its handshake.
        silence_seconds: for the first byte, and between any two pieces of an answer.
        answer_seconds: for a whole answer; a stream of keep-alive comments must not go on for ever.
        left: how many seconds are left of the run; nothing is waited for any longer.
    """

    connect_seconds: float = 10.0
    silence_seconds: float = 300.0
    answer_seconds: float = 1800.0
    left: Callable[[], float] = endless

    def most(self, seconds: float) -> float:
        """Return so many seconds, or what is left of the run; a moment when nothing is."""
        return max(_MOMENT_SECONDS, min(seconds, self.left()))


@frozen
class Destination:
    """Where requests go. `proxy` is an HTTP proxy's URL, "" for none.

    Raises:
        Misconfigured: the base URL is not one of a web server.
    """

    base_url: str
    proxy: str = ""

    def __post_init__(self) -> None:
        if self.parts.scheme not in {"http", "https"} or not self.parts.hostname:
            raise Misconfigured(f"`{self.base_url}` is no base URL; it has to look like http://127.0.0.1:8000/v1")

    @property
    def parts(self) -> SplitResult:
        """The base URL, taken apart."""
        return urlsplit(self.base_url)


class Line:
    """A connection that is opened when first needed and again after it was lost."""

    def __init__(self, destination: Destination, patience: Patience) -> None:
        self._parts = destination.parts
        self._proxy = urlsplit(destination.proxy) if destination.proxy else None
        self._patience = patience
        self._connection: HTTPConnection | None = None

    def post(self, path: str, headers: Mapping[str, str], body: Sequence[bytes | bytearray]) -> HTTPResponse:
        """Send a request and return the head of its answer.

        Raises:
            OSError, HTTPException: no answer.
        """
        kept = self._connection is not None
        try:
            return self._ask(path, headers, body)
        except (BrokenPipeError, ConnectionResetError):  # RemoteDisconnected is one of these
            if not kept:
                raise
        self.close()  # the server let go of a kept connection while we wrote: it has not taken the question
        return self._ask(path, headers, body)

    def _ask(self, path: str, headers: Mapping[str, str], body: Sequence[bytes | bytearray]) -> HTTPResponse:
        connection = self._open()
        self.hurry()
        length = str(sum(len(piece) for piece in body))
        with _corked(connection.sock):
            connection.request(
                "POST",
                self._target(path),
                body=body,
                headers={**headers, **self._proxy_headers(), "Content-Length": length},
            )
        return connection.getresponse()

    def hurry(self) -> None:
        """Wait for what comes next no longer than there is time for now."""
        if self._connection is not None and self._connection.sock is not None:
            self._connection.sock.settimeout(self._patience.most(self._patience.silence_seconds))

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> HTTPConnection:
        if self._connection is not None and _stale(self._connection):
            self.close()
        if self._connection is None:
            connection = self._dial()
            connection.connect()
            self._connection = connection
        return self._connection

    def _dial(self) -> HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        wait = self._patience.most(self._patience.connect_seconds)
        near = (self._proxy.hostname or "", self._proxy.port) if self._proxy else (host, port)
        if self._parts.scheme == "http":
            return HTTPConnection(*near, timeout=wait)
        connection = HTTPSConnection(*near, timeout=wait, context=ssl.create_default_context())
        if self._proxy is not None:
            connection.set_tunnel(host, port, headers=dict(_credentials(self._proxy)))
        return connection

    def _target(self, path: str) -> str:
        whole_path = self._parts.path.rstrip("/") + path
        by_proxy = self._proxy is not None and self._parts.scheme == "http"
        return f"http://{self._parts.netloc}{whole_path}" if by_proxy else whole_path

    def _proxy_headers(self) -> Mapping[str, str]:
        return _credentials(self._proxy) if self._proxy is not None and self._parts.scheme == "http" else {}


def pieces(response: HTTPResponse) -> Iterator[bytes]:
    """Yield an answer's bytes as they come.

    Raises:
        OSError, HTTPException: the connection broke.
    """
    while piece := response.read1(_PIECE_BYTES):
        yield piece
    if response.length:  # `read1` keeps quiet about an answer that is shorter than it said
        raise IncompleteRead(b"", response.length)
    response.close()  # nor does it notice by itself that everything was read


def proxy_for(base_url: str, variables: Mapping[str, str]) -> str:
    """Return the proxy that the usual variables name for a URL, "" for none. Loopback never goes through one.

    Args:
        base_url: where requests go.
        variables: may hold HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in either case.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    exempt = [entry.strip().lstrip("*").lstrip(".") for entry in _either_case(variables, "NO_PROXY").split(",")]
    if host in _LOOPBACK or any(entry and (host == entry or host.endswith("." + entry)) for entry in exempt):
        return ""
    if _either_case(variables, "NO_PROXY").strip() == "*":
        return ""
    proxy = _either_case(variables, f"{parts.scheme.upper()}_PROXY") or _either_case(variables, "ALL_PROXY")
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def _either_case(variables: Mapping[str, str], name: str) -> str:
    return variables.get(name) or variables.get(name.lower()) or ""


def _credentials(proxy: SplitResult) -> Mapping[str, str]:
    if not proxy.username:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


@contextmanager
def _corked(sock: socket.socket) -> Generator[None]:
    """Have the kernel gather what is written into full packets, where it can (Linux).

    http.client writes the head and each piece of the body by itself, and each write would wake the server. After a failure the
    cork stays in: the connection is given up then.
    """
    if _CORK is None:
        yield
        return
    sock.setsockopt(socket.IPPROTO_TCP, _CORK, 1)
    yield
    sock.setsockopt(socket.IPPROTO_TCP, _CORK, 0)


def _stale(connection: HTTPConnection) -> bool:
    """Whether the server hung up while a tool was running: then a socket that owes us nothing has something to read."""
    if connection.sock is None:  # http.client lets go of it when an answer said `Connection: close`
        return True
    try:
        return bool(select.select([connection.sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


__all__ = ["Destination", "HTTPException", "HTTPResponse", "Line", "Patience", "endless", "pieces", "proxy_for"]
