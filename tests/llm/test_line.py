"""The connection: kept open, noticed when stale, through a proxy when one is set."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from intern_action.core.errors import Misconfigured, ModelCut, ModelRefused, ModelUnreachable
from intern_action.core.ports import Clock
from intern_action.llm.line import Patience, proxy_for
from intern_action.llm.openai_shaped import Endpoint, OpenAIShaped
from intern_action.llm.sse import events
from tests.fakes.model_server import Ask, Fail, ModelServer, Raw, Say
from tests.fakes.models import HandClock, WallClock, answers, conversation, unpriced

_OPEN: list[OpenAIShaped] = []


@pytest.fixture(autouse=True)
def _nothing_stays_open() -> Generator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


def _model(base_url: str, *, stream: bool = True, proxy: str = "", clock: Clock | None = None) -> OpenAIShaped:
    endpoint = Endpoint(name="local/m", model="m", base_url=base_url, key="k", proxy=proxy)
    patience = Patience(connect_seconds=2, silence_seconds=10, answer_seconds=1 if clock else 60)
    model = OpenAIShaped(endpoint, clock=clock or WallClock(), price=unpriced, stream=stream, patience=patience)
    _OPEN.append(model)
    return model


# --- kept open ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
def test_one_connection_serves_many_questions(stream: bool):
    with _counting([Say(text="ok")]) as (server, connections):
        model = _model(server.base_url, stream=stream)
        for _ in range(5):
            model.answer(conversation())

    assert len(connections) == 1


def test_a_connection_that_the_server_let_go_of_is_opened_again_without_a_fault():
    with _hanging_up() as base_url:
        model = _model(base_url, stream=False)

        assert [model.answer(conversation()).text for _ in range(3)] == ["ok", "ok", "ok"]


def test_a_request_arrives_at_once_with_its_head():
    with _reading_once(times=20) as (base_url, arrived):
        model = _model(base_url, stream=False)
        for _ in range(20):
            model.answer(conversation())

    gathered = [head for head, body in arrived if body.endswith(b"]}")]
    assert len(gathered) == 20 or not hasattr(socket, "TCP_CORK")


def test_after_a_fault_the_connection_is_a_new_one():
    with _counting([Fail(status=500), Say(text="ok")]) as (server, connections):
        model = _model(server.base_url)
        with pytest.raises(ModelUnreachable):
            model.answer(conversation())
        model.answer(conversation())

    assert len(connections) == 2


def test_threads_ask_side_by_side_and_get_their_own_answers():
    with ModelServer(lambda seen: Say(text=str(seen.json["messages"]))) as server:
        model = _model(server.base_url)
        got: dict[int, str] = {}

        def ask(number: int) -> None:
            turns = answers(model.answer(conversation()))
            got[number] = model.answer(conversation(*turns, system=f"I am {number}.")).text

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert all(f"I am {number}." in text for number, text in got.items())
    assert len(got) == 12


# --- limits -------------------------------------------------------------------------------------------------------------


def test_a_stream_of_keep_alive_comments_does_not_go_on_for_ever():
    with ModelServer([Raw(body=b": still thinking\n\n" * 50_000)]) as server:
        model = _model(server.base_url, clock=_Hasty())
        with pytest.raises(ModelCut, match="not done after 1 s"):
            model.answer(conversation())


class _Hasty(HandClock):
    """Half a second passes whenever somebody looks."""

    def monotonic(self) -> float:
        self.waits.append(0.5)
        return super().monotonic()


def test_a_name_that_does_not_resolve_is_unreachable_and_says_so():
    model = _model("http://no-such-host.invalid/v1")

    with pytest.raises(ModelUnreachable, match=r"no-such-host\.invalid.*Check that the server runs"):
        model.answer(conversation())


@pytest.mark.parametrize("wrong", ["localhost:8000/v1", "ftp://h/v1", "http://", "/v1", ""])
def test_what_is_no_address_is_said_at_once(wrong: str):
    with pytest.raises(Misconfigured, match="is no base URL"):
        _model(wrong)


# --- proxies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "variables", "proxy"),
    [
        ("https://api.x.com/v1", {"HTTPS_PROXY": "http://p:3128"}, "http://p:3128"),
        ("https://api.x.com/v1", {"https_proxy": "p:3128"}, "http://p:3128"),
        ("https://api.x.com/v1", {"ALL_PROXY": "http://p:3128"}, "http://p:3128"),
        ("https://api.x.com/v1", {"HTTP_PROXY": "http://p:3128"}, ""),
        ("http://10.0.0.1/v1", {"HTTP_PROXY": "http://p:3128"}, "http://p:3128"),
        ("http://127.0.0.1:8000/v1", {"HTTP_PROXY": "http://p:3128"}, ""),
        ("http://localhost:8000/v1", {"ALL_PROXY": "http://p:3128"}, ""),
        ("https://api.x.com/v1", {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "y.com, x.com"}, ""),
        ("https://api.x.com/v1", {"HTTPS_PROXY": "http://p:3128", "no_proxy": ".x.com"}, ""),
        ("https://apix.com/v1", {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "x.com"}, "http://p:3128"),
        ("https://api.x.com/v1", {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "*"}, ""),
        ("https://api.x.com/v1", {}, ""),
    ],
)
def test_proxies_are_taken_from_the_usual_variables(url: str, variables: dict[str, str], proxy: str):
    assert proxy_for(url, variables) == proxy


def test_a_plain_request_goes_through_the_proxy_with_its_credentials():
    with ModelServer([Say(text="ok")]) as proxy:
        there = proxy.root.replace("http://", "http://me:p%40ss@")
        assert _model("http://models.example/v1", proxy=there).answer(conversation()).text == "ok"

    (seen,) = proxy.seen
    assert seen.path == "http://models.example/v1/chat/completions"
    assert seen.headers["host"] == "models.example"
    assert base64.b64decode(seen.headers["proxy-authorization"].removeprefix("Basic ")) == b"me:p@ss"


def test_an_encrypted_request_asks_the_proxy_for_a_tunnel_and_shows_it_no_key():
    with _tunnels() as (port, asked):
        model = _model("https://models.example/v1", proxy=f"http://127.0.0.1:{port}")
        with pytest.raises(ModelUnreachable):
            model.answer(conversation())

    (line,) = asked
    assert line.startswith("CONNECT models.example:443 HTTP/1.")


def test_a_redirect_is_not_followed_with_the_key():
    with ModelServer([Say(text="stolen")]) as other, ModelServer(_redirect(other)) as server:
        model = _model(server.base_url)
        with pytest.raises(ModelRefused, match="307"):
            model.answer(conversation())

        assert other.seen == []


def _redirect(other: ModelServer) -> list[Fail]:
    return [Fail(status=307, headers={"Location": f"{other.base_url}/chat/completions"})]


# --- events -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_events_are_the_same_however_the_bytes_are_cut(size: int, end: str):
    text = end.join([": hello", "data: {é\u2028}", "", "event: x", "data:1", "data: 2", "id: 3", "", "", "data: last"])
    data = text.encode()
    pieces = [data[start : start + size] for start in range(0, len(data), size)]

    assert list(events(pieces)) == ["{é\u2028}".encode(), b"1\n2", b"last"]


def test_calls_survive_a_line_separator_in_a_stream():
    with ModelServer([Say(calls=(Ask(name="t", arguments='{"a": "x\u2028y"}'),))]) as server:
        (call,) = _model(server.base_url).answer(conversation()).calls

    assert call.arguments == {"a": "x\u2028y"}


# --- servers ------------------------------------------------------------------------------------------------------------


@contextmanager
def _counting(script: list[Say | Fail]) -> Generator[tuple[ModelServer, set[int]]]:
    """A server that notes the client's port of each connection."""
    ports: set[int] = set()
    with ModelServer(script, loop=True, on_connect=ports.add) as server:
        yield server, ports


@contextmanager
def _hanging_up() -> Generator[str]:
    """A server that answers one request a connection, without saying that it will hang up."""
    body = b'{"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}'

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _reading_once(times: int) -> Generator[tuple[str, list[tuple[bytes, bytes]]]]:
    """A server that notes head and body as the first look at each request finds them, and answers when all is there."""
    words = b'{"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}'
    arrived: list[tuple[bytes, bytes]] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            for _ in range(times):
                request = connection.recv(65536)
                head, _, body = request.partition(b"\r\n\r\n")
                arrived.append((head, body))
                while not request.endswith(b"]}"):
                    request += connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                    % (len(words), words)
                )

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", arrived
    finally:
        thread.join()
        listener.close()


@contextmanager
def _tunnels() -> Generator[tuple[int, list[str]]]:
    """A proxy that notes what it is asked for and refuses."""
    asked: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            request = connection.recv(65536).decode()
            asked.append(request.splitlines()[0])
            assert "Bearer" not in request
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], asked
    finally:
        thread.join()
        listener.close()
