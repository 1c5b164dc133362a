"""A model's provider on a real socket: OpenAI-shaped (`/v1/chat/completions`) and Anthropic-shaped (`/v1/messages`).

It plays a script: a list of steps (one a request; the last one is repeated when `loop` is set), or a function of the request.
A step is something said, or a fault. Every request is recorded as it came. For people and benchmarks:

    python -m tests.fakes.model_server --port 8000 --turns 300
"""

from __future__ import annotations

import argparse
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, TypeAlias, cast

from tests.fakes.provider_shapes import anthropic_chunks, anthropic_whole, openai_chunks, openai_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A tool call the model makes. `arguments` as a string are sent as they are, broken or not."""

    name: str
    arguments: Mapping[str, object] | str = field(default_factory=dict[str, object])
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One answer of the model.

    Args:
        reasoning, signature: a reasoning block before the text (the signature in Anthropic's shape only).
        details: OpenRouter's `reasoning_details`, sent as they are.
        finish: OpenAI's word for the end; derived from the calls when "".
        extra: further fields of the (OpenAI-shaped) usage.
    """

    text: str = ""
    calls: tuple[Ask, ...] = ()
    reasoning: str = ""
    signature: str = ""
    details: tuple[Mapping[str, object], ...] = ()
    finish: str = ""
    input_tokens: int = 11
    output_tokens: int = 7
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    usage_extra: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """An HTTP error. `body` is sent as it is; without one, an error of the shape asked for is made from `words`."""

    status: int
    words: str = "no"
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The answer begins and the connection breaks after so many events (or half the body, when not streamed).

    `politely` ends the body as if it were whole, without a finish reason: the way proxies cut streams.
    """

    say: Say
    after_events: int = 2
    politely: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """These bytes as a 200."""

    body: bytes
    content_type: str = "text/event-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """Nothing is said for so long, then the connection is dropped."""

    seconds: float = 30.0
    after: Say | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection is reset without a word."""


Step: TypeAlias = Say | Fail | Cut | Raw | Hang | Drop


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request as it came. Times are `time.perf_counter()`, which processes of one machine share."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    arrived_at: float
    number: int

    @property
    def json(self) -> dict[str, object]:
        """The body, decoded."""
        return cast("dict[str, object]", json.loads(self.body))

    @property
    def messages(self) -> list[dict[str, object]]:
        """The messages of the body."""
        return cast("list[dict[str, object]]", self.json["messages"])


Script: TypeAlias = Sequence[Step] | Callable[[Seen], Step]


