"""Our own commands in processes of their own, with all that they import there already (`tests/fakes/warm.py`).

A start is a third of what a short command costs. From nothing start those of `test_package`, `test_readme`, `test_demo`, some
of `test_uninstall` and those of the image (`test_act_story`); what a start imports is seen by `tests/house/test_lightness.py`.
"""

from __future__ import annotations

import atexit
import importlib
import os
import pkgutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Unpack

import intern_action
from intern_action.settings.places import configs
from intern_action.trace import html, report
from intern_action.trace.report import inline
from tests.fakes.warm import Forked, How, Warm

ACTION = ("-m", "intern_action", "action")
ALONE = frozenset({"__main__", "train", "serve"})
"""What runs as a program; the scripts of recipes are nobody's modules."""
LIBRARIES = ("filelock", "httpx", "jinja2", "requests", "rich.console", "yaml")
"""What `huggingface_hub` and we import late. It itself decides by the environment where its Hub is, so it is not among them."""


@cache
def _warm() -> Warm:
    made = Warm(["tests.fakes.starts:warm_up"], {"PATH": os.defpath, "HOME": "/nobody"})
    atexit.register(made.close)
    return made


def started(*command: str, cwd: Path, env: Mapping[str, str], **how: Unpack[How]) -> Forked:
    """Start Python with these words; `how` is what `subprocess.Popen` knows."""
    return _warm().start(command, cwd=cwd, env=env, **how)


def ran(
    *command: str, cwd: Path, env: Mapping[str, str], said: str | None = None, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python with these words to its end, with something to read.

    Raises:
        subprocess.TimeoutExpired: it took longer, in seconds, and was killed.
    """
    return _warm().run(command, cwd=cwd, env=env, said=said, timeout=timeout)


def warm_up() -> None:
    """Import all of ours, and compile the texts that reports are."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for info in pkgutil.walk_packages(intern_action.__path__, "intern_action."):
        if info.name.rpartition(".")[2] not in ALONE:
            importlib.import_module(info.name)
    texts = configs() / "texts"
    report.ready(texts)
    for name in ("pull-request.md", "step-summary.md"):
        report._page(texts, inline).get_template(name)  # pyright: ignore[reportPrivateUsage] -- what a first report makes
    html._template(texts).get_template("trace.html.j2")  # pyright: ignore[reportPrivateUsage]
