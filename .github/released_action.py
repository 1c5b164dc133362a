"""Writes `action.yml` as a release has it, and `train/action.yml` beside it: the same action, on the image with what trains.

    python3 .github/released_action.py FOLDER IMAGE TRAINING_IMAGE

An image is `HOST/NAME@sha256:DIGEST`. Only the standard library is needed, and only two lines change.
"""

from __future__ import annotations

import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "action.yml"
LINE, NOTE = "  image: Dockerfile\n", "  # A release names the image here by its digest: .github/released_action.py.\n"
NAME = "name: intern-action\n"


def released(text: str, image: str) -> str:
    """Return the action with its image named. Raises SystemExit when it is not what this was written for."""
    if text.count(NOTE + LINE) != 1:
        raise SystemExit(f"{SOURCE.name} does not name its Dockerfile as expected")
    return text.replace(NOTE + LINE, f"  image: docker://{image}\n")


def write(folder: Path, image: str, training: str) -> None:
    """Write both."""
    text = SOURCE.read_text(encoding="utf-8")
    (folder / "train").mkdir(parents=True, exist_ok=True)
    (folder / "action.yml").write_text(released(text, image), encoding="utf-8")
    named = text.replace(NAME, "name: intern-action with training\n", 1)
    (folder / "train" / "action.yml").write_text(released(named, training), encoding="utf-8")


if __name__ == "__main__":
    match sys.argv[1:]:
        case [folder, image, training]:
            write(Path(folder), image, training)
        case _:
            raise SystemExit(__doc__)
