"""Processes that upload a folder and die after so many answers, as runners do that are taken away.

    python -m tests.fakes.upload_hand ENDPOINT TOKEN FOLDER REPOSITORY

Once everything is imported, one process after the other is forked: the first dies after one answer, the next after two, each with
files and a repository of its own, until one lives. At the end it prints how many died.
"""

from __future__ import annotations

import sys
from pathlib import Path

from intern_action.hub.huggingface_writer import HuggingFaceWriter
from tests.fakes.deaths import deaths_until_one_lives


def main(endpoint: str, token: str, folder: str, repository: str) -> None:
    """Let them die."""

    def upload(number: int) -> None:
        place = str(output_of(Path(folder), number))
        writer = HuggingFaceWriter(endpoint=endpoint, token=token)
        writer.upload("model", f"{repository}-{number}", place, message=message_of(number), parent=None)

    sys.stdout.write(str(deaths_until_one_lives(upload)))


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
    main(*sys.argv[1:])
