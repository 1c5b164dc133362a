"""Negates each clause of the gate, one by one, and runs the gate's tests: every mutant has to be killed by one of them.

    python bench/mutants.py            # a table of all mutants, exit code 1 when one survives
    python bench/mutants.py quote      # only those of files with this word in their path

A mutant is never written to disk. First its changed functions are put into a fork in which the tests stand ready, and those
that go through the changed line run, the quickest first (`grafts.py`): that kills most. Whatever is left, such as what changes
while a module is made, gets a worker of its own, with the changed module through an import hook and all tests: only who outlives
that has survived.
"""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.abc
import importlib.machinery
import os
import pkgutil
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "intern_action" / "gate"
TESTS = ROOT / "tests" / "gate"
WORKERS = 2
LONGEST_SECONDS = 90.0

OTHER_SIDE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
# The bare runner: no plug-ins, no rewritten assertions (nobody reads their messages here), no configuration.
PYTEST_OPTIONS = (
    *("-x", "-q", "-c", os.devnull, "--rootdir", str(ROOT), "--import-mode=importlib"),
    *("--disable-plugin-autoload", "--assert=plain", "-p", "no:cacheprovider"),
)
ASKS = frozenset({"unless"})
"""Functions whose first argument is the question itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One changed clause: where it stands, what it said, what was done to it, and the module with it."""

    path: Path
    line: int
    clause: str
    change: str
    source: ast.Module

    @property
    def module(self) -> str:
        """The module's dotted name."""
        return _dotted(self.path)


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# --- making them -----------------------------------------------------------------------------------------------------


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of one file. Each gets a tree of its own, so that one change never meets another."""
    text = path.read_text()
    for place, change in _places(ast.parse(text)):
        tree = ast.parse(text)
        node = list(ast.walk(tree))[place]
        clause = ast.unparse(node)
        _Apply(node, change).visit(tree)
        yield Mutant(
            path=path,
            line=getattr(node, "lineno", 0),
            clause=clause,
            change=change,
            source=ast.fix_missing_locations(tree),
        )


def _places(tree: ast.Module) -> list[tuple[int, str]]:
    """Return the clauses of a module as (index in the walk, what to do to it)."""
    nodes = list(ast.walk(tree))
    index = {id(node): at for at, node in enumerate(nodes)}
    found = {(index[id(clause)], "negate"): None for node in nodes for clause in _clauses(node)}
    for at, node in enumerate(nodes):
        found |= {(at, change): None for change in _changes(node)}
    return list(found)


def _clauses(node: ast.AST) -> Iterable[ast.expr]:
    """Return the expressions below a node whose truth decides something."""
    match node:
        case ast.If(test=clause) | ast.IfExp(test=clause) | ast.While(test=clause):
            return () if ast.unparse(clause) == "TYPE_CHECKING" else (clause,)
        case ast.comprehension(ifs=clauses) | ast.BoolOp(values=clauses):
            return clauses
        case ast.match_case(guard=ast.expr() as clause):
            return (clause,)
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return (node,)
        case ast.Call(func=ast.Name(id="any" | "all"), args=[ast.GeneratorExp(elt=clause)]):
            return (clause,)
        case ast.Call(func=ast.Name(id=name), args=[clause, *_]) if name in ASKS:
            return (clause,)
        case ast.FunctionDef(returns=ast.Name(id="bool")):
            return [found.value for found in ast.walk(node) if isinstance(found, ast.Return) and found.value]
        case _:
            return ()


def _changes(node: ast.AST) -> Iterator[str]:
    """Yield what else can be done to a node: the other side of a border, and for or, one condition left out."""
    match node:
        case ast.Compare(ops=ops):
            yield from (f"border {at}" for at, op in enumerate(ops) if type(op) in OTHER_SIDE)
        case ast.BoolOp():
            yield "and/or"
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.Tuple(elts=elements)) if name.endswith("CONDITIONS"):
            yield from (f"leave out {at}" for at in range(len(elements)))
        case _:
            return


class _Apply(ast.NodeTransformer):
    """Does one change to one node."""

    def __init__(self, node: ast.AST, change: str) -> None:
        self.node = node
        self.change, _, at = change.partition(" ")
        self.at = int(at) if at.isdecimal() else int(at.rpartition(" ")[2] or 0)

    def visit(self, node: ast.AST) -> ast.AST:
        if node is not self.node:
            return self.generic_visit(node)
        match node:
            case ast.Compare() if self.change == "border":
                node.ops[self.at] = OTHER_SIDE[type(node.ops[self.at])]()
            case ast.BoolOp() if self.change == "and/or":
                node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            case ast.AnnAssign(value=ast.Tuple(elts=elements)):
                del elements[self.at]
            case ast.expr():
                return ast.UnaryOp(op=ast.Not(), operand=node)
        return node


# --- killing them ----------------------------------------------------------------------------------------------------


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Hands out given trees instead of the modules on disk."""

    def __init__(self, changed: Iterable[Mutant]) -> None:
        self.changed = {mutant.module: mutant for mutant in changed}

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        mutant = self.changed.get(fullname)
        if mutant is None:
            return None
        is_package = mutant.path.name == "__init__.py"
        spec = importlib.machinery.ModuleSpec(fullname, self, origin=str(mutant.path), is_package=is_package)
        if is_package:
            spec.submodule_search_locations = [str(mutant.path.parent)]
        return spec

    def exec_module(self, module: ModuleType) -> None:
        mutant = self.changed[module.__name__]
        exec(compile(mutant.source, str(mutant.path), "exec"), module.__dict__)  # noqa: S102 - our own source, one clause changed


