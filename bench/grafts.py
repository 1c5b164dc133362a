"""Changed functions in place of living ones, in forks of a pytest that has collected its tests, and who noticed.

What a module makes while it is imported stays as it was, so this can show that a change is noticed and never that it is not.
"""

from __future__ import annotations

import ast
import gc
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FunctionType
from typing import TypeAlias

import pytest
from _pytest.runner import runtestprotocol

from bench.forks import told_by_a_fork

Place: TypeAlias = tuple[str, int]
"""A module, and the line on which a statement begins."""

NOTICED = 1
_HIT = "__hit__"
_BLOCKS = ("body", "orelse", "finalbody")


class TestsFail(Exception):
    """A test fails without any change."""


class Stand:
    """Tests that stand ready, and the functions that they test.

    Args:
        items: the tests.
        files: the modules that are changed, with their files.

    Raises:
        Unfinished: one of them fails by itself, or one after the other in the order from the last to the first.
    """

    def __init__(self, items: Sequence[pytest.Item], files: Mapping[str, Path]) -> None:
        self._items = items
        self._trees = {module: ast.parse(path.read_text()) for module, path in files.items()}
        self._files = files
        alive = (one for one in gc.get_objects() if isinstance(one, FunctionType))
        self._functions = [one for one in alive if one.__module__ in files]
        self._passes = self._scouted()
        gc.freeze()  # or every fork copies the pages that its collector touches

    def begin(self, module: str, tree: ast.Module, line: int) -> int:
        """Start a worker in which a module's functions are those of a tree; return its pid.

        It exits with `NOTICED` when a test failed that goes through the statement on this line, else with 0.
        """
        pid = os.fork()
        if pid:
            return pid
        code = 0
        try:
            chosen = self._passes.get((module, _statement(self._trees[module], line)), [])
            if self._graft(module, tree) and not all(_runs([self._items[at] for at in chosen])):
                code = NOTICED
        finally:
            os._exit(code)

    def _graft(self, module: str, tree: ast.Module) -> int:
        """Let the module's functions be those of a tree; return how many are other ones now."""
        new: dict[tuple[str, int], CodeType | None] = {}
        for code in _codes(compile(tree, str(self._files[module]), "exec", dont_inherit=True)):
            place = (code.co_qualname, code.co_firstlineno)
            new[place] = None if place in new else code  # two on one line: which is which cannot be said
        changed = 0
        for function in self._functions:
            old = function.__code__
            code = new.get((old.co_qualname, old.co_firstlineno)) if function.__module__ == module else None
            if code is not None and code != old and code.co_freevars == old.co_freevars:
                function.__code__ = code
                changed += 1
        return changed

    def _scouted(self) -> Mapping[Place, list[int]]:
        """Run every test in a fork in which statements tell that they are reached; return who reaches which, quick ones first."""
        with told_by_a_fork(lambda tells: json.dump(self._scout(), tells)) as heard:
            said = heard.read()
        passes: dict[Place, list[int]] = {}
        for _, at, places in sorted(json.loads(said)):
            for module, line in places:
                passes.setdefault((module, line), []).append(at)
        return passes

    def _scout(self) -> list[tuple[float, int, list[Place]]]:
        hits: set[Place] = set()
        for module, tree in self._trees.items():
            vars(sys.modules[module])[_HIT] = lambda line, module=module: hits.add((module, line))
            self._graft(module, _marked(tree))
        found: list[tuple[float, int, list[Place]]] = []
        backwards = list(enumerate(self._items))[::-1]
        began = time.perf_counter()
        for (at, _), passed in zip(backwards, _runs([item for _, item in backwards]), strict=True):
            if not passed:
                raise TestsFail
            found.append((time.perf_counter() - began, at, sorted(hits)))
            hits.clear()
            began = time.perf_counter()
        return found


def _runs(items: Sequence[pytest.Item]) -> Iterator[bool]:
    """Run tests; yield of each whether it passed."""
    for item, after in zip_longest(items, items[1:]):
        yield not any(report.failed for report in runtestprotocol(item, log=False, nextitem=after))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


def _statement(tree: ast.Module, line: int) -> int:
    """Return where the innermost statement begins that has a line."""
    around = (
        node for node in ast.walk(tree) if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
    )
    return max((node.lineno for node in around), default=0)


def _marked(tree: ast.Module) -> ast.Module:
    """Return a module each of whose statements in functions says first that it is reached."""
    new = deepcopy(tree)
    functions = [node for node in ast.walk(new) if isinstance(node, ast.FunctionDef)]
    blocks = {
        id(rows): rows
        for function in functions
        for node in ast.walk(function)
        for name in _BLOCKS
        if isinstance(rows := getattr(node, name, None), list)
    }
    for rows in blocks.values():
        rows[:] = [one for row in rows for one in (_mark(row), row)]
    return ast.fix_missing_locations(new)


def _mark(row: ast.stmt) -> ast.stmt:
    call = ast.Call(ast.Name(_HIT, ast.Load()), [ast.Constant(row.lineno)], [])
    return ast.copy_location(ast.Expr(call), row)
