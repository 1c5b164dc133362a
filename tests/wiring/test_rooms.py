"""Where sandboxes come from, as the settings say, and what each side of them is built from."""

from __future__ import annotations

from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.settings.clock import SystemClock
from intern_action.settings.load import load
from intern_action.settings.world import make, world_at
from intern_action.shell.tool_shell import ToolShell
from intern_action.wiring.premises import Premises
from intern_action.wiring.rooms import Rooms


def rooms(folder: Path, **environment: str) -> Rooms:
    given = {"HOME": str(folder), "INTERN_ACTION_WORK": str(folder / "work"), **environment}
    world = world_at(str(folder / "out"), given)
    make(world)
    (world.control / "home").write_text("settled before")
    premises = Premises(load({}, given, folder, folder).settings, world, given, SystemClock())
    return Rooms(premises, lambda: ToolShell(uid=None, home=str(folder / "home")))


def test_they_are_here_unless_the_settings_say_otherwise(tmp_path: Path) -> None:
    here = rooms(tmp_path)
    assert here.control.name == "local"
    here.close()


def test_a_name_that_is_none_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="`sandbox.backend: mars`: there is no such backend; there is hf, local"):
        assert rooms(tmp_path, INTERN_ACTION_SANDBOX_BACKEND="mars").door


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ({}, "needs HF_WRITE_TOKEN"),
        ({"HF_WRITE_TOKEN": "hf_ours"}, "needs HF_TOKEN"),
        ({"HF_WRITE_TOKEN": "hf_ours", "HF_TOKEN": "hf_ours"}, "HF_TOKEN may write"),
        (
            {"HF_WRITE_TOKEN": "hf_ours", "HF_TOKEN": "hf_r", "HF_SANDBOX_TOKEN": "hf_ours"},
            "HF_SANDBOX_TOKEN may write",
        ),
        (
            {"HF_WRITE_TOKEN": "hf_ours", "HF_TOKEN": "hf_r", "INTERN_ACTION_SANDBOX_SECRETS": "WANDB_API_KEY"},
            "WANDB_API_KEY, which is not set",
        ),
    ],
)
def test_on_the_hub_they_say_which_token_is_missing_or_too_much(
    tmp_path: Path, tokens: dict[str, str], words: str
) -> None:
    there = rooms(tmp_path, INTERN_ACTION_SANDBOX_BACKEND="hf", **tokens)
    with pytest.raises(Misconfigured, match=words):
        assert there.control
