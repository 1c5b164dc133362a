"""The tree looks as it was agreed, and its files hold nothing of the machine they were written on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.source import ROOT, tracked

NEEDED = {
    ".ci",
    ".dockerignore",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "action.yml",
    "base.lock",
    "bench",
    "configs",
    "docs",
    "full.lock",
    "intern_action",
    "pyproject.toml",
    "tests",
    "train.lock",
}

# Written in pieces, so that this file does not hold what it looks for.
HOSTS = [
    "py" + "pi.org",
    "python" + "hosted",
    "npm" + "js.",
    "yarn" + "pkg.",
    "download." + "pytorch",
    "conda." + "anaconda",
    "proxy." + "golang",
    "/si" + "mple/",
]
MACHINE = [
    r"/ro" + r"ot/\.pyenv",
    "/wo" + r"rk/(main|shared)\b",
    "/opt/" + "(wheels|py" + "pi)",
    "/tm" + "p/brief",
]


def test_the_top_of_the_tree_is_exactly_what_was_agreed() -> None:
    assert {path.parts[0] for path in tracked()} == NEEDED


@pytest.mark.parametrize("pattern", [re.escape(host) for host in HOSTS] + MACHINE)
def test_no_file_names_a_package_registry_or_a_place_on_some_machine(pattern: str) -> None:
    found = [str(path) for path in tracked() if re.search(pattern, text_of(path))]
    assert found == []


def text_of(path: Path) -> str:
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""  # a picture or packed data


def test_the_gate_of_the_machines_is_the_gate_of_the_people() -> None:
    script = ROOT / ".ci" / "run"
    commands = [line for line in script.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert script.stat().st_mode & 0o111
    assert commands[-1].split() == ["exec", "make", "test"]
    assert all(re.fullmatch(r"set -\w+( pipefail)?|cd .*|exec make test", line) for line in commands)


def test_every_package_says_in_its_first_line_what_it_is() -> None:
    silent = [str(path) for path in tracked("intern_action/**/__init__.py") if not text_of(path).startswith('"""')]
    assert silent == []
