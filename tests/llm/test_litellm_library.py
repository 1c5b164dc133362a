"""litellm with what it does too often taken off it."""

from __future__ import annotations

import ast
import copy
import importlib
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.llm.litellm_library import _Copies, litellm_environment, load

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30)


@pytest.fixture(autouse=True)
def _litellm_stays_here() -> Generator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in litellm_environment().items():
            patch.setenv(name, value)
        yield


@given(JSON)
def test_a_copy_is_equal_and_shares_nothing_that_changes(value: object):
    made = _Copies().deepcopy(value)
    assert made == value
    assert not _changing(made) & _changing(value)


def _changing(value: object) -> set[int]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    mine = {id(value)} if isinstance(value, dict | list) else set[int]()
    return mine.union(*(_changing(item) for item in inner))


def test_what_is_no_json_is_copied_as_python_does():
    class Odd(dict[str, object]): ...

    value = {"odd": Odd(a=[1]), "pair": ([1], 2)}
    made = _Copies().deepcopy(value)
    assert made == value
    assert isinstance(made, dict)
    assert type(made["odd"]) is Odd
    assert made["odd"]["a"] is not value["odd"]["a"]
    assert made["pair"][0] is not value["pair"][0]


def test_litellm_copies_with_it_and_with_nothing_else_of_that_module():
    load()
    handler = importlib.import_module("litellm.llms.anthropic.chat.handler")
    assert isinstance(handler.copy, _Copies)
    assert not [name for name in _asked_of_copy(str(handler.__file__)) if not hasattr(_Copies, name)]
    assert importlib.import_module("copy") is copy


def _asked_of_copy(file: str) -> set[str]:
    nodes = ast.walk(ast.parse(Path(file).read_text(encoding="utf-8")))
    return {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "copy"
    }