def _tests_for(mutant: Mutant) -> list[str]:
    """Return the test files, those that know the module first, the long ones last."""
    near = _importers(mutant.module)

    def place(test: Path) -> tuple[bool, int, str]:
        text = test.read_text()
        known = (at for at, module in enumerate(near) if f"{module} import" in text)
        return ("properties" in test.name, next(known, len(near)), str(test))

    return [str(test) for test in sorted(TESTS.rglob("test_*.py"), key=place)]


@cache
def _importers(module: str) -> tuple[str, ...]:
    """Return a module and those of the package that import it, the nearest first."""
    texts = {_dotted(path): path.read_text() for path in PACKAGE.rglob("*.py")}
    found = [module]
    for name in found:  # grows while it is walked
        found += [other for other, text in texts.items() if f"{name} import" in text and other not in found]
    return tuple(found)


def _prepare() -> None:
    """Import what does not change, once: a fork is then all a worker needs."""
    for name in ("jinja2", "pydantic", "yaml", "pytest", "hypothesis", "hypothesis.strategies"):
        importlib.import_module(name)
    for package in ("intern_action.core", "intern_action.settings"):
        for info in pkgutil.iter_modules(importlib.import_module(package).__path__):
            importlib.import_module(f"{package}.{info.name}")
    from hypothesis import Phase, settings

    # A failure need not be made small here, and every mutant meets the same examples.
    settings.register_profile(
        "mutants",
        phases=[Phase.explicit, Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=60,
    )
    settings.load_profile("mutants")
    gc.freeze()  # or every worker copies the pages that its collector touches


def _alone(mutant: Mutant) -> int:
    """Start a worker that imports a mutant instead of its module."""
    return _fork([mutant], _tests_for(mutant))


def _fork(changed: Sequence[Mutant], tests: Sequence[str]) -> int:
    """Start a worker that runs tests file by file with these modules; return its pid.

    It exits with pytest's first bad code: 0 is a mutant that nobody noticed.
    """
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 3
    try:
        code = _run(changed, tests)
    finally:
        os._exit(code)


def _run(changed: Sequence[Mutant], tests: Sequence[str]) -> int:
    import pytest

    sys.meta_path.insert(0, _Finder(changed))
    _hush()
    return next((code for test in tests if (code := int(pytest.main([*PYTEST_OPTIONS, test])))), 0)


def _hush() -> None:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)


@dataclass(slots=True)
class _Running:
    mutant: Mutant
    pid: int
    watch: int
    since: float


def grafted(mutants: Sequence[Mutant], left: list[Mutant]) -> Iterator[tuple[Mutant, float]]:
    """Run mutants as grafts; yield those that a test noticed with the seconds that took, and put the others into `left`."""
    from bench.forks import Unfinished, told_by_a_fork

    found: set[int] = set()
    try:
        with told_by_a_fork(lambda tells: _graft_all(mutants, tells)) as heard:
            for line in heard:
                at, seconds = line.split()
                found.add(int(at))
                yield mutants[int(at)], float(seconds)
    except Unfinished:
        raise RuntimeError("the gate's tests fail without any mutant, from the last to the first; mend them") from None
    left += [mutant for at, mutant in enumerate(mutants) if at not in found]


