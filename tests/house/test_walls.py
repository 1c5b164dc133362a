"""The import contracts hold, and each of them notices the import that it is there to forbid."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT

SCRIPT = "import intern_action.recipes.text_classification.train"

BREACHES = {
    "a floor reaches up": ("core/effects.py", "import intern_action.session", "Imports point down"),
    "siblings meet": ("ledger/__init__.py", "import intern_action.git", "Imports point down"),
    "a tool knows the gate": ("tools/__init__.py", "import intern_action.gate", "Imports point down"),
    "a room has no floor": ("utilities.py", "", "Imports point down"),
    "the core opens files": ("core/effects.py", "import os", "touch nothing"),
    "the agent starts processes": ("agent/loop.py", "import subprocess", "touch nothing"),
    "the session tells the time itself": ("session/__init__.py", "import time", "touch nothing"),
    "the session fetches": ("session/__init__.py", "import httpx", "touch nothing"),
    "a second module knows litellm": ("llm/wire.py", "import litellm", "knows litellm"),
    "a tool knows GitHub": ("tools/__init__.py", "import github", "knows GitHub"),
    "the trace knows the Hub": ("trace/__init__.py", "import huggingface_hub", "know the Hub"),
    "a tool speaks MCP itself": ("tools/__init__.py", "import mcp", "knows MCP"),
    "a tool loads torch": ("tools/__init__.py", "def late():\n    import torch", "Nothing that trains"),
    "a card runs its script": ("recipes/__init__.py", SCRIPT, "training script"),
    "modules in a circle": ("core/types.py", "import intern_action.core.ports", "in a circle"),
}


def lint(folder: Path) -> tuple[int, str]:
    program = Path(sys.executable).parent / "lint-imports"
    ended = subprocess.run(
        [program, "--no-cache", "--config", folder / "pyproject.toml"],
        cwd=folder,
        env={"PATH": os.defpath, "PYTHONPATH": str(folder), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(
        ROOT / "intern_action", tmp_path / "intern_action", ignore=shutil.ignore_patterns("__pycache__", "*.gz")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_house_as_it_stands_keeps_every_contract(copy: Path) -> None:
    code, told = lint(copy)
    assert code == 0, told
    assert "9 kept, 0 broken" in told


@pytest.mark.parametrize(("module", "line", "contract"), BREACHES.values(), ids=BREACHES)
def test_a_breach_is_noticed(copy: Path, module: str, line: str, contract: str) -> None:
    path = copy / "intern_action" / module
    with path.open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    code, told = lint(copy)
    assert code == 1, told
    assert [one for one in told.splitlines() if contract in one and " BROKEN" in one], told
