"""From a model's name to a model that answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from intern_action.core.ports import Clock, Model
from intern_action.llm.line import proxy_for
from intern_action.llm.litellm import LiteLLM, Through
from intern_action.llm.openai_shaped import Endpoint, OpenAIShaped
from intern_action.llm.prices import find_row, price_of
from intern_action.llm.retry import Retrying, Stamina
from intern_action.llm.route import BuiltIn, Direct, Translated, route
from intern_action.llm.settings import ModelSettings

MOST_ANSWER_TOKENS = 24_000
"""A whole file in one call is half of this; the 15 % of a window of 200,000 that a conversation leaves free hold it."""

MakeBuiltIn = Callable[[str], Model]
"""Gets what stands after the colon of the name (`trace.jsonl` of `replay:trace.jsonl`)."""


def resolve(
    name: str,
    settings: ModelSettings,
    *,
    clock: Clock,
    built_in: Mapping[str, MakeBuiltIn],
    stamina: Stamina | None = None,
    tell: Callable[[str], None] | None = None,
) -> Model:
    """Return the model of this name. Nothing is opened or imported before its first answer.

    Args:
        name: as the user gave it; see `route` for what there is.
        settings: keys, addresses, prices.
        clock: waits between tries.
        built_in: makers of the models of the house, by the first word of their names.
        stamina: how often a failed question is asked again.
        tell: gets a line before each further try.

    Raises:
        Misconfigured: no such name, a key or an address is missing, an address that is none.
    """
    way = route(name, settings, frozenset(built_in))
    match way:
        case BuiltIn():
            return built_in[way.maker](way.rest)
        case Direct():
            model: Model = _direct(way, settings, clock)
        case Translated():
            model = _translated(way, settings, clock)
    return Retrying(model, clock=clock, stamina=stamina, tell=tell, left=settings.patience.left)


def _direct(way: Direct, settings: ModelSettings, clock: Clock) -> OpenAIShaped:
    endpoint = Endpoint(
        name=way.name,
        model=way.model,
        base_url=way.base_url,
        key=way.key,
        key_variable=way.key_variable,
        headers=way.headers,
        proxy=proxy_for(way.base_url, settings.variables),
    )
    price = price_of(way.table_names, settings.price(way.name))
    return OpenAIShaped(endpoint, clock=clock, price=price, stream=settings.stream, patience=settings.patience)


def _translated(way: Translated, settings: ModelSettings, clock: Clock) -> LiteLLM:
    through = Through(
        name=way.name,
        model=way.model,
        provider=way.provider,
        arguments=way.arguments,
        key_variable=way.key_variable,
        secret=way.key,
        answer_tokens=_answer_tokens(way),
    )
    price = price_of(way.table_names, settings.price(way.name))
    return LiteLLM(through, clock=clock, price=price, stream=settings.stream, patience=settings.patience)


def _answer_tokens(way: Translated) -> int:
    """Return how long an answer of Claude's may be.

    litellm asks for all that the model can write, 128,000 tokens. Anthropic refuses what does not fit into the window together
    with that, so a window of 200,000 would be full at 72,000.
    """
    if "claude" not in way.model:
        return 0
    row = find_row(tuple(way.table_names))
    return min(MOST_ANSWER_TOKENS, row.most_output_tokens) if row is not None else 0
