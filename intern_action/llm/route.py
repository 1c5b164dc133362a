"""From a model's name to the way to it. Pure: the same name and settings give the same route, and nothing is opened.

The rules, in order:

1. `recipes`, `replay:FILE` and whatever else wiring brings along.
2. `local`, `local/NAME`, `ollama/ vllm/ lm_studio/ llamacpp/`: one's own server, no key needed.
3. `huggingface/ORG/NAME`: the Hugging Face router.
4. A provider whose own key is set: that provider. A `:fal-ai` at the end is the router's way to say who serves a model; the
   provider itself does not know it, so it is left out.
5. An `HF_TOKEN`: the router, under the name as it was given.
6. Otherwise one message that names the variable to set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, NoReturn, TypeAlias

from intern_action.core.errors import Misconfigured, ModelAuth
from intern_action.core.frozen import frozen
from intern_action.llm.providers import (
    AMBIENT,
    HOSTED,
    LOCAL,
    OWN_KEYS,
    ROUTED_THROUGH,
    ROUTER,
    Hosted,
    litellm_providers,
)
from intern_action.llm.settings import ModelSettings

_LOCAL_BASES = ("LOCAL_LLM_BASE_URL", "LOCAL_LLM_API_BASE")
_LOCAL_KEYS = ("LOCAL_LLM_API_KEY",)


@frozen
class Direct:
    """An endpoint of OpenAI's shape.

    Args:
        name: as the user gave it.
        model: its name on the wire.
        base_url: up to and with `/v1`.
        key, key_variable: the key ("" when none is needed) and where it was set.
        table_names: what the price table may call it.
        headers: sent along.
    """

    name: str
    model: str
    base_url: str
    key: str = field(default="", repr=False)
    key_variable: str = ""
    table_names: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    way: Literal["direct"] = "direct"


@frozen
class Translated:
    """A provider that litellm translates for.

    Args:
        name: as the user gave it.
        model: litellm's name, `provider/model`.
        arguments: key, address and the like, passed with each request.
    """

    name: str
    model: str
    provider: str
    arguments: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    key: str = field(default="", repr=False)
    key_variable: str = ""
    table_names: tuple[str, ...] = ()
    way: Literal["litellm"] = "litellm"


@frozen
class BuiltIn:
    """A model of the house: `recipes`, `replay:FILE`. `rest` is what stands after the colon."""

    name: str
    maker: str
    rest: str = ""
    way: Literal["built-in"] = "built-in"


Route: TypeAlias = Direct | Translated | BuiltIn


def route(name: str, settings: ModelSettings, built_in: frozenset[str] = frozenset({"recipes", "replay"})) -> Route:
    """Return the way to a model.

    Args:
        name: as the user gave it.
        settings: keys and addresses.
        built_in: first words that wiring has makers for.

    Raises:
        Misconfigured: no such name, or an address is missing. ModelAuth: the key is not set; the message names the variable.
    """
    name = name.strip()
    maker, _, rest = name.partition(":")
    if maker in built_in:
        return BuiltIn(name=name, maker=maker, rest=rest)
    provider, _, model = name.partition("/")
    if provider == "local" or provider in LOCAL:
        return _own_server(name, provider, model, settings)
    if not model or not provider:
        raise Misconfigured(f"`{name}` is not a model's name{_near(name, built_in)}. {_SHAPES}")
    if provider == "huggingface":
        return _router(name, model, settings) or _no_key(name, ROUTER.keys[:1])
    return _provider(name, provider, model, settings)


def default_name(settings: ModelSettings) -> str:
    """Return the model for when nobody names one: what the keys at hand allow, `recipes` without any."""
    for variables, name in _DEFAULTS:
        if settings.first(variables)[1]:
            return name
    return "local" if settings.base_url("local", _LOCAL_BASES) else "recipes"


_DEFAULTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("ANTHROPIC_API_KEY",), "anthropic/claude-opus-4.8"),
    (("OPENAI_API_KEY",), "openai/gpt-5.5"),
    (ROUTER.keys, "moonshotai/Kimi-K2.6"),
)

_SHAPES = (
    "Names look like anthropic/claude-opus-4.8, openai/gpt-5.5, moonshotai/Kimi-K2.6 (through Hugging Face), "
    "ollama/llama3.1:8b, local/NAME, or `recipes`, which needs no key"
)


def _own_server(name: str, provider: str, model: str, settings: ModelSettings) -> Direct:
    known = LOCAL.get(provider)
    if known is not None and not model:
        raise Misconfigured(f"`{name}` does not say which model; write {provider}/NAME, as the server calls it")
    own = settings.base_url(provider, known.bases) if known is not None else ""
    base_url = own or settings.base_url("local", _LOCAL_BASES) or (known.url if known is not None else "")
    if not base_url:
        raise Misconfigured(
            f"`{name}` needs the address of your server: set LOCAL_LLM_BASE_URL, e.g. http://127.0.0.1:8000/v1"
        )
    variable, key = settings.first((*(known.keys if known is not None else ()), *_LOCAL_KEYS))
    return Direct(
        name=name,
        model=model or "local",
        base_url=_versioned(base_url),
        key=key,
        key_variable=variable or _LOCAL_KEYS[0],
    )


def _versioned(base_url: str) -> str:
    """People give the address of a server of their own with or without the `/v1` that all of them have."""
    return base_url if base_url.partition("://")[2].partition("/")[2] else f"{base_url}/v1"


def _router(name: str, model: str, settings: ModelSettings) -> Direct | None:
    variable, key = settings.first(ROUTER.keys)
    if not key:
        return None
    _, bill_to = settings.first(("HF_BILL_TO",))
    return Direct(
        name=name,
        model=model,
        base_url=settings.base_url("huggingface", ROUTER.bases) or ROUTER.url,
        key=key,
        key_variable=variable,
        headers={"X-HF-Bill-To": bill_to} if bill_to else {},
    )


def _provider(name: str, provider: str, model: str, settings: ModelSettings) -> Route:
    if provider in AMBIENT:
        return _ambient(name, provider, model, settings)
    hosted = HOSTED.get(provider)
    names = hosted.keys if hosted is not None else _key_names(provider)
    variable, key = settings.first(names)
    if key and hosted is not None:
        return _hosted(name, provider, _bare(model), hosted, settings, key=(variable, key))
    if key and provider in litellm_providers():
        return _translated(name, provider, _bare(model), settings, key=(variable, key))
    by_router = _router(name, name, settings)
    if by_router is not None:
        return by_router
    known = hosted is not None or provider in litellm_providers()
    return _no_key(name, (*(names[:1] if known else ()), *ROUTER.keys[:1]))


def _hosted(
    name: str, provider: str, model: str, hosted: Hosted, settings: ModelSettings, *, key: tuple[str, str]
) -> Direct:
    return Direct(
        name=name,
        model=model,
        base_url=settings.base_url(provider, hosted.bases) or hosted.url,
        key=key[1],
        key_variable=key[0],
        table_names=(f"{hosted.table}{model}",),
    )


def _translated(name: str, provider: str, model: str, settings: ModelSettings, *, key: tuple[str, str]) -> Translated:
    if provider == "anthropic":
        model = model.replace(".", "-")  # claude-opus-4.8 elsewhere, claude-opus-4-8 at its maker's
    upper = provider.upper()
    base_url = settings.base_url(provider, (f"{upper}_BASE_URL", f"{upper}_API_BASE"))
    return Translated(
        name=name,
        model=f"{provider}/{model}",
        provider=provider,
        arguments={"api_key": key[1], **({"api_base": base_url} if base_url else {})},
        key=key[1],
        key_variable=key[0],
        table_names=(f"{provider}/{model}", model),
    )


def _ambient(name: str, provider: str, model: str, settings: ModelSettings) -> Translated:
    known = AMBIENT[provider]
    found = {
        argument: settings.variables[variable] for variable, argument in known.items() if settings.first((variable,))[1]
    }
    return Translated(
        name=name,
        model=f"{provider}/{model}",
        provider=provider,
        arguments=found,
        key=found.get("api_key", found.get("aws_secret_access_key", "")),
        key_variable=next(iter(known)),
        table_names=(f"{provider}/{model}", model),
    )


def _bare(model: str) -> str:
    """Return the model without the router's `:fal-ai`."""
    bare, _, through = model.rpartition(":")
    return bare if through in ROUTED_THROUGH else model


def _key_names(provider: str) -> tuple[str, ...]:
    return OWN_KEYS.get(provider, (f"{provider.upper().replace('-', '_')}_API_KEY",))


def _no_key(name: str, variables: tuple[str, ...]) -> NoReturn:
    wanted = " or ".join(variables)
    near = (
        "" if len(variables) > 1 else _near(name.partition("/")[0], frozenset({*HOSTED, *LOCAL, "anthropic", "gemini"}))
    )
    fault = Misconfigured if near else ModelAuth
    raise fault(
        f"`{name}` cannot be reached: {wanted} is not set{near}. Set {wanted}, or use `recipes`, which needs no key"
    )


def _near(word: str, known: frozenset[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, sorted(known), n=1)
    return f" (did you mean `{close[0]}`?)" if close else ""
