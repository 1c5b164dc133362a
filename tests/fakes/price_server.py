"""A Hub that listens and knows one thing: what its hardware costs. Its list, its status and its token can be changed."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

OK = 200
TOKEN = "hf_price_reading_token"


def hardware(name: str, micro_usd: object, *, vram: str = "", quantity: str = "1", unit: str = "minute") -> object:
    """Return one row of `/api/jobs/hardware`, as the Hub gives it."""
    model = name.partition("-")[0].partition("x")[0].upper()
    device = {"type": "gpu", "model": model, "quantity": quantity, "vram": vram, "manufacturer": "Nvidia"}
    return {
        "name": name,
        "prettyName": f"Nvidia {model}" if vram else "CPU",
        "cpu": "4 vCPU",
        "ram": "15 GB",
        "accelerator": device if vram else None,
        "unitCostMicroUSD": micro_usd,
        "unitCostUSD": 0.0,
        "unitLabel": unit,
    }


class PriceServer:
    """What it answers: `rows` with `status`, or `body` as it stands when there is one. `asked` counts."""

    def __init__(self) -> None:
        self.rows: list[object] = [hardware("cpu-basic", 167), hardware("t4-small", 6667, vram="16 GB")]
        self.status = OK
        self.body: bytes | None = None
        self.asked = 0
        self.endpoint = ""


@contextmanager
def price_server() -> Generator[PriceServer]:
    """Listen on a free port of this machine for the length of the block."""
    prices = PriceServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            prices.asked += 1
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status = 404 if self.path != "/api/jobs/hardware" else prices.status if token in {"", TOKEN} else 401
            told = prices.rows if status == OK else {"error": "no"}
            body = json.dumps(told).encode() if prices.body is None else prices.body
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's own name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    prices.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield prices
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
