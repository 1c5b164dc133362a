"""Small parts: models by name, the hub's readers, the redactor, who shows what happens."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import platform
import secrets
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from intern_action.core.digests import digest
from intern_action.core.errors import Misconfigured
from intern_action.core.ports import Endpoints, HubReader, HubWriter, Model, RecipeBook, Redactor
from intern_action.core.types import Flavor, JsonObject
from intern_action.jobs._backend import Backend
from intern_action.launches.account import HubAccount
from intern_action.settings.settings import Settings
from intern_action.settings.world import World
from intern_action.shell.beneath import Beneath
from intern_action.trace.progress import QuietWatcher, TerminalWatcher
from intern_action.wiring.premises import Premises

if TYPE_CHECKING:
    from intern_action.agent.context import Room
    from intern_action.llm.prices import TokenPrices
    from intern_action.llm.settings import ModelSettings
    from intern_action.trace.canary import Canaries

MOST_METRICS = 1 << 20
MILLION = 1_000_000
LEAST_WINDOW = 2_048
LEAST_OUTPUT_CHARS = 1_000
BUILT_IN = frozenset({"recipes", "replay", "fork"})
"""Models of the house, by the first word of their names."""


def offline(world: World) -> Mapping[str, str]:
    """Return what jobs and tools get so that they work from the cache alone."""
    return {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_CACHE": str(world.cache),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }


def backend_named(name: str) -> Backend:
    """Return a backend of `jobs/`. Raises Misconfigured when there is none of that name."""
    import intern_action.jobs as folder

    return cast("Backend", backend_in(folder, name, setting="jobs.backend"))


def backend_in(folder: ModuleType, name: str, *, setting: str) -> object:
    """Return the constant of a module in a folder of backends. Raises Misconfigured when there is none of that name."""
    known = [one.name for one in pkgutil.iter_modules(folder.__path__) if not (one.ispkg or one.name.startswith("_"))]
    if name not in known:
        raise Misconfigured(f"`{setting}: {name}`: there is no such backend; there is {', '.join(known)}")
    return importlib.import_module(f"{folder.__name__}.{name}").BACKEND


def hub_account(premises: Premises) -> HubAccount:
    """Return whose jobs and sandboxes on the Hub these are."""
    settings = premises.settings
    keys = {name: key.get_secret_value() for name, key in settings.keys.items()}
    return HubAccount(
        endpoint=settings.hub.endpoint.rstrip("/"),
        token=keys.get("HF_WRITE_TOKEN", ""),
        job_token=keys.get("HF_JOB_TOKEN", ""),
        namespace=settings.jobs.hf.namespace,
        staging=settings.jobs.hf.staging,
        image=settings.jobs.hf.image,
        home=premises.home,
    )


def flavors_for(settings: Settings) -> Mapping[str, Flavor]:
    """Return the hardware that the backend has, with the prices of the table."""
    from intern_action.settings.flavors import load_flavors

    local = settings.jobs.backend == "local"
    priced = load_flavors(local_usd_per_hour=settings.jobs.local.usd_per_hour)
    return {name: flavor for name, flavor in priced.items() if name.startswith("local-") == local}


def usual_flavor(settings: Settings) -> str:
    """Return the hardware of jobs that name none: what is set, or the smallest of a backend that does not have that."""
    return there_is(settings.jobs.flavor, settings.jobs.backend)


def there_is(flavor: str, backend: str) -> str:
    """Return hardware of this name, or the smallest of a backend elsewhere, which has none of this machine's."""
    return "cpu-basic" if backend != "local" and flavor.startswith("local-") else flavor


