"""One look of `intern-action reconcile` with the small recipe of the tests, in each of several worlds at the same time.

    python -m tests.fakes.tick REPOSITORY OUT...

Each world is looked at by a process of its own, forked once everything is imported; work lies beside the world. At the end it
prints, as a JSON list, what each of them said.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

from intern_action.commands.reconcile import tick
from intern_action.recipes import Recipes
from intern_action.settings.clock import SystemClock
from intern_action.settings.load import load
from intern_action.settings.world import make, world_at
from intern_action.wiring.ahead import FIRST
from intern_action.wiring.local import LocalDoor
from intern_action.wiring.premises import Premises
from tests.fakes.tiny import TinyCard

MORE = ("huggingface_hub.hf_api", "huggingface_hub", "httpx", "intern_action.jobs.hf", "intern_action.wiring.press")


def main(repository: str, *outs: str) -> None:
    """Look once, everywhere."""
    for name in (*FIRST, *MORE):
        importlib.import_module(name)
    hands = [_fork(repository, out) for out in outs]
    for hand in hands:
        os.waitpid(hand, 0)
    json.dump([_said(out).read_text() for out in outs], sys.stdout)


def _fork(repository: str, out: str) -> int:
    child = os.fork()
    if child:
        return child
    with _said(out).open("w") as said:
        for stream in (1, 2):
            os.dup2(said.fileno(), stream)
        code = 1
        try:
            code = _look(repository, out)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _look(repository: str, out: str) -> int:
    environment = {**os.environ, "INTERN_ACTION_WORK": f"{out}-work"}  # noqa: TID251 -- a process of its own, as `__main__` is
    world = world_at(out, environment)
    make(world)
    settings = load({"out": out, "model": "recipes"}, environment, Path(repository), Path(environment["HOME"])).settings
    return tick(LocalDoor(Premises(settings, world, environment, SystemClock(), recipes=Recipes((TinyCard(),)))))


def _said(out: str) -> Path:
    return Path(f"{out}-said.txt")


if __name__ == "__main__":
    main(*sys.argv[1:])
