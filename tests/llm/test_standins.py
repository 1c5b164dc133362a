"""Modules that stand in for others: all names at once, the real thing where one of them is used, and nothing else read in."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pydantic
import pytest

from intern_action.llm._standins import standing_in
from tests.fakes.packages import package

FILES = {
    "__init__.py": "from . import front\n",
    "front.py": (
        "from .heavy.tools import Tool, work, Trouble, LIMITS\n"
        "from .heavy import deep\n"
        "from .heavy.deep import *\n"
        "from .light import Light\n"
        "tool = Tool()\n"
        "def is_tool(thing): return isinstance(thing, (Tool, int))\n"
        "def work_now(): return work(3)\n"
    ),
    "light.py": "from .heavy.tools import Tool\nclass Light: ...\n",
    "heavy/__init__.py": "",
    "heavy/tools.py": (
        "class Trouble(Exception): ...\n"
        "class Tool:\n"
        "    size = 3\n"
        "    def use(self): return 'used'\n"
        "def work(times): return 'work ' * times\n"
        "LIMITS = {'most': 5}\n"
    ),
    "heavy/deep.py": "from .tools import Trouble\ndef dig():\n    try: raise Trouble\n    except Trouble: return 'dug'\n",
    "heavy/kept.py": "There = True\n",
    "other/__init__.py": "Other = 1\n",
}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Path]:
    with package(tmp_path, "stage", FILES):
        yield tmp_path


@pytest.fixture
def front(stage: Path) -> ModuleType:
    with standing_in("stage.heavy", real=["stage.heavy.kept"]):
        return importlib.import_module("stage.front")


def is_read_in(name: str) -> bool:
    return getattr(sys.modules.get(name), "__file__", None) is not None


def test_what_is_only_named_is_not_read_in(front: ModuleType):
    assert not is_read_in("stage.heavy")
    assert not is_read_in("stage.heavy.tools")
    assert is_read_in("stage.light")
    assert not hasattr(front, "dig")


def test_what_is_called_is_read_in(front: ModuleType):
    assert front.work_now() == "work work work "
    assert is_read_in("stage.heavy.tools")
    assert sys.modules["stage.heavy"].tools is sys.modules["stage.heavy.tools"]


def test_what_is_looked_into_is_read_in(front: ModuleType):
    assert front.Tool.size == 3
    assert front.LIMITS["most"] == 5
    assert "most" in front.LIMITS
    assert list(front.LIMITS) == ["most"]


def test_nothing_is_an_instance_of_what_nobody_has_read_in(front: ModuleType):
    assert front.is_tool(3)
    assert not front.is_tool("a")
    assert not is_read_in("stage.heavy.tools")
    real = front.Tool()
    assert front.is_tool(real)
    assert not front.is_tool("a")
    assert issubclass(type(real), front.Tool)


def test_an_instance_that_is_made_while_a_library_is_read_in_is_made_when_it_is_used(front: ModuleType):
    assert not is_read_in("stage.heavy.tools")
    assert front.tool.use() == "used"
    front.tool.size = 4
    assert (front.tool.size, front.Tool.size) == (4, 3)


def test_a_class_is_derived_from_the_real_one(front: ModuleType):
    class Hammer(front.Tool): ...

    assert Hammer().use() == "used"
    assert Hammer.__mro__[1] is importlib.import_module("stage.heavy.tools").Tool


def test_it_is_a_type_for_hints_and_a_model_s_field(front: ModuleType):
    assert front.Tool | None == None | front.Tool
    Box = pydantic.create_model("Box", __config__={"arbitrary_types_allowed": True}, tool=(front.Tool, ...))  # noqa: N806
    with pytest.raises(pydantic.ValidationError, match="instance of Tool"):
        Box(tool=3)
    assert is_read_in("stage.heavy.tools")


def test_a_module_below_is_a_name_too(front: ModuleType):
    assert front.deep.dig() == "dug"


def test_who_comes_in_earnest_finds_real_neighbours(front: ModuleType):
    """A stand-in cannot be caught: `dig` catches an exception of a module that stood in until now."""
    with standing_in("stage.heavy"):
        importlib.import_module("stage.heavy.tools")
    assert front.deep.dig() == "dug"


def test_an_exception_of_a_stand_in_cannot_be_caught(front: ModuleType):
    def caught() -> None:
        try:
            raise ValueError
        except front.Trouble:
            pass

    with pytest.raises(TypeError, match="BaseException"):
        caught()


def test_a_name_that_the_real_module_does_not_have_is_missed_when_it_is_used(front: ModuleType):
    missing = sys.modules["stage.heavy.tools"].missing
    with pytest.raises(AttributeError, match=r"stage\.heavy\.tools' has no attribute 'missing'"):
        missing()
    assert repr(missing) == "<stage.heavy.tools.missing, read in when it is used>"


def test_a_module_that_cannot_be_read_in_says_so_when_it_is_used(front: ModuleType, stage: Path):
    (stage / "stage" / "heavy" / "tools.py").write_text("import nowhere_to_be_found\n")
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        front.work_now()


def test_what_is_named_real_is_read_in_as_ever(stage: Path):
    with standing_in("stage.heavy", real=["stage.heavy", "stage.heavy.kept"]):
        assert importlib.import_module("stage.heavy.kept").There is True
    assert is_read_in("stage.heavy.kept")


def test_stand_ins_for_now_are_gone_with_the_context(stage: Path):
    with standing_in(for_now=["stage.other"]):
        promised = importlib.import_module("stage.other").Other
        assert "stage.other" in sys.modules
    assert "stage.other" not in sys.modules
    assert importlib.import_module("stage.other").Other == 1
    assert promised.it() == 1


def test_after_the_context_modules_are_read_in_as_ever(front: ModuleType):
    assert front is sys.modules["stage.front"]
    assert importlib.import_module("stage.other").Other == 1
    assert all(type(finder).__module__ != "intern_action.llm._standins" for finder in sys.meta_path)
