"""Every module can be imported: a name that moved is noticed here, not by the person who runs the one command that needs it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import importlib, pkgutil, intern_action
for found in pkgutil.walk_packages(intern_action.__path__, "intern_action."):
    importlib.import_module(found.name)
print("all")
"""


def test_every_module_of_the_package_can_be_imported() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stdout == "all\n", done.stderr
