"""`python -m hub_server --root DIR`: a Hub of one's own, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from .job_runs import Jobs
from .server import HubServer, read_seed


def main(arguments: Sequence[str] | None = None) -> int:
    """Listen until a signal comes."""
    parser = argparse.ArgumentParser(prog="hub_server", description="A Hugging Face Hub on this machine.")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--root", type=Path, required=True, help="the folder that holds everything")
    parser.add_argument("--seed", type=Path, help="a JSON file of users and tokens")
    parser.add_argument("--python", type=Path, help="the Python that jobs find ready; default: the one that runs this")
    asked = parser.parse_args(arguments)
    over = threading.Event()

    def leave(number: int, frame: object) -> None:
        over.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    seed = read_seed(asked.seed) if asked.seed else None
    with HubServer(asked.root, port=asked.port, seed=seed) as hub:
        if asked.python:
            hub.world.part(Jobs).settings.python = asked.python.absolute()
        settings = {"HF_ENDPOINT": hub.url, "HF_TOKEN": hub.token, "HF_HUB_DISABLE_XET": "1"}
        print("".join(f"export {name}={value}\n" for name, value in settings.items()), end="", flush=True)
        over.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
