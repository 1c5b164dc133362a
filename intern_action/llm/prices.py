"""What tokens cost. A price that is not known is None, never 0: unknown is not free.

Prices come from the configuration first, then from the table that litellm carries in its package. That table is read as a file:
importing litellm would take a second, and decoding all of its 3 MB 50 ms; one model is found in 3 ms by looking for its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from intern_action.core.frozen import frozen
from intern_action.core.types import JsonObject, Reply, Usage
from intern_action.llm.narrow import as_count, as_object

Price: TypeAlias = Callable[[Usage], Decimal | None]

_TABLE = "model_prices_and_context_window_backup.json"


@frozen
class TokenPrices:
    """Dollars for one token of each kind. A kind without a price of its own costs what other input costs."""

    input_usd: Decimal
    output_usd: Decimal
    cache_read_usd: Decimal | None = None
    cache_write_usd: Decimal | None = None

    def cost(self, usage: Usage) -> Decimal:
        """Return what an answer costs. Tokens from the cache are part of the input tokens and priced apart."""
        read = self.input_usd if self.cache_read_usd is None else self.cache_read_usd
        written = self.input_usd if self.cache_write_usd is None else self.cache_write_usd
        fresh = max(0, usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens)
        return (
            fresh * self.input_usd
            + usage.cache_read_tokens * read
            + usage.cache_write_tokens * written
            + usage.output_tokens * self.output_usd
        )


@frozen
class TableRow:
    """What litellm's table says of one model. `prices` is None when it says nothing of them, or that they are zero."""

    prices: TokenPrices | None
    window_tokens: int
    most_output_tokens: int


def price_of(names: Iterable[str], configured: TokenPrices | None = None) -> Price:
    """Return how to price a model's answers; the table is opened when the first answer is priced.

    Args:
        names: what the table may call it, the best first.
        configured: wins over the table.
    """
    known = tuple(names)

    def price(usage: Usage) -> Decimal | None:
        if configured is not None:
            return configured.cost(usage)
        row = find_row(known)
        return row.prices.cost(usage) if row is not None and row.prices is not None else None

    return price


def priced(reply: Reply, price: Price) -> Reply:
    """Return the reply with its cost, unless the provider said it itself, or counted nothing: that is unknown, not free."""
    counted = reply.usage.input_tokens or reply.usage.output_tokens
    if reply.usage.cost_usd is not None or not counted:
        return reply
    return replace(reply, usage=replace(reply.usage, cost_usd=price(reply.usage)))


@cache
def find_row(names: tuple[str, ...]) -> TableRow | None:
    """Return the first of these models that the table has."""
    table = _table()
    for name in names:
        # a model stands at the first level: four spaces, its name, an object
        start = table.find(f"\n    {json.dumps(name)}: {{".encode())
        if start >= 0:
            text = table[table.index(b"{", start) : table.index(b"\n    }", start) + 6].decode()
            return _row(as_object(json.loads(text, parse_float=Decimal)))
    return None


@cache
def library_folder() -> Path | None:
    """Return where litellm is installed, None when it is not; nothing is imported."""
    spec = find_spec("litellm")
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _table() -> bytes:
    folder = library_folder()
    return (folder / _TABLE).read_bytes() if folder is not None else b""


def _row(row: JsonObject) -> TableRow:
    return TableRow(
        prices=_prices(row),
        window_tokens=as_count(row.get("max_input_tokens")),
        most_output_tokens=as_count(row.get("max_output_tokens")),
    )


def _prices(row: Mapping[str, object]) -> TokenPrices | None:
    """Zero is how the table writes "nobody has looked" for many models, so it counts as unknown."""
    entry, result = _usd(row, "input_cost_per_token"), _usd(row, "output_cost_per_token")
    if not entry or not result:
        return None
    return TokenPrices(
        input_usd=entry,
        output_usd=result,
        cache_read_usd=_usd(row, "cache_read_input_token_cost"),
        cache_write_usd=_usd(row, "cache_creation_input_token_cost"),
    )


def _usd(row: Mapping[str, object], name: str) -> Decimal | None:
    value = row.get(name)
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
