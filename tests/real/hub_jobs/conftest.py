"""A Hub that runs jobs, and the official client of it."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.fakes.hub_client import HubClient
from tests.hub_server import HubServer
from tests.hub_server.job_runs import Jobs


@pytest.fixture
def hub(tmp_path: Path) -> Generator[HubServer]:
    with HubServer(tmp_path / "hub") as server:
        yield server


@pytest.fixture
def jobs(hub: HubServer) -> Jobs:
    return hub.world.part(Jobs)


@pytest.fixture
def client(hub: HubServer, tmp_path: Path) -> HubClient:
    return HubClient(endpoint=hub.url, token=hub.token, home=tmp_path / "home")
