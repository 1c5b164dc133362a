"""What is said of a tool that is not there."""

from __future__ import annotations

import pytest

from intern_action.agent.toolbox import Toolbox
from intern_action.core.errors import ToolFailed
from intern_action.core.types import Call
from tests.fakes.thinking import NamedTool

BOX = Toolbox(
    (NamedTool("docs__search", str), NamedTool("bash", str)),
    lambda _effects: None,
    absent={"docs__publish": "it is held"},
)


def test_one_that_is_known_and_not_there_is_refused_with_its_reason_and_the_model_is_not_told_of_it_before():
    with pytest.raises(ToolFailed, match="^it is held$"):
        BOX.judge(Call(id="1", name="docs__publish"))
    assert [spec.name for spec in BOX.specs] == ["docs__search", "bash"]


def test_one_that_nobody_knows_is_refused_with_what_may_be_meant():
    with pytest.raises(ToolFailed, match="there is no tool named docs__serch; did you mean docs__search"):
        BOX.judge(Call(id="1", name="docs__serch"))
