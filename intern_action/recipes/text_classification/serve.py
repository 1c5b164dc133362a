"""Serves the trained model on this machine, in the words of an inference endpoint, with the standard library's server.

    python training/serve.py --model output/model --port 8080
    curl http://127.0.0.1:8080 -d '{"inputs": "You have won"}'        [[{"label": "spam", "score": 0.98}, …]]

It is for trying the model out: one request at a time, no token asked for, and it listens to this machine alone unless
`--host` says otherwise.
"""

from __future__ import annotations

import argparse
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

from transformers import Pipeline, pipeline

MOST_BYTES = 1_000_000


def main() -> None:
    """Load the model, then answer until somebody ends it."""
    flags = argparse.ArgumentParser(description="Serve a text classifier.")
    flags.add_argument("--model", default="output/model", help="its folder, or its name on the Hub")
    flags.add_argument("--host", default="127.0.0.1")
    flags.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    given = flags.parse_args()
    classify = pipeline("text-classification", model=given.model, top_k=None)
    server = HTTPServer((given.host, given.port), handler_of(classify))
    print(f"serving {given.model} at http://{given.host}:{server.server_port}", flush=True)
    server.serve_forever()


def handler_of(classify: Pipeline) -> type[BaseHTTPRequestHandler]:
    """Return what answers requests with this classifier."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Say that it is there (`/health`)."""
            self._answer(200, {"status": "ok"})

        def do_POST(self) -> None:
            """Classify a text, or a list of them."""
            texts = self._texts()
            if texts is None:
                self._answer(400, {"error": 'send JSON such as {"inputs": "a text"}'})
                return
            self._answer(200, classify(texts, truncation=True))

        def _texts(self) -> list[str] | None:
            size = int(self.headers.get("Content-Length") or 0)
            if not 0 < size <= MOST_BYTES:
                return None
            try:
                inputs = json.loads(self.rfile.read(size))["inputs"]
            except (ValueError, KeyError, TypeError):
                return None
            texts = [inputs] if isinstance(inputs, str) else inputs
            fits = isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts)
            return texts if fits else None

        def _answer(self, status: int, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


if __name__ == "__main__":
    main()
