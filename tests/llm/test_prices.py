"""What tokens cost, and that unknown is not free."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from intern_action.core.types import Reply, Usage
from intern_action.llm.prices import TokenPrices, find_row, price_of, priced
from intern_action.llm.settings import ModelSettings

DEAR = TokenPrices(
    input_usd=Decimal("0.00001"),
    output_usd=Decimal("0.00005"),
    cache_read_usd=Decimal("0.000001"),
    cache_write_usd=Decimal("0.0000125"),
)
PLAIN = TokenPrices(input_usd=Decimal("0.00001"), output_usd=Decimal("0.00005"))
USAGE = Usage(input_tokens=1000, output_tokens=100, cache_read_tokens=600, cache_write_tokens=300)


def test_tokens_of_the_cache_are_priced_apart_and_not_twice():
    assert DEAR.cost(USAGE) == Decimal("0.001") + Decimal("0.0006") + Decimal("0.00375") + Decimal("0.005")


def test_without_prices_of_its_own_the_cache_costs_what_input_costs():
    assert PLAIN.cost(USAGE) == Decimal("0.015")


def test_a_provider_that_counts_the_cache_beside_the_input_earns_nothing_back():
    assert PLAIN.cost(Usage(input_tokens=10, cache_read_tokens=600)) >= 0


def test_the_table_knows_models_by_their_exact_names():
    row = find_row(("no/such", "claude-opus-4-8"))

    assert row is not None
    assert row.prices == TokenPrices(
        input_usd=Decimal("0.000005"),
        output_usd=Decimal("0.000025"),
        cache_read_usd=Decimal("5E-7"),
        cache_write_usd=Decimal("0.00000625"),
    )
    assert row.window_tokens == 1_000_000


@pytest.mark.parametrize("name", ["gpt-5", "deepseek/deepseek-chat", "gemini/gemini-2.5-pro"])
def test_the_table_is_read_as_litellm_reads_it(name: str):
    import json
    from pathlib import Path

    from intern_action.llm.prices import _TABLE, library_folder

    table = json.loads((Path(str(library_folder())) / _TABLE).read_text(), parse_float=Decimal)
    row = find_row((name,))

    assert row is not None
    assert row.prices is not None
    assert row.prices.input_usd == table[name]["input_cost_per_token"]


@pytest.mark.parametrize("name", ["no/such/model", 'x": {', "sample_spec", "", "max_tokens"])
def test_what_the_table_does_not_price_is_unknown(name: str):
    assert price_of((name,))(USAGE) is None


def test_a_price_of_zero_in_the_table_is_unknown_too():
    assert price_of(("ollama/llama3.1",))(USAGE) is None


def test_what_is_configured_wins():
    assert price_of(("claude-opus-4-8",), PLAIN)(USAGE) == Decimal("0.015")


def test_the_longest_fitting_name_is_meant():
    settings = ModelSettings(prices={"ollama/": PLAIN, "ollama/big": DEAR})

    assert settings.price("ollama/small") == PLAIN
    assert settings.price("ollama/big") == DEAR
    assert settings.price("ollama/bigger") == PLAIN
    assert settings.price("other/ollama/x") is None


def test_what_the_provider_says_it_costs_is_what_it_costs():
    said = Reply(text="x", usage=Usage(cost_usd=Decimal("0.5")))

    assert priced(said, DEAR.cost) == said


def test_an_answer_whose_tokens_nobody_counted_has_no_known_cost():
    assert priced(Reply(text="x"), DEAR.cost).usage.cost_usd is None


def test_looking_up_a_price_imports_neither_litellm_nor_anything_big():
    script = (
        "import sys; from intern_action.llm.prices import find_row; "
        "assert find_row(('gpt-5',)); print([m for m in ('litellm', 'httpx', 'pydantic', 'openai') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
