"""What a person set about models: keys, addresses, patience, prices. Built by whoever reads the environment, handed down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeVar

from intern_action.core.frozen import frozen
from intern_action.llm.line import Patience
from intern_action.llm.prices import TokenPrices

V = TypeVar("V")


@frozen
class ModelSettings:
    """The settings of all models.

    Args:
        variables: keys and the like under the names of their environment variables (`HF_TOKEN`, `OPENAI_API_KEY`,
            `OLLAMA_BASE_URL`, `AWS_REGION_NAME`, `HTTPS_PROXY` …), wherever they were set.
        base_urls: addresses by provider (`ollama`, `local`, `huggingface`); these win over `variables`.
        prices: by model name as users write it; a name that ends in `/` speaks for all models that begin with it.
        windows: the most tokens a model reads, named like prices.
        stream: have answers streamed.
        patience: how long one answer may take.
    """

    variables: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    base_urls: Mapping[str, str] = field(default_factory=dict[str, str])
    prices: Mapping[str, TokenPrices] = field(default_factory=dict[str, TokenPrices])
    windows: Mapping[str, int] = field(default_factory=dict[str, int])
    stream: bool = True
    patience: Patience = field(default_factory=Patience)

    def first(self, names: tuple[str, ...]) -> tuple[str, str]:
        """Return name and value of the first variable that is set, ("", "") when none is."""
        for name in names:
            if value := self.variables.get(name, "").strip():
                return name, value
        return "", ""

    def base_url(self, provider: str, names: tuple[str, ...]) -> str:
        """Return the address that somebody set for a provider, "" when nobody did."""
        return (self.base_urls.get(provider) or self.first(names)[1]).rstrip("/")

    def price(self, name: str) -> TokenPrices | None:
        """Return the configured prices of a model, the longest fitting name winning."""
        return _longest(self.prices, name)

    def window(self, name: str) -> int | None:
        """Return the configured window of a model, found in the same way."""
        return _longest(self.windows, name)


def _longest(values: Mapping[str, V], name: str) -> V | None:
    fitting = [known for known in values if known == name or (known.endswith("/") and name.startswith(known))]
    return values[max(fitting, key=len)] if fitting else None
