"""Models by name: how each is reached, how much it reads, what it costs, and who goes on after it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from intern_action.core.errors import Misconfigured
from intern_action.core.ports import Model, RecipeBook
from intern_action.wiring.parts import minutes, usual_flavor
from intern_action.wiring.premises import Premises

if TYPE_CHECKING:
    from intern_action.agent.context import Room
    from intern_action.llm.prices import TokenPrices
    from intern_action.llm.settings import ModelSettings

Left = Callable[[], float]
"""How many seconds are left of a run."""

MILLION = 1_000_000
LEAST_WINDOW = 2_048
LEAST_OUTPUT_CHARS = 1_000
BUILT_IN = frozenset({"recipes", "replay", "fork"})
"""Models of the house, by the first word of their names."""


def model_settings(premises: Premises, left: Left | None = None) -> ModelSettings:
    """Return what environment and settings say about models; without `left` a run has no end."""
    from intern_action.llm.line import Patience, endless
    from intern_action.llm.settings import ModelSettings

    settings = premises.settings
    keys = {name: key.get_secret_value() for name, key in settings.keys.items()}
    return ModelSettings(
        variables={**premises.environment, **keys},
        base_urls=settings.models.base_urls,
        prices=dict(price_of(line) for line in settings.models.prices),
        windows=dict(window_in(line) for line in settings.models.windows),
        stream=settings.stream,
        patience=Patience(answer_seconds=settings.models.timeout.total_seconds(), left=left or endless),
    )


def price_of(line: str) -> tuple[str, TokenPrices]:
    """Read one line of `models.prices`: a name, then dollars for a million tokens in and out.

    Raises:
        Misconfigured: it is none.
    """
    from intern_action.llm.prices import TokenPrices

    try:
        name, into, out = line.split()
        rates = [Decimal(into), Decimal(out)]
    except (ValueError, InvalidOperation):
        name, rates = "", []
    if not name or not all(rate.is_finite() and rate >= 0 for rate in rates):
        raise Misconfigured(
            f'`models.prices`: {line!r} is no price; write "NAME INPUT OUTPUT", such as "openai/gpt-5.5 1.25 10"'
        )
    return name, TokenPrices(input_usd=rates[0] / MILLION, output_usd=rates[1] / MILLION)


def window_in(line: str) -> tuple[str, int]:
    """Read one line of `models.windows`: a name, then the most tokens it reads.

    Raises:
        Misconfigured: it is none.
    """
    name, _, tokens = line.strip().rpartition(" ")
    if not name or not tokens.isdecimal() or int(tokens) < LEAST_WINDOW:
        raise Misconfigured(
            f'`models.windows`: {line!r} is no window; write "NAME TOKENS", such as "ollama/llama3.1:8b 8192", '
            f"of {LEAST_WINDOW} tokens at least"
        )
    return name.strip(), int(tokens)


def model_named(
    name: str, premises: Premises, recipes: RecipeBook, tell: Callable[[str], None], left: Left | None = None
) -> Model:
    """Return the model of this name, with the listed ones behind it; `tell` gets a line before each further try.

    Nothing is opened before its first answer, and nothing waited for once no second is `left`.
    """
    from intern_action.llm.fallback import Falling

    first = one_model(name, premises, recipes, tell, left)
    others = [
        partial(one_model, other, premises, recipes, tell, left)
        for other in premises.settings.fallbacks
        if other not in {"", name}
    ]
    return Falling(first, others, tell=tell) if others else first


def one_model(
    name: str, premises: Premises, recipes: RecipeBook, tell: Callable[[str], None], left: Left | None = None
) -> Model:
    """Return the model of this name alone.

    Raises:
        Misconfigured, ModelAuth: as `resolve`.
    """
    from intern_action.llm.resolve import resolve
    from intern_action.llm.retry import Stamina

    settings = premises.settings

    def planner(_rest: str) -> Model:
        from intern_action.llm.recipes import RecipesModel

        return RecipesModel(recipes, flavor=usual_flavor(settings), timeout_minutes=minutes(settings.jobs.timeout))

    def forked(rest: str) -> Model:
        from intern_action.llm.replay import Forked
        from intern_action.trace.recording import replies

        until, following, file = fork_parts(rest)
        model = one_model(following, premises, recipes, tell, left)
        return Forked(replies(Path(file))[:until], model, name=name)

    return resolve(
        name,
        model_settings(premises, left),
        clock=premises.clock,
        built_in={"recipes": planner, "replay": _replay, "fork": forked},
        stamina=Stamina.of(settings.models.retries),
        tell=tell,
    )


def fork_name(until: int, following: str, file: str) -> str:
    """Return the name of a model that says the first answers of a recording again, and then is another one.

    Args:
        until: how many answers.
        following: the name of the other one.
        file: an absolute path.
    """
    return f"fork:{until}:{following}:{file}"


def fork_parts(rest: str) -> tuple[int, str, str]:
    """Return how many answers, the name of the model after them, and the file, of what stands after `fork:`.

    Raises:
        Misconfigured: it is no such name.
    """
    until, _, named = rest.partition(":")
    following, slash, file = named.partition(":/")
    if not until.isdecimal() or not following or not slash:
        raise Misconfigured(f"`fork:{rest}` is no fork; write fork:N:MODEL:/path/of/trace.jsonl")
    return int(until), following, f"/{file}"


def room_of(name: str, premises: Premises) -> Room:
    """Return how much the model of this name reads, and from where on a conversation with it is folded."""
    from intern_action.agent.context import Room
    from intern_action.llm.route import BuiltIn, route
    from intern_action.llm.windows import window_of

    settings = premises.settings
    known = model_settings(premises)
    if name.startswith("fork:"):
        name = fork_parts(name.removeprefix("fork:"))[1]
    way = route(name, known, BUILT_IN)
    if isinstance(way, BuiltIn):
        return Room(fold_at_tokens=0)  # it reads all there is, and the whole of it
    return Room(window_tokens=window_of(way, known), fold_at_tokens=settings.models.fold_at)


def output_chars(wanted: int, room: Room) -> int:
    """Return how long a tool's answer may be: what is set, and a small part of a window that is known to be small."""
    return min(wanted, max(LEAST_OUTPUT_CHARS, room.window_tokens // 2)) if room.window_tokens else wanted


def chosen_model(premises: Premises) -> str:
    """Return the name of the model: what the settings say, else what the keys at hand allow."""
    from intern_action.llm.route import default_name

    return premises.settings.model or default_name(model_settings(premises))


def warm(name: str, premises: Premises) -> None:
    """Start to import what the model of this name needs, if that takes long. A name that leads nowhere is said later.

    Raises:
        ModelAuth: there is no key for it.
    """
    from intern_action.llm.route import BuiltIn, Translated, route
    from intern_action.llm.windows import window_of

    try:
        known = model_settings(premises)
        way = route(name, known, BUILT_IN)
    except Misconfigured:
        return
    if not isinstance(way, BuiltIn):
        window_of(way, known)  # what the table says of it is read here, where others are waited for
    if isinstance(way, Translated):
        from intern_action.llm import litellm_library

        litellm_library.warm()


def _replay(file: str) -> Model:
    """Answer from a recorded trace or journal."""
    from intern_action.llm.replay import Replay
    from intern_action.trace.recording import replies

    return Replay(replies(Path(file)), name=f"replay:{file}")
