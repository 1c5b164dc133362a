"""A Hub that listens on this machine, and a folder that is one."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.fakes.hub_files import MODEL, put
from tests.fakes.hub_server import HubServer, hub_server


@pytest.fixture
def hub() -> Generator[HubServer]:
    with hub_server() as server:
        yield server


@pytest.fixture
def cache(tmp_path: Path) -> str:
    return str(tmp_path / "cache")


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A local hub with one model and one data set that somebody put there."""
    root = tmp_path / "hub"
    put(root / "models" / "ada" / "minilm", MODEL)
    put(root / "datasets" / "ada" / "mails", {"train.jsonl": '{"text": "hi", "label": "ham"}\n'})
    return root
