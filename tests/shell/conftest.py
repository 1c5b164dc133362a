"""A shell that runs as ourselves; what another user adds is tried in tests/real/test_tool_user.py."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from intern_action.shell.tool_shell import ToolShell


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Generator[ToolShell]:
    """One supervisor for all tests of a module."""
    home: Path = tmp_path_factory.mktemp("home")
    with ToolShell(uid=None, home=str(home), python=sys.executable) as started:
        yield started
