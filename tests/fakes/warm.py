"""Scripts run in processes of their own by a program that has imported for them what takes long: each is forked from it.

What such a script imports itself is there already; everything else is as it would be: its words, its folder, its environment,
its exit code. What a library makes of the environment when it is imported, it has made of the program's own.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).parents[2]


class Asked(TypedDict):
    """One run that is wished for."""

    command: list[str]
    cwd: str
    env: dict[str, str]
    out: str


class Warm:
    """The program, from its making until `close`.

    Args:
        modules: what it imports.
        environment: what they are imported in.
    """

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str]) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.warm", *modules],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], out: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run a script with its words to its end; what it says is kept in `out`, and beside it, with `.err`, its errors."""
        asked, told = self._program.stdin, self._program.stdout
        assert asked is not None
        assert told is not None
        words = Asked(command=list(command), cwd=str(cwd), env=dict(env), out=str(out))
        asked.write(json.dumps(words) + "\n")
        asked.flush()
        code = int(told.readline())
        said, errors = out.read_text(encoding="utf-8"), _errors(out).read_text(encoding="utf-8")
        return subprocess.CompletedProcess(list(command), code, said, errors)

    def close(self) -> None:
        """End it."""
        with self._program:
            self._program.kill()


def _errors(out: Path) -> Path:
    return out.with_suffix(".err")


def main(*modules: str) -> None:
    """Import, then fork for each script; the fork leaves by the end of its script."""
    for name in modules:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _be(json.loads(line))
            return
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _be(asked: Asked) -> None:
    """Be a script, as the interpreter makes it one."""
    out, sys.argv = Path(asked["out"]), asked["command"]
    os.environ.clear()  # noqa: TID251 -- a process of its own, as `__main__` is
    os.environ.update(asked["env"])  # noqa: TID251
    os.chdir(asked["cwd"])
    for stream, place in ((0, Path(os.devnull)), (1, out), (2, _errors(out))):
        opened = os.open(place, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(opened, stream)
        os.close(opened)
    sys.path[0] = str(Path(sys.argv[0]).parent.absolute())
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
