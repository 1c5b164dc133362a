"""Rules on the source that no linter knows, or that a linter can be talked out of."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.source import ROOT, package, tracked

READS_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
FUNCTION_LINES = 40


def test_main_alone_reads_the_environment() -> None:
    """A training script is a program of its own, run in a job: nobody could hand it anything down."""
    guilty = {str(path) for path, tree in package().items() for _ in environment_reads(tree)}
    assert {path for path in guilty if not path.endswith("/train.py")} <= {"intern_action/__main__.py"}


def environment_reads(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os" | "posix"), attr=name) if name in READS_ENVIRONMENT:
                yield node
            case ast.ImportFrom(module="os" | "posix", names=names) if READS_ENVIRONMENT & {one.name for one in names}:
                yield node
            case _:
                pass


@pytest.mark.parametrize(
    "line",
    [
        "import os; os.environ['X']",
        "import os; os.getenv('X')",
        "from os import environ",
        "import posix; posix.environ",
    ],
)
def test_a_look_at_the_environment_is_seen(line: str) -> None:
    assert list(environment_reads(ast.parse(line)))


def test_the_inner_floors_import_nothing_that_is_installed() -> None:
    own = sys.stdlib_module_names | {"intern_action"}
    inner = {path: tree for path, tree in package().items() if path.parts[1] in {"core", "agent", "session"}}
    found = {str(path): outside for path, tree in inner.items() if (outside := imported(tree) - own)}
    assert inner
    assert found == {}


def imported(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found |= {one.name.partition(".")[0] for one in names}
            case ast.ImportFrom(module=str(module), level=0):
                found.add(module.partition(".")[0])
            case _:
                pass
    return found


def test_no_function_is_longer_than_a_page() -> None:
    """Forty lines under the docstring. The training scripts, which are read from top to bottom, too."""
    long = [
        f"{path}:{node.lineno} {node.name} has {length} lines"
        for path, tree in package().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (length := body_lines(node)) > FUNCTION_LINES
    ]
    assert long == []


def body_lines(function: ast.FunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_nothing_is_mocked() -> None:
    guilty = [str(path) for path in tracked("tests/*.py") if "mock" in " ".join(imported_names(path))]
    assert guilty == []


def imported_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)


def test_every_lint_exception_of_the_project_gives_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.flake8-tidy-imports]")]
    codes = [line for line in section.splitlines() if re.match(r'\s+"[A-Z]+\d*",', line)]
    assert codes
    assert [line for line in codes if not re.search(r'",\s+# \w.{7,}', line)] == []


def test_every_lint_exception_in_a_line_of_the_package_names_its_rule_and_its_reason() -> None:
    silent = [
        f"{path}:{number}: {line.strip()}"
        for path in (*tracked("intern_action/*.py"), *tracked("bench/*.py"))
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"#\s*(noqa|pyright|type):", line) and not re.search(ARGUED, line)
    ]
    assert silent == []


ARGUED = r"# (noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*|pyright: ignore\[\w+(, ?\w+)*\]).{2,4}\w.{4,}"
