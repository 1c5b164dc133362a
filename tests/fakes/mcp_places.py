"""Tool servers for tests: the one of `mcp_server` as a program or on a port, and addresses that want to lead elsewhere."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

SCRIPT = Path(__file__).with_name("mcp_server.py")


@contextmanager
def open_ground() -> Generator[Path]:
    """Yield a folder that every user can reach; the folders of pytest are closed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def laid_out(folder: Path) -> str:
    """Return a copy of the server's script in a folder that every user can reach."""
    copy = folder / SCRIPT.name
    copy.write_bytes(SCRIPT.read_bytes())
    copy.chmod(0o644)
    return str(copy)


@contextmanager
def served_on_a_port(*more: str) -> Generator[str]:
    """Serve over HTTP; yield the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, str(SCRIPT), "http", "--port", str(port), *more]) as server:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            server.kill()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server does not listen")


class Redirecting:
    """Sends whoever comes to another address; notes what it was sent. Without an address it answers with `body`, or hangs."""

    def __init__(self, to: str = "", *, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.seen: list[dict[str, str]] = []
        self._gone = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                owner.seen.append({name.lower(): value for name, value in self.headers.items()})
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if to:
                    self.send_response(307)
                    self.send_header("Location", to)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                elif body:
                    self.send_response(200)
                    for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                else:
                    owner._gone.wait(60)
                self.close_connection = True

            do_GET = do_POST  # noqa: N815 - the base class looks for it

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/mcp"

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and wake who hangs."""
        self._gone.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
