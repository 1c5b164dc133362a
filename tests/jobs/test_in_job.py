"""The program in a job: one text made of readable parts, which needs nothing that is installed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

from intern_action.jobs._body import MOST_WORD
from intern_action.jobs.in_job import SOURCES, program

LEAST_MINOR = 9


def test_the_program_fits_into_one_word_of_a_command_line() -> None:
    assert len(program().encode()) < MOST_WORD // 2


def test_it_imports_nothing_but_pythons_own_library() -> None:
    names = {
        (alias.name if isinstance(node, ast.Import) else str(node.module)).partition(".")[0]
        for node in ast.walk(ast.parse(program()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert names <= sys.stdlib_module_names


def test_it_is_written_for_the_pythons_that_images_have() -> None:
    ast.parse(program(), feature_version=(3, LEAST_MINOR))


def test_no_part_defines_a_name_of_another() -> None:
    names = Counter(name for source in SOURCES for name in _defined(source))
    assert [name for name, times in names.items() if times > 1] == []


def _defined(source: Path) -> set[str]:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    named = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return named | {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}


def test_without_an_order_it_does_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", program()], cwd=tmp_path, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []
