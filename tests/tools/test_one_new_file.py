"""One new file, with its words beside it, is a new tool; nothing else is edited."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import intern_action

NEW = '''"""`say_hello`: greets."""

from __future__ import annotations

from dataclasses import dataclass

from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._tool import ToolOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    __pydantic_config__ = STRICT

    name: str


def run(asked: Arguments, _desk: Desk) -> ToolResult:
    return ToolResult(text=f"Hello {asked.name}")


TOOL = ToolOf(name="say_hello", arguments=Arguments, work=run)
'''
ASK = """
import json
from intern_action.tools import all_tools
tools = {tool.spec.name: tool for tool in all_tools()}
print(json.dumps([tools["say_hello"].spec.description, tools["say_hello"].spec.parameters, len(tools)]))
"""


def copy_of_the_house(folder: Path) -> Path:
    """Copy the package and its words."""
    package = Path(intern_action.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__", "mails")
    shutil.copytree(package, folder / "intern_action", ignore=ignored)
    shutil.copytree(package.parent / "configs", folder / "configs")
    return folder


def ask(house: Path) -> subprocess.CompletedProcess[str]:
    """Ask the copy for its tools."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(house)!r})\n{ASK}"]
    return subprocess.run(command, cwd=house, capture_output=True, text=True, check=False, timeout=60)


def test_one_new_file_adds_a_tool(tmp_path: Path):
    house = copy_of_the_house(tmp_path)
    (house / "intern_action" / "tools" / "say_hello.py").write_text(NEW)
    (house / "configs" / "prompts" / "tools" / "say_hello.md").write_text("Greets.\n\n- `name`: whom\n")
    description, parameters, count = json.loads(ask(house).stdout)
    assert description == "Greets."
    assert parameters["properties"] == {"name": {"type": "string", "description": "whom"}}
    assert count > 1


def test_a_tool_without_words_says_where_to_write_them(tmp_path: Path):
    house = copy_of_the_house(tmp_path)
    (house / "intern_action" / "tools" / "say_hello.py").write_text(NEW)
    assert "configs/prompts/tools/say_hello.md" in ask(house).stderr


def test_a_module_without_a_tool_is_a_bug_with_a_way_out(tmp_path: Path):
    house = copy_of_the_house(tmp_path)
    (house / "intern_action" / "tools" / "helper.py").write_text('"""Helps."""\n')
    assert "helpers start with an underscore" in ask(house).stderr


def test_telling_a_model_of_the_tools_imports_no_pydantic_and_no_torch():
    code = "import sys; from intern_action.tools import all_tools; [t.spec for t in all_tools()]; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert not {name for name in ("'pydantic'", "'pyarrow'", "'torch'", "'datasets'", "'yaml'") if name in loaded}
