"""The images, built from our Dockerfile; a second build of the same files takes a second or two."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

from tests.image.engine import PLACE, Docker, docker_engine

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLS = "ARG BASE\nFROM ${BASE}\nCOPY pip.conf /etc/pip.conf\nCOPY files /wheels\n"
BUILT_WITHIN_SECONDS = 1500


def built(docker: Docker, target: Literal["intern", "train"]) -> str:
    """Build one of the two and return its name."""
    name = f"localhost/{target}-action:tested"
    docker(
        "build",
        "--network",
        "host",
        "--target",
        target,
        "--tag",
        name,
        *_bases(docker),
        str(ROOT),
        timeout_seconds=BUILT_WITHIN_SECONDS,
    )
    return name


def base(docker: Docker) -> str:
    """Return the Debian of ours, imported."""
    name = f"localhost/debian:{_made_of('base.tar')}"
    if not docker.has(name):
        docker("import", str(PLACE / "base.tar"), name)
    return name


def _bases(docker: Docker) -> list[str]:
    """Where nothing is reached but packages of Debian, base and wheels are ours; elsewhere they are the Dockerfile's own."""
    if not docker.is_ours:
        index = os.environ.get("PIP_EXTRA_INDEX_URL", "")  # noqa: TID251 -- where a person says that torch lies
        return ["--build-arg", f"PIP_EXTRA_INDEX_URL={index}"]
    ours = base(docker)
    installs = f"localhost/installs:{_made_of('base.tar')}{_made_of('wheels')}"
    if not docker.has(installs):
        recipe = PLACE / "installs.dockerfile"
        recipe.write_text(INSTALLS)
        folder = str(PLACE / "wheels")
        docker(
            "build",
            "--network",
            "host",
            "--build-arg",
            f"BASE={ours}",
            "--tag",
            installs,
            "--file",
            str(recipe),
            folder,
            timeout_seconds=300,
        )
    return ["--build-arg", f"BASE={ours}", "--build-arg", f"BUILD_BASE={installs}"]


def _made_of(name: str) -> str:
    return (PLACE / f"{name}.made-of").read_text()[:16]


def main() -> int:
    """Build both, so that no test has to wait for it."""
    with docker_engine() as docker:
        for target in ("intern", "train"):
            print(f"building the image {target}", flush=True)  # noqa: T201 -- it takes minutes the first time
            built(docker, target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