def _graft_all(mutants: Sequence[Mutant], tells: IO[str]) -> None:
    """Let pytest collect the gate's tests, and then these mutants instead of running them; tell which were noticed."""
    import pytest
    from hypothesis import settings

    from bench.forks import Unfinished
    from bench.grafts import NOTICED, Stand

    files = {_dotted(path): path for path in PACKAGE.rglob("*.py")}
    numbers = {id(mutant): at for at, mutant in enumerate(mutants)}

    class Instead:
        @pytest.hookimpl(tryfirst=True)
        def pytest_collection(self) -> None:
            settings.load_profile("mutants")  # the tests' own `conftest.py` has loaded theirs

        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            stand = Stand(session.items, {name: path for name, path in files.items() if name in sys.modules})
            ran = killed(mutants, lambda mutant: stand.begin(mutant.module, mutant.source, mutant.line))
            for mutant, code, seconds in ran:
                if code in {NOTICED, -signal.SIGKILL}:  # whatever else it is, it is no test that failed
                    tells.write(f"{numbers[id(mutant)]} {seconds}\n")
            return True

    _hush()
    if pytest.main([*PYTEST_OPTIONS, "-s", str(TESTS)], plugins=[Instead()]):
        raise Unfinished


def killed(mutants: Iterable[Mutant], begin: Callable[[Mutant], int]) -> Iterator[tuple[Mutant, int, float]]:
    """Run every mutant in a worker, two at a time; yield it with the worker's exit code, and the seconds that took.

    Args:
        mutants: what to run.
        begin: starts a worker for one and returns its pid; it exits with 0 when nobody noticed. One that does not end is killed.
    """
    waiting, running = list(mutants)[::-1], list[_Running]()
    while waiting or running:
        while waiting and len(running) < WORKERS:
            mutant = waiting.pop()
            pid = begin(mutant)
            running.append(_Running(mutant, pid, os.pidfd_open(pid), time.monotonic()))
        oldest = min(run.since for run in running)
        left = max(0.0, oldest + LONGEST_SECONDS - time.monotonic())
        ended, _, _ = select.select([run.watch for run in running], [], [], left)
        for run in [run for run in running if run.watch in ended or time.monotonic() - run.since > LONGEST_SECONDS]:
            running.remove(run)
            yield run.mutant, _end(run), time.monotonic() - run.since


def _end(run: _Running) -> int:
    """Take a worker's exit code; one that never ends has been noticed too."""
    if time.monotonic() - run.since > LONGEST_SECONDS:
        signal.pidfd_send_signal(run.watch, signal.SIGKILL)
    _, status = os.waitpid(run.pid, 0)
    os.close(run.watch)
    return os.waitstatus_to_exitcode(status)


def _healthy() -> bool:
    """Whether every test passes when all modules come through the hook unchanged: or a broken hook would look like a kill."""
    files = sorted(PACKAGE.rglob("*.py"))
    unchanged = [
        Mutant(path=path, line=0, clause="", change="none", source=ast.parse(path.read_text())) for path in files
    ]
    worker = _fork(unchanged, sorted(map(str, TESTS.rglob("test_*.py"))))
    return os.waitpid(worker, 0)[1] == 0


def _show(mutant: Mutant, *, noticed: bool, seconds: float) -> None:
    where = f"{mutant.path.relative_to(PACKAGE)}:{mutant.line}"
    clause = " ".join(mutant.clause.split())[:70]
    print(
        f"{'killed  ' if noticed else 'SURVIVED'}  {seconds:4.1f} s  {where:<28}  {mutant.change:<12}  {clause}",
        flush=True,
    )


def main(word: str = "") -> int:
    """Print the table; return how many survived, at most 100."""
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    _prepare()
    if not _healthy():
        print("the gate's tests fail without any mutant; mend them first")
        return 100
    files = sorted(path for path in PACKAGE.rglob("*.py") if word in str(path.relative_to(ROOT)))
    all_mutants = [mutant for path in files for mutant in mutants_of(path)]
    survivors, left, began = 0, list[Mutant](), time.monotonic()
    for mutant, seconds in grafted(all_mutants, left):
        _show(mutant, noticed=True, seconds=seconds)
    print(f"{len(left)} of {len(all_mutants)} are left for a worker of their own", flush=True)
    for mutant, code, seconds in killed(left, _alone):
        survivors += code == 0
        _show(mutant, noticed=code != 0, seconds=seconds)
    print(f"{len(all_mutants)} mutants, {survivors} survived, {time.monotonic() - began:.0f} s")
    return min(survivors, 100)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
