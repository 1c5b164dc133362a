"""A desk over a folder, with a real shell that runs as ourselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.shell.tool_shell import ToolShell
from intern_action.tools import all_tools
from tests.fakes.desk import Past, TableJobs, make_desk

TOOLS = {tool.spec.name: tool for tool in all_tools()}

Use = Callable[..., ToolResult]


@pytest.fixture(scope="package")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Generator[ToolShell]:
    """One supervisor for all tests."""
    with ToolShell(uid=None, home=str(tmp_path_factory.mktemp("home")), python=sys.executable) as started:
        yield started


@pytest.fixture
def past() -> Past:
    """What the tools have answered before."""
    return Past()


@pytest.fixture
def jobs() -> TableJobs:
    """The session's jobs."""
    return TableJobs()


@pytest.fixture
def desk(tmp_path: Path, shell: ToolShell, past: Past, jobs: TableJobs) -> Desk:
    """A desk with an empty checkout."""
    return make_desk(tmp_path, shell, python=sys.executable, past=past, jobs=jobs)


@pytest.fixture
def checkout(desk: Desk) -> Path:
    """The checkout's folder."""
    return Path(desk.checkout.path)


@pytest.fixture
def use(desk: Desk) -> Use:
    """Use a tool by name, as the loop does."""

    def used(name: str, /, **arguments: object) -> ToolResult:
        return TOOLS[name].run(arguments, desk)

    return used
