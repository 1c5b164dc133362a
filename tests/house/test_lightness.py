"""What a command does not need, it does not load: help answers at once, and thinking needs nothing that trains."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.house.source import ROOT

HEAVY = [
    "asyncio",
    "datasets",
    "duckdb",
    "github",
    "httpx",
    "huggingface_hub",
    "jinja2",
    "litellm",
    "mcp",
    "nanoarrow",
    "openai",
    "pyarrow",
    "pydantic",
    "torch",
]
TRAINS = ["accelerate", "bitsandbytes", "datasets", "peft", "sklearn", "torch", "transformers"]


def loaded_after(program: str) -> set[str]:
    """Return the top-level names a fresh interpreter loads in a program, however that ends."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program],
        cwd=ROOT,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    rows = [line.split("|") for line in ended.stderr.splitlines() if line.startswith("import time:")]
    return {name.strip().partition(".")[0] for _, _, name in rows}


@pytest.mark.parametrize("command", ["main", "ml_intern"])
def test_help_loads_nothing_it_does_not_need(command: str) -> None:
    loaded = loaded_after(
        f"import sys\nsys.argv = ['it', '--help']\nfrom intern_action.__main__ import {command}\n{command}()\n"
    )
    assert "click" in loaded
    assert sorted(loaded & set(HEAVY)) == []


def test_knowing_every_part_loads_nothing_that_trains() -> None:
    loaded = loaded_after("import intern_action.wiring")
    assert sorted(loaded & set(TRAINS)) == []
    assert "litellm" not in loaded


def test_the_inner_floors_load_nothing_that_is_installed() -> None:
    loaded = loaded_after(
        "import importlib, pkgutil, intern_action\n"
        "for floor in ('core', 'agent'):\n"
        "    package = importlib.import_module(f'intern_action.{floor}')\n"
        "    for info in pkgutil.iter_modules(package.__path__):\n"
        "        importlib.import_module(f'{package.__name__}.{info.name}')\n"
    )
    assert sorted(loaded & {*HEAVY, *TRAINS, "click", "yaml"} - {"asyncio"}) == []


def test_the_first_question_to_github_needs_neither_models_of_answers_nor_cryptography() -> None:
    loaded = loaded_after(
        "import intern_action.__main__, intern_action.commands.action, intern_action.forge.early, intern_action.forge._requester"
    )
    assert "requests" in loaded
    assert sorted(loaded & {"cryptography", "jwt", "nacl", "pydantic", "pydantic_core", "yaml"}) == []


def test_who_imports_pygithub_after_us_gets_all_of_it() -> None:
    loaded = loaded_after("import intern_action.forge._requester, github\nassert github.Github and github.Auth.Token")
    assert "jwt" in loaded
