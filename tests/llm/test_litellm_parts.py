"""litellm with stand-ins for what our calls never touch does what the whole of it does, whichever provider is asked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from intern_action.llm._litellm_parts import OTHERS, TOUCHED, UNTOUCHED
from intern_action.llm.litellm_library import litellm_environment
from tests.llm.litellm_probe import TO_SIGN_WITH

_RANDOM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FEWEST_ASKED = 100
"""Of 166 providers; the others want a key of their own kind, or a library that is not here, and say so."""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    ways = ("whole", "stand-ins")
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.llm.litellm_probe", way],
            env={**litellm_environment(), **TO_SIGN_WITH},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for way in ways
    ]
    said = [one.communicate(timeout=240) for one in running]
    assert [one.returncode for one in running] == [0, 0], [errors[-2000:] for _, errors in said]
    return {way: json.loads(_RANDOM.sub("random", out.decode())) for way, (out, _) in zip(ways, said, strict=True)}


def test_every_provider_is_asked_the_same_and_its_refusal_understood_alike(told: dict[str, Any]):
    whole, ours = told["whole"]["providers"], told["stand-ins"]["providers"]
    assert sum(bool(one["asked"]) for one in whole.values()) > FEWEST_ASKED
    assert sorted(ours) == sorted(whole)
    assert {name: one for name, one in ours.items() if one != whole[name]} == {}


def test_a_third_of_its_modules_is_not_read_in(told: dict[str, Any]):
    assert told["stand-ins"]["loaded"] < told["whole"]["loaded"] * 2 / 3


def test_nothing_stands_in_for_what_every_call_uses(told: dict[str, Any]):
    assert told["stand-ins"]["earnest"] == [], "name these in TOUCHED: they are read in twice over"


def test_no_stand_in_is_to_be_caught(told: dict[str, Any]):
    assert told["stand-ins"]["uncatchable"] == [], "a stand-in is no exception: name its module in TOUCHED"


def test_every_name_stands_for_something(told: dict[str, Any]):
    assert told["stand-ins"]["unresolved"] == []


def test_every_part_is_there_and_stood_in_for(told: dict[str, Any]):
    stood = told["stand-ins"]["stood_in"]
    idle = [part for part in UNTOUCHED if not any(name == part or name.startswith(f"{part}.") for name in stood)]
    assert idle == [], "litellm reads these in no more"
    assert [part for part in (*TOUCHED, *OTHERS) if not _is_there(part)] == []


def _is_there(name: str) -> bool:
    found = find_spec(name.partition(".")[0])
    assert found is not None
    assert found.origin is not None
    file = Path(found.origin).parent.parent.joinpath(*name.split("."))
    return file.is_dir() or file.with_suffix(".py").is_file()
