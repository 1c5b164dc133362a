"""Processes that upload a folder and die after so many answers, as runners do that are taken away.

    python -m tests.fakes.upload_hand ENDPOINT TOKEN FOLDER REPOSITORY

Once everything is imported, one process after the other is forked: the first dies after one answer, the next after two, each with
files and a repository of its own, until one lives. At the end it prints how many died.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from intern_action.hub.huggingface_writer import HuggingFaceWriter
from tests.fakes.deaths import die_after

MOST = 60


def main(endpoint: str, token: str, folder: str, repository: str) -> int:
    """Let them die."""
    for answers in range(1, MOST):
        child = os.fork()
        if not child:
            die_after(answers)
            writer = HuggingFaceWriter(endpoint=endpoint, token=token)
            place = str(output_of(Path(folder), answers))
            writer.upload("model", f"{repository}-{answers}", place, message=message_of(answers), parent=None)
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            sys.stdout.write(str(answers - 1))
            return os.waitstatus_to_exitcode(status)
    return 1


def message_of(number: int) -> str:
    """Return the message of an upload; its last line is what it is known by."""
    return f"Upload\n\nIntern-Action-Call: {number}"


def output_of(folder: Path, number: int) -> Path:
    """Return the folder of one upload, with two large files that no other one has."""
    place = folder / str(number)
    place.mkdir(parents=True, exist_ok=True)
    (place / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Spam\n")
    for name in ("model-1.safetensors", "model-2.safetensors"):
        (place / name).write_bytes(f"{name} {number:03d}".encode() * 100_000)
    return place


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
