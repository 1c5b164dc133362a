"""Small parts: the hub's readers and writers, the redactor, who shows what happens."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import platform
import secrets
import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from intern_action.core.digests import digest
from intern_action.core.errors import Misconfigured
from intern_action.core.ports import Endpoints, HubReader, HubWriter, Redactor
from intern_action.core.types import Flavor, JsonObject
from intern_action.jobs._backend import Backend
from intern_action.launches.account import HubAccount
from intern_action.session.office import RUN
from intern_action.settings.settings import Settings
from intern_action.settings.world import World
from intern_action.shell.beneath import Beneath
from intern_action.trace.progress import QuietWatcher, TerminalWatcher
from intern_action.wiring.premises import Premises

if TYPE_CHECKING:
    from intern_action.trace.canary import Canaries

MOST_METRICS = 1 << 20


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


def hub_account(premises: Premises, *, reads: bool = False) -> HubAccount:
    """Return whose jobs and sandboxes on the Hub these are; with `reads`, as the agent half sees them from its own job."""
    settings = premises.settings
    keys = {name: key.get_secret_value() for name, key in settings.keys.items()}
    return HubAccount(
        endpoint=settings.hub.endpoint.rstrip("/"),
        token=keys.get("HF_TOKEN" if reads else "HF_WRITE_TOKEN", ""),
        reads=reads,
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


def minutes(time: timedelta) -> int:
    """Return whole minutes."""
    return int(time.total_seconds() // 60)


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
    return SecretRedactor({**known, **more, **planted, **_header_secrets(settings)})


def _header_secrets(settings: Settings) -> Mapping[str, str]:
    """Return what is sent to tool servers: each header's value, and what stands in it behind a word such as `Bearer`."""
    values = {
        f"mcp.{name}.headers.{header}": value.get_secret_value()
        for name, server in settings.mcp.items()
        for header, value in server.headers.items()
    }
    return {**values, **{f"{name} (its end)": value.rpartition(" ")[2] for name, value in values.items()}}


def canaries_for(settings: Settings) -> Canaries:
    """Return what looks once more before anything is published."""
    from intern_action.trace.canary import Canaries

    secrets = (*settings.keys.values(), *settings.redaction.values)
    return Canaries(
        planted=[one.get_secret_value() for one in settings.redaction.canaries],
        secrets=[*(one.get_secret_value() for one in secrets), *_header_secrets(settings).values()],
    )


def holder_of(control: Path, runner: str = "") -> str:
    """Return the name of whoever shares the locks below control's folder: a number kept there, on this machine.

    On a runner it is the workflow run, of which GitHub knows whether it still runs.
    """
    if runner:
        return f"{RUN}{runner}"
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
