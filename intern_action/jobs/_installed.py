"""Whether the interpreter of local jobs has the pinned packages a job asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import cast

from intern_action.core.errors import JobError, Misconfigured
from intern_action.core.ports import Command, Shell

_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[A-Za-z0-9._,-]+\])?==([A-Za-z0-9][A-Za-z0-9._+!-]*)")
_ASK = """
import importlib.metadata as m, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = m.version(name)
    except m.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def missing(dependencies: Sequence[str], shell: Shell, python: str, *, cwd: str) -> tuple[str, ...]:
    """Return the pins that `python` does not have, as the tool user sees it.

    Raises:
        JobError: a dependency is not pinned as `name==version`, or the interpreter cannot be asked.
    """
    if not dependencies:
        return ()
    wanted = dict(_pin(dependency) for dependency in dependencies)
    ask = Command(argv=(python, "-I", "-c", _ASK, *wanted), cwd=cwd, timeout_seconds=60, readable=(cwd,))
    try:
        asked = shell.run(ask)
    except Misconfigured as error:
        raise JobError(str(error)) from error
    if asked.exit_code != 0:
        raise JobError(f"{python} cannot be asked for its packages: {asked.output.strip()[-300:]}")
    found = cast("dict[str, str]", json.loads(asked.output))
    return tuple(f"{name}=={version}" for name, version in wanted.items() if not _meets(found.get(name, ""), version))


def _meets(there: str, wanted: str) -> bool:
    """Whether an installed version is the pinned one; `2.13.0` is met by the build `2.13.0+cpu` (PEP 440, version matching)."""
    return wanted in {there, there.partition("+")[0]}


def _pin(dependency: str) -> tuple[str, str]:
    match = _PINNED.fullmatch(dependency.strip())
    if match is None:
        raise JobError(f"the dependency {dependency!r} is not pinned; write name==version")
    return match[1], match[2]