def model_settings(premises: Premises) -> ModelSettings:
    """Return what environment and settings say about models."""
    from intern_action.llm.line import Patience
    from intern_action.llm.settings import ModelSettings

    settings = premises.settings
    keys = {name: key.get_secret_value() for name, key in settings.keys.items()}
    return ModelSettings(
        variables={**premises.environment, **keys},
        base_urls=settings.models.base_urls,
        prices=dict(price_of(line) for line in settings.models.prices),
        windows=dict(window_in(line) for line in settings.models.windows),
        stream=settings.stream,
        patience=Patience(answer_seconds=settings.models.timeout.total_seconds()),
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


def model_named(name: str, premises: Premises, recipes: RecipeBook, tell: Callable[[str], None]) -> Model:
    """Return the model of this name, with the listed ones behind it; `tell` gets a line before each further try.

    Nothing is opened before its first answer.
    """
    from intern_action.llm.fallback import Falling

    first = one_model(name, premises, recipes, tell)
    others = [
        partial(one_model, other, premises, recipes, tell)
        for other in premises.settings.fallbacks
        if other not in {"", name}
    ]
    return Falling(first, others, tell=tell) if others else first


def one_model(name: str, premises: Premises, recipes: RecipeBook, tell: Callable[[str], None]) -> Model:
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
        model = one_model(following, premises, recipes, tell)
        return Forked(replies(Path(file))[:until], model, name=name)

    return resolve(
        name,
        model_settings(premises),
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


def minutes(time: timedelta) -> int:
    """Return whole minutes."""
    return int(time.total_seconds() // 60)


def _replay(file: str) -> Model:
    """Answer from a recorded trace or journal."""
    from intern_action.llm.replay import Replay
    from intern_action.trace.recording import replies

    return Replay(replies(Path(file)), name=f"replay:{file}")


def hub_for(premises: Premises, checkout: str, task: str) -> HubReader:
    """Return the readers, the nearest first: folders of the checkout and of the task, the local hub, Hugging Face."""
    from intern_action.hub._pick import LayeredHub
    from intern_action.hub.folders import Folders, Root, paths_in
    from intern_action.hub.huggingface import HuggingFace
    from intern_action.hub.local import LocalHub

    settings, world = premises.settings, premises.world
    cache = str(world.cache)
    roots = (Root(folder=checkout, strict=True), *(Root(folder=path, strict=False) for path in paths_in(task)))
    token = settings.keys.get("HF_TOKEN")
    remote = HuggingFace(cache, endpoint=settings.hub.endpoint, token=token.get_secret_value() if token else "")
    local = LocalHub(settings.hub.folder or str(world.hub), cache)
    return LayeredHub(Folders(roots, cache), (local, remote))


def writer_for(premises: Premises) -> HubWriter:
    """Return who writes the Hub: Hugging Face where there is a token for it, else the folder of the local hub."""
    from intern_action.hub.huggingface_writer import HuggingFaceWriter
    from intern_action.hub.local import LocalHubWriter

    settings = premises.settings
    token = settings.keys.get("HF_WRITE_TOKEN")
    if settings.hub.folder or token is None:
        return LocalHubWriter(settings.hub.folder or str(premises.world.hub))
    return HuggingFaceWriter(
        endpoint=settings.hub.endpoint,
        token=token.get_secret_value(),
        private=settings.hub.private,
        pull_request=settings.hub.create_pr,
    )


def endpoints_for(premises: Premises) -> Endpoints:
    """Return where inference endpoints are had: on Hugging Face where there are tokens for it, else nowhere."""
    from intern_action.hub.no_endpoints import NoEndpoints
    from intern_action.settings.words import text

    settings = premises.settings
    keys = {name: key.get_secret_value() for name, key in settings.keys.items()}
    if settings.hub.folder or not keys.get("HF_WRITE_TOKEN"):
        return NoEndpoints(lambda: text("no-endpoints", missing="HF_WRITE_TOKEN").strip())
    if not keys.get("HF_TOKEN"):
        return NoEndpoints(lambda: text("no-endpoints", missing="HF_TOKEN").strip())
    from intern_action.hub._endpoint_account import EndpointAccount
    from intern_action.hub.endpoints import HubEndpoints
    from intern_action.settings.flavors import load_endpoint_flavors

    account = EndpointAccount(
        hub=settings.hub.endpoint.rstrip("/"),
        token=keys["HF_WRITE_TOKEN"],
        asking_token=keys["HF_TOKEN"],
        refusal=partial(text, "endpoint-refusals"),
        address=settings.endpoints.address,
        namespace=settings.endpoints.namespace or settings.jobs.hf.namespace,
        vendor=settings.endpoints.vendor,
        region=settings.endpoints.region,
        home=premises.home,
    )
    kept = premises.world.control / "endpoint-prices.json"
    return HubEndpoints(account, table=load_endpoint_flavors(), kept=kept, clock=premises.clock)


def redactor_for(settings: Settings) -> Redactor:
    """Return what masks every secret the settings know."""
    from intern_action.trace.redact import SecretRedactor

    known = {name: key.get_secret_value() for name, key in settings.keys.items()}
    more = {f"redaction.values[{n}]": value.get_secret_value() for n, value in enumerate(settings.redaction.values)}
    planted = {f"redaction.canaries[{n}]": one.get_secret_value() for n, one in enumerate(settings.redaction.canaries)}
    return SecretRedactor({**known, **more, **planted})


def canaries_for(settings: Settings) -> Canaries:
    """Return what looks once more before anything is published."""
    from intern_action.trace.canary import Canaries

    secrets = (*settings.keys.values(), *settings.redaction.values)
    return Canaries(
        planted=[one.get_secret_value() for one in settings.redaction.canaries],
        secrets=[one.get_secret_value() for one in secrets],
    )


def holder_of(control: Path) -> str:
    """Return the name of whoever shares the locks below control's folder: a number kept there, on this machine."""
    kept = control / "holder"
    if not kept.exists():
        new = control / f".holder-{secrets.token_hex(8)}"
        new.write_text(secrets.token_hex(16), encoding="utf-8")
        with contextlib.suppress(FileExistsError):
            os.link(new, kept)
        new.unlink()
    return digest([platform.node(), kept.read_text(encoding="utf-8")])[:16]


def metrics_in(folder: str) -> JsonObject:
    """Return what a job's `metrics.json` says, {} when there is none that can be read.

    The job ran what a model wrote, so the file is hostile: no link is followed, and its size is bounded.
    """
    try:
        with Beneath(folder) as inside, inside.reading("metrics.json") as file:
            found: object = json.loads(file.read(MOST_METRICS))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def watcher_for(premises: Premises) -> TerminalWatcher | QuietWatcher:
    """Return who shows what happens: lively on a terminal, quiet lines everywhere else."""
    environment, clock = premises.environment, premises.clock
    if sys.stderr.isatty() and environment.get("CI", "").lower() not in {"1", "true"}:
        colour = not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
        return TerminalWatcher(sys.stderr, clock=clock, colour=colour, stream=premises.settings.stream)
    return QuietWatcher(sys.stderr, clock=clock)
