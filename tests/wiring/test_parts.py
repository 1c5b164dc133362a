"""Small parts of the wiring."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.agent.context import Room
from intern_action.core.errors import Misconfigured, ModelAuth
from intern_action.core.types import Usage
from intern_action.hub.huggingface_writer import HuggingFaceWriter
from intern_action.hub.local import LocalHubWriter
from intern_action.settings.clock import SystemClock
from intern_action.settings.load import load
from intern_action.settings.world import world_at
from intern_action.wiring.llms import chosen_model, fork_name, fork_parts, output_chars, price_of, warm, window_in
from intern_action.wiring.parts import holder_of, writer_for
from intern_action.wiring.premises import Premises


def _premises(folder: Path, environment: Mapping[str, str] | None = None, **flags: object) -> Premises:
    loaded = load({"out": str(folder / "out"), **flags}, environment or {}, folder, folder)
    return Premises(loaded.settings, world_at(loaded.settings.out, {}), {}, SystemClock())


def test_the_hub_is_written_where_there_is_a_token_for_it_and_else_a_folder(tmp_path: Path) -> None:
    token = {"HF_WRITE_TOKEN": "hf_writing_token_of_the_tests"}
    assert isinstance(writer_for(_premises(tmp_path)), LocalHubWriter)
    assert isinstance(writer_for(_premises(tmp_path, {"HF_TOKEN": "hf_reading_token"})), LocalHubWriter)
    assert isinstance(writer_for(_premises(tmp_path, token)), HuggingFaceWriter)
    folder = {**token, "INTERN_ACTION_HUB_FOLDER": str(tmp_path / "hub")}
    assert isinstance(writer_for(_premises(tmp_path, folder)), LocalHubWriter)


def test_a_price_is_for_a_million_tokens_in_and_out() -> None:
    name, prices = price_of("moonshotai/Kimi-K2.6 0.60 2.50")
    assert name == "moonshotai/Kimi-K2.6"
    assert prices.cost(Usage(input_tokens=1_000_000, output_tokens=2_000_000)) == Decimal("5.60")


@pytest.mark.parametrize("line", ["", "name", "name 1", "name one two", "name -1 2", "name NaN 2", "name 1 2 3"])
def test_what_is_no_price_is_said_with_an_example(line: str) -> None:
    with pytest.raises(Misconfigured, match="models.prices"):
        price_of(line)


def test_a_missing_key_is_said_before_anything_is_begun(tmp_path: Path) -> None:
    with pytest.raises(ModelAuth, match="HF_TOKEN"):
        warm("nobody/knows-it", _premises(tmp_path))


def test_a_chosen_model_goes_before_the_one_that_needs_no_key(tmp_path: Path) -> None:
    assert chosen_model(_premises(tmp_path)) == "recipes"
    assert chosen_model(_premises(tmp_path, model="local/m")) == "local/m"


def test_whoever_shares_the_folder_of_locks_has_one_name_and_nobody_else(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    with ThreadPoolExecutor(4) as pool:
        (name,) = set(pool.map(holder_of, [ours] * 8))
    assert name == holder_of(ours) != holder_of(theirs)
    assert [entry.name for entry in ours.iterdir()] == ["holder"]


@pytest.mark.parametrize("line", ["local/m", "local/m many", "local/m 12", "8192", "local/m -8192"])
def test_a_window_that_is_none_is_said_with_how_to_write_one(line: str) -> None:
    with pytest.raises(Misconfigured, match="NAME TOKENS"):
        window_in(line)


def test_a_window_has_a_name_and_tokens() -> None:
    assert window_in("ollama/llama3.1:8b 8192") == ("ollama/llama3.1:8b", 8_192)


def test_a_fork_has_a_name_that_says_all_of_it() -> None:
    name = fork_name(3, "ollama/llama3.1:8b", "/a b/trace.jsonl")

    assert fork_parts(name.removeprefix("fork:")) == (3, "ollama/llama3.1:8b", "/a b/trace.jsonl")


@pytest.mark.parametrize("rest", ["", "x:m:/f", "3:m", "3::/f", "3:m:f"])
def test_what_is_no_fork_is_said_with_how_to_write_one(rest: str) -> None:
    with pytest.raises(Misconfigured, match="fork:N:MODEL:/path"):
        fork_parts(rest)


@pytest.mark.parametrize(("window", "chars"), [(0, 20_000), (200_000, 20_000), (8_192, 4_096), (1_500, 1_000)])
def test_an_answer_of_a_tool_is_shorter_in_a_small_window(window: int, chars: int) -> None:
    assert output_chars(20_000, Room(window_tokens=window)) == chars