class ModelServer:
    """The server, in a thread of this process, on a free port of loopback. A context manager.

    `seen` are the requests, `answered_at` when each answer was sent to its end. `on_connect` gets the client's port of each
    connection.
    """

    def __init__(
        self,
        script: Script,
        *,
        port: int = 0,
        loop: bool = False,
        keep_bodies: bool = True,
        on_connect: Callable[[int], None] | None = None,
    ) -> None:
        self.on_connect = on_connect
        self._script = script
        self._loop = loop
        self._keep_bodies = keep_bodies
        self._lock = threading.Lock()
        self._count = 0
        self._gone = threading.Event()
        self.seen: list[Seen] = []
        self.answered_at: list[float] = []
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and wake who hangs."""
        self._gone.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def root(self) -> str:
        """The URL without `/v1`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def base_url(self) -> str:
        """The URL an OpenAI-shaped client wants."""
        return f"{self.root}/v1"

    def serve_forever(self) -> None:
        """Serve in this thread, for the command line."""
        self._server.serve_forever()

    def wait(self, seconds: float) -> None:
        """Let time pass, but not after the server was stopped."""
        self._gone.wait(seconds)

    def next_step(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[Seen, Step]:
        """Record a request and say what comes."""
        arrived_at = time.perf_counter()
        with self._lock:
            number = self._count
            self._count += 1
            seen = Seen(method=method, path=path, headers=headers, body=body, arrived_at=arrived_at, number=number)
            kept = (
                seen
                if self._keep_bodies or number == 0
                else Seen(method=method, path=path, headers=headers, body=b"", arrived_at=arrived_at, number=number)
            )
            self.seen.append(kept)
        return seen, self._step(seen)

    def _step(self, seen: Seen) -> Step:
        if callable(self._script):
            return self._script(seen)
        if seen.number < len(self._script):
            return self._script[seen.number]
        if self._loop:
            return self._script[-1]
        return Fail(status=418, words=f"the script has {len(self._script)} steps and this is request {seen.number + 1}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of many tests and no news."""


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        owner = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    owner: ModelServer
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    rbufsize = 1 << 20
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Note the connection."""
        super().setup()
        if self.owner.on_connect is not None:
            self.owner.on_connect(self.client_address[1])

    def do_POST(self) -> None:
        """Play the next step."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen, step = self.owner.next_step("POST", self.path, headers, body)
        self._play(step, anthropic=self.path.split("?")[0].endswith("/messages"), asked=seen.json)
        self.wfile.flush()
        self.owner.answered_at.append(time.perf_counter())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Quiet."""

    def _play(self, step: Step, *, anthropic: bool, asked: Mapping[str, object]) -> None:
        streamed = bool(asked.get("stream"))
        model = str(asked.get("model", ""))
        match step:
            case Say() if streamed:
                self._events(_chunks(step, model, anthropic=anthropic))
            case Say():
                self._whole(200, json.dumps(_body(step, model, anthropic=anthropic)).encode(), "application/json")
            case Fail():
                body = step.body if step.body is not None else _error(step, anthropic=anthropic)
                self._whole(step.status, body, "application/json", step.headers)
            case Raw():
                self._whole(200, step.body, step.content_type)
            case Cut():
                self._cut(step, model, anthropic=anthropic, streamed=streamed)
            case Hang():
                if step.after is not None:
                    self._begin_events()
                    self._event(next(iter(_chunks(step.after, model, anthropic=anthropic))))
                    self.wfile.flush()
                self.owner.wait(step.seconds)
                self.close_connection = True
            case Drop():
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True

    def _whole(self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _begin_events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _events(self, events: Iterator[bytes]) -> None:
        self._begin_events()
        for event in events:
            self._event(event)
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, event: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))

    def _cut(self, step: Cut, model: str, *, anthropic: bool, streamed: bool) -> None:
        if not streamed:
            body = json.dumps(_body(step.say, model, anthropic=anthropic)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
        else:
            self._begin_events()
            for _, event in zip(range(step.after_events), _chunks(step.say, model, anthropic=anthropic), strict=False):
                self._event(event)
            if step.politely:
                self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True


def _chunks(say: Say, model: str, *, anthropic: bool) -> Iterator[bytes]:
    return anthropic_chunks(say, model) if anthropic else openai_chunks(say, model)


def _body(say: Say, model: str, *, anthropic: bool) -> Mapping[str, object]:
    return anthropic_whole(say, model) if anthropic else openai_whole(say, model)


def _error(fail: Fail, *, anthropic: bool) -> bytes:
    kind = fail.kind or _ANTHROPIC_KINDS.get(fail.status, "api_error")
    if anthropic:
        return json.dumps({"type": "error", "error": {"type": kind, "message": fail.words}}).encode()
    return json.dumps({"error": {"message": fail.words, "type": fail.kind or "error", "code": None}}).encode()


_ANTHROPIC_KINDS: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def bench_script(turns: int, tool: str, arguments: str) -> Callable[[Seen], Step]:
    """Return a script that calls one tool `turns` times and then says that it is done.

    `arguments` are JSON, with `{turn}` for a number from 1000 on: the very same call again and again is a loop, and is ended.
    """

    def step(seen: Seen) -> Step:
        if seen.number >= turns:
            return Say(text="Done.")
        asked = arguments.replace("{turn}", str(1000 + seen.number))
        called = json.loads(asked)  # an object: where a provider sends one, a string of JSON would be a broken answer
        return Say(text="Next.", calls=(Ask(name=tool, arguments=called, id="call_0"),))

    return step


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--turns", type=int, default=3, help="how often the tool is called before the model is done")
    parser.add_argument("--tool", default="read_file")
    parser.add_argument(
        "--arguments", default='{"path": "README.md", "limit": {turn}}', help="the call's arguments, as JSON"
    )
    options = parser.parse_args()
    script = bench_script(options.turns, options.tool, options.arguments)
    server = ModelServer(script, port=options.port, keep_bodies=False)
    sys.stdout.write(f"serving {server.base_url}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
