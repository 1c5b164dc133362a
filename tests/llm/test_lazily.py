"""Packages that are read in by what is asked of them: the same names, fewer modules."""

from __future__ import annotations

import compileall
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from intern_action.llm._lazily import lazily
from tests.fakes import packages

FILES = {
    "__init__.py": (
        '"""Gathers."""\n'
        "from __future__ import annotations\n"
        "from .one import One as One, two as Two\n"
        "from .deep import Deep\n"
    ),
    "one.py": "class One: ...\ntwo = 2\n",
    "deep/__init__.py": "from .well import Deep as Deep\n",
    "deep/well.py": "class Deep: ...\n",
    "busy/__init__.py": "from .bee import Bee\nBees = [Bee]\n",
    "busy/bee.py": "class Bee: ...\n",
    "all/__init__.py": "from .ants import *\n",
    "all/ants.py": "Ant = 1\n",
    "extra.py": "There = True\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Iterator[str]:
    with packages.package(tmp_path, "gathering", FILES):
        yield "gathering"


def loaded() -> set[str]:
    return packages.loaded("gathering")


def test_a_name_is_read_in_when_it_is_asked_for(package: str) -> None:
    with lazily(package):
        module = importlib.import_module(package)
    assert loaded() == {package}
    assert module.Two == 2
    assert module.One is importlib.import_module("gathering.one").One
    assert loaded() == {package, "gathering.one"}
    assert {"One", "Two", "Deep"} <= set(dir(module))


def test_a_package_without_its_sources_is_read_in_likewise(package: str) -> None:
    """As in our image, where only the bytecode of others is kept."""
    folder = Path(next(iter(sys.path))) / package
    assert compileall.compile_dir(str(folder), legacy=True, quiet=1, optimize=2)
    for source in folder.rglob("*.py"):
        source.unlink()
    importlib.invalidate_caches()
    with lazily(package):
        module = importlib.import_module(package)
    assert loaded() == {package}
    assert module.Two == 2
    assert module.Deep.__name__ == "Deep"


def test_packages_below_are_read_in_likewise_and_their_names_come_through(package: str) -> None:
    with lazily(package):
        found = importlib.import_module(package).Deep
    assert found is importlib.import_module("gathering.deep.well").Deep


@pytest.mark.parametrize(("name", "wanted"), [("busy", "Bees"), ("all", "Ant")])
def test_a_package_that_does_more_is_run_as_it_is(package: str, name: str, wanted: str) -> None:
    with lazily(package):
        module = importlib.import_module(f"{package}.{name}")
    assert wanted in vars(module)


def test_a_name_that_is_not_there_is_missed_as_anywhere(package: str) -> None:
    with lazily(package):
        module = importlib.import_module(package)
    with pytest.raises(AttributeError, match="has no attribute 'Three'"):
        _ = module.Three
    with pytest.raises(ImportError, match="cannot import name 'Three'"):
        exec("from gathering import Three")  # noqa: S102 -- the statement is what is tested


def test_what_is_done_without_is_there_again_afterwards(package: str) -> None:
    with lazily(without=["gathering.extra"]), pytest.raises(ModuleNotFoundError):
        importlib.import_module("gathering.extra")
    assert importlib.import_module("gathering.extra").There
    assert package in loaded()


PROBE = """
import importlib, json, os, sys
from intern_action.llm.litellm_library import litellm_environment, load
os.environ.update(litellm_environment())
load()
from intern_action.llm._lazily import _Gathers
def types(): return sum(name.startswith("openai.types.") for name in sys.modules)
some, differ = types(), []
for name, module in list(sys.modules.items()):
    if name.startswith("openai.types") and isinstance(module.__spec__.loader, _Gathers):
        for wanted, origin in module.__spec__.loader._names.items():
            meant = getattr(importlib.import_module(f"{name}.{origin.module}"), origin.name)
            if getattr(module, wanted) is not meant:
                differ.append(f"{name}.{wanted}")
print(json.dumps({"some": some, "all": types(), "differ": differ}))
"""


def test_of_the_locked_library_a_part_is_read_in_and_every_name_is_what_it_says() -> None:
    """A release that gathers its names in another way would make this useless and break nothing: it is noticed here."""
    ran = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(ran.stdout)
    assert told["differ"] == []
    assert told["some"] < told["all"] / 2
