"""PyGithub's line, without the two hundred modules of objects and the cryptography that its package reads in as well.

The package is there without having been carried out for as long as the line is read in, and forgotten then with what was read:
who imports it afterwards gets all of it, anew and whole.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING

__all__ = ["Requester"]

PACKAGE = "github"

if TYPE_CHECKING or PACKAGE in sys.modules:
    from github.Requester import Requester
else:
    _found = PathFinder.find_spec(PACKAGE)
    sys.modules[PACKAGE] = ModuleType(PACKAGE)
    sys.modules[PACKAGE].__path__ = list((_found and _found.submodule_search_locations) or ())
    try:
        from github.Requester import Requester
    finally:
        for _name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[_name]
