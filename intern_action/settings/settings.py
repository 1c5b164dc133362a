"""Every knob there is, typed. The values come from `load`; the defaults stand in `configs/default.yaml` and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from intern_action.core.durations import duration
from intern_action.settings.mcp import READS, ServerName, flaw_of, tools_flaw
from intern_action.settings.quantities import money_usd


def _money_or_none(value: object) -> Decimal | None:
    return None if value is None else money_usd(value)


def _duration_or_none(value: object) -> timedelta | None:
    return None if value is None else duration(value)


def _words(value: object) -> object:
    """Return a list of words: in an environment variable they stand in one line, between commas."""
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    return value


MoneyUsd = Annotated[Decimal, BeforeValidator(money_usd)]
DurationOrNone = Annotated[timedelta | None, BeforeValidator(_duration_or_none)]
MoneyUsdOrNone = Annotated[Decimal | None, BeforeValidator(_money_or_none)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_words)]


class Section(BaseModel):
    """A part of the settings: frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Approvals(Section):
    """Where the policy stands (on the default branch), and how long a plan may wait for an approval."""

    policy: str = Field(min_length=1)
    expire_after: Duration


class Budget(Section):
    """Dollars that may be set aside in all; None is no limit of this kind."""

    month_usd: MoneyUsdOrNone
    session_usd: MoneyUsdOrNone
    requester_usd: MoneyUsdOrNone


class LocalJobs(Section):
    """Jobs on this machine: what they cost by the hour (None: the price table's), their limits, the Python that runs them."""

    usd_per_hour: MoneyUsdOrNone
    timeout: Duration
    memory_mb: int = Field(ge=256)
    python: str


class HubJobs(Section):
    """Jobs on Hugging Face: who pays, whose staging repositories, the image, limits of a job's time and of a price list's age."""

    namespace: str
    staging: str
    image: str = Field(min_length=1)
    timeout: Duration
    kept_for: Duration


class Jobs(Section):
    """Where training runs, and what a job gets that does not say it."""

    backend: str
    flavor: str
    timeout: Duration
    attempts: int = Field(ge=1, le=20)
    local: LocalJobs
    hf: HubJobs


class Sandbox(Section):
    """Isolated machines: where they come from, what the house asks for with `sandbox_tools`, their limits and secrets."""

    backend: str
    flavor: str
    lease: Duration
    cap_usd: MoneyUsdOrNone
    longest: Duration
    memory_mb: int = Field(ge=256)
    secrets: Words


class EndpointSettings(Section):
    """Inference endpoints: the address of their API, who pays, whose machines, and how long one may take until it answers."""

    address: str
    namespace: str
    vendor: str = Field(min_length=1)
    region: str = Field(min_length=1)
    answers_within: Duration


class McpServer(Section):
    """A tool server that speaks MCP: a program of this machine or an address, and which of its tools there are.

    `tools` has lines such as `search reads`: what only reads may run. A tool without that word is held, and one without a line
    is not there. `headers` go to `url` alone; each of them is a secret.
    """

    command: str = ""
    args: Words = ()
    url: str = ""
    headers: Mapping[str, SecretStr] = Field(default_factory=dict[str, SecretStr])
    timeout: DurationOrNone = None
    tools: Words = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        flaw = flaw_of(command=self.command, url=self.url, headed=bool(self.headers)) or tools_flaw(self.tools)
        if flaw:
            raise ValueError(flaw)
        return self

    @property
    def reads(self) -> Mapping[str, bool]:
        """Each tool that there is, and whether it only reads."""
        return {name: effect == READS for name, _, effect in (line.partition(" ") for line in self.tools)}


class Hub(Section):
    """The Hub: its address, or a folder in its layout instead; whether uploads are proposed, and what we make is private."""

    endpoint: str
    folder: str
    create_pr: bool
    private: bool


class Traces(Section):
    """Whether traces go to a private data set on the Hub, and to which; `{user}` is whoever the writing token belongs to."""

    branch: str
    upload: bool
    repository: str = Field(pattern=r"^[^/\s]+/[^/\s]+$")


class Journals(Section):
    """Where other machines find the journals of sessions: refs of the repository, or the private data set of traces."""

    home: Literal["auto", "repository", "hub"]


class Models(Section):
    """How models are reached: base addresses by provider, prices, windows, when to fold, patience, retries after a fault."""

    base_urls: Mapping[str, str] = Field(default_factory=dict[str, str])
    prices: Words
    windows: Words
    fold_at: int = Field(ge=2_048, le=10_000_000)
    timeout: Duration
    retries: int = Field(ge=0, le=20)


class Redaction(Section):
    """Further values that nobody may read, and fake secrets that were planted: what holds one is not published."""

    values: Secrets
    canaries: Secrets


class SecretNames(Section):
    """Further environment variables that hold secrets."""

    names: Words


class Tools(Section):
    """Limits of every tool: time, characters a model reads of one answer, size of the file with the rest."""

    timeout: Duration
    longest_timeout: Duration
    output_chars: int = Field(ge=1_000, le=1_000_000)
    spill_mb: int = Field(ge=1, le=1_024)
    parallel: int = Field(ge=1, le=64)


class Waiting(Section):
    """How patient a run is: how often it looks at a job, and how long it waits for one before it leaves without it.

    `relief`: how long the agent works in one run of a workflow before the next goes on.
    """

    poll: Duration
    job: Duration
    runner: Duration
    relief: Duration


class Settings(Section):
    """All of it. `model` is empty when nobody chose one; `keys` holds secrets by the name of their environment variable."""

    model: str
    fallbacks: Words
    max_turns: int = Field(ge=1, le=10_000)
    max_time: DurationOrNone
    max_cost_usd: MoneyUsdOrNone
    stream: bool
    sandbox_tools: bool
    out: str = Field(min_length=1)
    log_level: Literal["debug", "info", "warning", "error"]
    approvals: Approvals
    budget: Budget
    jobs: Jobs
    sandbox: Sandbox
    endpoints: EndpointSettings
    hub: Hub
    traces: Traces
    journals: Journals
    models: Models
    redaction: Redaction
    secrets: SecretNames
    tools: Tools
    waiting: Waiting
    mcp: Mapping[ServerName, McpServer] = Field(default_factory=dict[str, McpServer])
    keys: Mapping[str, SecretStr] = Field(default_factory=dict[str, SecretStr])
