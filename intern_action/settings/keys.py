"""The names of the knobs: as dotted paths, as environment variables, and who may set which."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import get_origin

from pydantic import BaseModel

from intern_action.core.types import Expense
from intern_action.settings.secret_names import holds_secret
from intern_action.settings.settings import McpServer, Settings

OPEN_SECTIONS = ("models.base_urls", "keys", "mcp")
"""Sections whose keys people choose."""

POLICY_KEYS = frozenset(
    {
        "enabled",
        "bots",
        "mcp_servers",
        "approvals.people",
        "approvals.people_needed",
        "approvals.requester_may_approve",
        "approvals.code_above_usd",
        "approvals.flavors",
        "approvals.hub_repositories",
        "approvals.models",
        "protected",
        *(
            f"budget.{expense}.{limit}"
            for expense in Expense
            for limit in ("month_usd", "session_usd", "requester_usd")
        ),
    }
)
"""What `.github/intern.yml` says to the gate (`gate.policy` reads it, from the default branch); no setting of a run."""

POLICY_SECTIONS = ("labels", "approvals.tiers")
"""Sections of the same kind whose keys people choose."""

_SERVER = re.compile(rf"mcp\.[^.]+\.(?:{'|'.join(McpServer.model_fields)}|headers\.[^.]+)")
"""The keys of one server, and its headers, whose names people choose."""

SERVERS_VARIABLE = "INTERN_ACTION_MCP"
"""The variable with the whole section `mcp` as YAML: what has names that people choose does not fit into one variable a knob."""

_CHOSEN = re.compile(r"labels\.[^.]+|approvals\.tiers\.[^.]+\.(?:above_usd|people_needed|code)")

REPOSITORY_MAY = frozenset(
    {
        "model",
        "fallbacks",
        "max_turns",
        "max_time",
        "max_cost_usd",
        "stream",
        "journals.home",
        "log_level",
        "approvals.expire_after",
        "budget.month_usd",
        "budget.session_usd",
        "budget.requester_usd",
        "jobs.flavor",
        "jobs.timeout",
        "jobs.attempts",
        "tools.timeout",
        "tools.output_chars",
        "waiting.poll",
        "waiting.job",
        "waiting.relief",
    }
)
"""What a repository's own file may set. A stranger may have written it, so nothing here says where a token goes, what
is executed, or where files are put. A knob that is not listed is refused there: new knobs start out safe."""

VARIABLE_PREFIX = "INTERN_ACTION_"
NO_SETTINGS = frozenset({"INTERN_ACTION_WORK", SERVERS_VARIABLE})
"""Variables of ours that are no knob of a run: where work is done (`settings.world`), and a whole section."""

RUN_FLAGS: Mapping[str, str] = {
    "model": "model",
    "max_iterations": "max_turns",
    "max_cost": "max_cost_usd",
    "sandbox_tools": "sandbox_tools",
    "out": "out",
}
"""What flags of a command and inputs of the action are called, and the setting that each of them is."""

_BASE_URL = re.compile(r"(?P<provider>[A-Z][A-Z0-9_]*)_(?:BASE_URL|API_BASE)")
_PROVIDERS = {"local_llm": "local", "hf": "huggingface"}


@cache
def setting_paths() -> frozenset[str]:
    """Return the dotted path of every knob outside of the open sections."""
    return frozenset(path for path in _paths(Settings, "") if path not in OPEN_SECTIONS)


@cache
def variables() -> Mapping[str, str]:
    """Return the dotted path of each environment variable of ours."""
    return MappingProxyType({VARIABLE_PREFIX + path.replace(".", "_").upper(): path for path in setting_paths()})


def well_known(variable: str) -> str | None:
    """Return the path that an environment variable of the wider world sets, None when it means nothing here."""
    if variable.startswith(VARIABLE_PREFIX):
        return None
    if variable == "HF_ENDPOINT":
        return "hub.endpoint"
    if found := _BASE_URL.fullmatch(variable):
        provider = found["provider"].lower()
        return f"models.base_urls.{_PROVIDERS.get(provider, provider)}"
    return f"keys.{variable}" if holds_secret(variable) else None


def is_known(path: str) -> bool:
    """Whether a dotted path is a knob."""
    return path in setting_paths() or in_open_section(path) or of_server(path)


def of_server(path: str) -> bool:
    """Whether the path is a key of a server in the section `mcp`."""
    return _SERVER.fullmatch(path) is not None


def in_open_section(path: str) -> bool:
    """Whether the path's last word was chosen by people: a provider, a secret's name."""
    return path.rpartition(".")[0] in OPEN_SECTIONS


def is_policy(path: str) -> bool:
    """Whether the path is one of what a repository's file says to the gate."""
    return path in POLICY_KEYS or _CHOSEN.fullmatch(path) is not None


def is_section(path: str) -> bool:
    """Whether the path is a heading that holds knobs."""
    return path in {*OPEN_SECTIONS, *POLICY_SECTIONS} or any(
        known.startswith(f"{path}.") for known in (*setting_paths(), *POLICY_KEYS)
    )


def _paths(model: type[BaseModel], above: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, BaseModel):
            yield from _paths(kind, f"{above}{name}.")
        else:
            yield above + name
