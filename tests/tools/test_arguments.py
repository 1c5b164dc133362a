"""The door for arguments, and what a model is told of them."""

from __future__ import annotations

import json

import pytest
from pydantic import TypeAdapter

from intern_action.core.errors import ToolFailed
from intern_action.tools._tool import ToolOf
from tests.tools.conftest import TOOLS, Use

EVERY = sorted(TOOLS)


def test_a_missing_argument_is_named_with_what_it_is(use: Use):
    with pytest.raises(ToolFailed, match=r"`command` is missing \(the command line\)"):
        use("bash")


def test_an_unknown_argument_is_named_and_the_known_ones_are_listed(use: Use):
    with pytest.raises(ToolFailed, match=r"`cmd` is not known.*Known arguments: command, timeout"):
        use("bash", command="true", cmd="true")


def test_a_value_of_the_wrong_kind_is_shown_with_what_would_fit(use: Use):
    with pytest.raises(
        ToolFailed, match=r"`offset`: input should be a valid integer.*not 'first' \(first line, from 1\)"
    ):
        use("read_file", path="x", offset="first")


def test_a_long_wrong_value_is_not_repeated_in_full(use: Use):
    with pytest.raises(ToolFailed) as failure:
        use("read_file", path="x", offset="a" * 10_000)
    assert len(str(failure.value)) < 500


def test_null_is_an_argument_that_was_not_given(use: Use):
    assert use("bash", command="echo hi", timeout=None).text == "hi"


def test_numbers_are_taken_where_texts_are_due(use: Use):
    assert use("bash", command="echo hi", timeout=30).text == "hi"


def test_flags_may_be_true_false_null_or_numbers():
    spends = TOOLS["hf_create_job"].effects(
        {
            "script": "train.py",
            "flavor": "t4-small",
            "timeout": "1h",
            "parameters": {"lora": True, "smoke": False, "seed": None, "epochs": 3, "rate": 0.5},
        }
    )
    assert spends[0].job.parameters == {"lora": "true", "epochs": "3", "rate": "0.5"}  # pyright: ignore[reportAttributeAccessIssue]  # it spends


@pytest.mark.parametrize("name", EVERY)
def test_the_schema_a_model_is_told_is_the_one_its_arguments_are_read_by(name: str):
    tool = TOOLS[name]
    assert isinstance(tool, ToolOf)
    told = tool.spec.parameters
    read = TypeAdapter[object](tool.arguments).json_schema()
    assert list(told["properties"]) == list(read.get("properties", {}))  # pyright: ignore[reportArgumentType]  # an object
    assert told.get("required", []) == read.get("required", [])
    for argument, known in read["properties"].items():
        first = known.get("anyOf", [{}])[0]
        kind = known.get("type") or first.get("type") or ("object" if "$ref" in first else "string")
        assert told["properties"][argument]["type"] == kind  # pyright: ignore[reportIndexIssue]  # an object


@pytest.mark.parametrize("name", EVERY)
def test_every_argument_is_described_and_nothing_else_is(name: str):
    properties = TOOLS[name].spec.parameters["properties"]
    assert isinstance(properties, dict)
    assert TOOLS[name].spec.description
    assert "- `" not in TOOLS[name].spec.description  # a description of an argument that is not there
    assert all("description" in known for known in properties.values())


def test_all_tools_together_leave_room_in_the_first_request():
    told = [{"name": one.spec.name, "d": one.spec.description, "p": one.spec.parameters} for one in TOOLS.values()]
    assert len(json.dumps(told)) < 14_500


def test_names_and_aliases_are_unlike_each_other():
    names = [name for tool in TOOLS.values() for name in (tool.spec.name, *tool.aliases)]
    assert len(names) == len(set(names))
    assert {"read", "write", "edit"} < set(names)


def test_tools_that_only_read_have_no_effects_and_may_be_run_again():
    readers = [tool for tool in TOOLS.values() if tool.parallel]
    assert {tool.spec.name for tool in readers} >= {"read_file", "hf_model_load", "hf_dataset_load", "hf_job_logs"}
    assert all(tool.repeatable for tool in readers)
