"""A runner whose GitHub does not answer: for what a workflow does by itself."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.act.driver import Act
from tests.image.engine import docker_engine
from tests.image.images import built

NOWHERE = "http://127.0.0.1:9"


@contextmanager
def alone(
    folder: Path, *, secrets: Mapping[str, str] | None = None, variables: Mapping[str, str] | None = None
) -> Generator[Act]:
    """Start an engine, build the image, and hand out a runner for the repository `team/mails`."""
    with docker_engine() as docker:
        yield Act(
            docker=docker,
            image=built(docker, "intern"),
            folder=folder,
            repository="team/mails",
            api_url=f"{NOWHERE}/api",
            server_url=NOWHERE,
            secrets=secrets or {},
            variables=variables or {},
        )
