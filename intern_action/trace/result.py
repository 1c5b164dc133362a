"""result.json: what a session came to, for machines. The schema is versioned and written out in docs/result.md."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, ValidationError

from intern_action.core.effects import WritesHub
from intern_action.core.errors import Misconfigured
from intern_action.core.plan import Option
from intern_action.core.states import State
from intern_action.trace.report import JobReport, PlanReport, ReportData, Spend
from intern_action.trace.whole import write_whole

SCHEMA_VERSION = 1


def _money(usd: Decimal) -> str:
    return format(usd, "f")


Usd = Annotated[
    Decimal,
    Field(ge=0, allow_inf_nan=False, description="United States dollars, as a string so that nothing is rounded"),
    PlainSerializer(_money, return_type=str),
]
Sha = Annotated[str, Field(pattern=r"^(|[0-9a-f]{40,64})$")]


class _Part(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


class PullRequestPart(_Part):
    """The pull request."""

    number: int = Field(ge=1)
    url: str = Field(default="", description="its address, or the path of its file")


class OptionPart(_Part):
    """One way in which a plan's job can be had. Estimates are null while nobody knows."""

    names: tuple[str, ...] = Field(description="what a review may call it: recommended, cheapest, fastest")
    flavor: str
    usd_per_hour: Usd
    timeout_minutes: int = Field(ge=1)
    ceiling_usd: Usd
    estimate_usd: Usd | None = None
    estimate_minutes: float | None = None
    sure: Literal["measured", "modelled", "unknown"] = "unknown"


class PlanPart(_Part):
    """The newest plan that needed, or needs, an approval."""

    digest: Sha
    code: str = Field(description="what a reviewer writes where the policy asks for it")
    ceiling_usd: Usd = Field(description="the most it may cost, 0 for what costs nothing")
    asks: str = Field(
        default="spends", description="spends (a job), leases (a sandbox), serves (an endpoint), writes_hub or contacts"
    )
    repository: str = Field(default="", description="of a write to the Hub: where")
    overwrites: str = Field(default="", description="of a write to the Hub: the revision it is over, empty for nothing")
    state: Literal["waiting", "approved", "refused", "dropped"]
    approved_by: tuple[str, ...] = ()
    options: tuple[OptionPart, ...] = Field(
        default=(), description="the ways in which its job can be had; empty when there is only one"
    )
    option: str = Field(
        default="", description="the one that the approval chose by name, empty for the recommended one"
    )


class JobPart(_Part):
    """One launch of a job."""

    id: str
    backend: str
    launch_key: str
    attempt: int = Field(ge=1)
    flavor: str = ""
    state: str = Field(
        description="running, completed, failed, out_of_memory, timed_out, preempted, cancelled or refused"
    )
    seconds: float = Field(default=0.0, ge=0)
    cost_usd: Usd | None = Field(default=None, description="null while nobody knows")


class UploadPart(_Part):
    """One repository of the Hub that was written."""

    kind: Literal["model", "dataset"]
    repository: str
    revision: str
    url: str
    proposed: bool = Field(default=False, description="as a pull request there, which is still to be merged")


class EndpointPart(_Part):
    """One inference endpoint that answered its first request."""

    id: str
    repository: str
    revision: str
    flavor: str
    state: Literal["serving", "ended"]
    url: str
    ends_at: AwareDatetime = Field(description="when it is deleted at the latest")
    asked: str
    answer: str = Field(description="to the first request, cut after 2,000 characters")
    cost_usd: Usd = Field(description="what the ledger has taken for it so far")
    ceiling_usd: Usd


class TokensPart(_Part):
    """What the model read and wrote. `input` holds what came from the cache too."""

    input: int = Field(default=0, ge=0)
    output: int = Field(default=0, ge=0)
    cache_read: int = Field(default=0, ge=0)
    cache_write: int = Field(default=0, ge=0)


class SpendPart(_Part):
    """What it cost."""

    model_usd: Usd = Decimal(0)
    jobs_usd: Usd = Decimal(0)
    unpriced_turns: int = Field(default=0, ge=0, description="turns whose price is not known and not in model_usd")
    tokens: TokensPart = TokensPart()


class FilesPart(_Part):
    """Where things lie: paths or addresses, null for what there is not."""

    trace_jsonl: str | None = None
    trace_html: str | None = None
    model: str | None = None


class Result(_Part):
    """What a session came to.

    A later version may add fields; a field that is here keeps its meaning as long as `schema_version` is 1.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    session: str = Field(min_length=1)
    task: str = ""
    state: State
    exit_code: int = Field(ge=0, le=255, description="what the command ended with: 0 done or waiting, see the README")
    ending: str = Field(
        default="",
        description="why the last stretch of work ended: finished, needs-review, needs-job, needs-input, exhausted-turns …",
    )
    message: str = Field(default="", description="the agent's last words, or what went wrong and what to change")
    pull_request: PullRequestPart | None = None
    branch: str = ""
    head_sha: Sha = ""
    plan: PlanPart | None = None
    jobs: tuple[JobPart, ...] = ()
    uploads: tuple[UploadPart, ...] = ()
    endpoints: tuple[EndpointPart, ...] = ()
    metrics: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(
        default_factory=dict[str, float], description="by name, of the newest job that brought numbers home"
    )
    regressed: tuple[str, ...] = Field(
        default=(), description="metrics that got worse than the baseline beyond their tolerance"
    )
    spend: SpendPart = SpendPart()
    turns: int = Field(default=0, ge=0)
    files: FilesPart = FilesPart()
    started: AwareDatetime
    finished: AwareDatetime | None = Field(default=None, description="null while the session is not over")
    versions: dict[str, str] = Field(default_factory=dict[str, str], description="of this program and what it ran on")


def dump(result: Result) -> str:
    """Return the file's text."""
    return result.model_dump_json(indent=2) + "\n"


def write(path: Path, result: Result) -> None:
    """Write the file, whole or not at all, on the disk when this returns.

    Raises:
        Misconfigured: the folder cannot be written to, or the disk is full.
    """
    write_whole(path, dump(result))


def read(path: Path) -> Result:
    """Return the result in a file.

    Raises:
        Misconfigured: there is none, or it is not one of version 1.
    """
    try:
        return Result.model_validate_json(path.read_bytes())
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "as a whole"
        raise Misconfigured(f"{path} is no result of version {SCHEMA_VERSION}: {where}: {first['msg']}") from error


def schema() -> str:
    """Return the JSON Schema, as it stands in docs/result.md."""
    return json.dumps(Result.model_json_schema(mode="serialization"), indent=2, ensure_ascii=False)


def of(data: ReportData, *, ending: str = "", versions: Mapping[str, str] | None = None) -> Result:
    """Return the result that says the same as the texts.

    Args:
        data: what the texts are made of.
        ending: why the last stretch of work ended.
        versions: of this program and what it ran on.
    """
    return Result(
        session=data.session,
        task=data.task,
        state=data.state,
        exit_code=data.exit_code,
        ending=ending,
        message=data.closing or data.why,
        pull_request=PullRequestPart(number=data.pull_request, url=data.pull_request_url)
        if data.pull_request
        else None,
        branch=data.branch,
        head_sha=data.head_sha,
        plan=_plan(data.plan) if data.plan else None,
        jobs=tuple(_job(job) for job in data.jobs),
        uploads=tuple(UploadPart(**asdict(one)) for one in data.uploads),
        endpoints=tuple(EndpointPart(**asdict(one)) for one in data.endpoints),
        metrics={name: value for name, value in data.metrics.items() if math.isfinite(value)},
        regressed=data.regressed,
        spend=_spend(data.spend),
        turns=data.turns,
        files=FilesPart(
            trace_jsonl=data.trace_jsonl or None,
            trace_html=data.trace_html or None,
            model=data.model_url or data.model_folder or None,
        ),
        started=data.started_at,
        finished=data.updated_at if data.state.over else None,
        versions=dict(versions or {}),
    )


def _plan(plan: PlanReport) -> PlanPart:
    return PlanPart(
        digest=plan.digest,
        code=plan.code,
        ceiling_usd=plan.plan.ceiling_usd,
        asks=plan.plan.asks.kind,
        repository=plan.plan.asks.repository if isinstance(plan.plan.asks, WritesHub) else "",
        overwrites=plan.plan.parent,
        state=plan.state,
        approved_by=plan.by if plan.state == "approved" else (),
        options=tuple(_option(one) for one in plan.plan.options),
        option=plan.option,
    )


def _option(option: Option) -> OptionPart:
    quote = option.quote
    return OptionPart(
        names=option.names,
        flavor=quote.flavor.name,
        usd_per_hour=quote.flavor.usd_per_hour,
        timeout_minutes=quote.timeout_minutes,
        ceiling_usd=quote.ceiling_usd,
        estimate_usd=quote.estimate_usd,
        estimate_minutes=float(quote.estimate_minutes) if quote.estimate_minutes is not None else None,
        sure=quote.sure,
    )


def _job(job: JobReport) -> JobPart:
    return JobPart(
        id=job.id,
        backend=job.backend,
        launch_key=job.launch_key,
        attempt=job.attempt,
        flavor=job.flavor,
        state=job.state,
        seconds=job.seconds,
        cost_usd=job.cost_usd,
    )


def _spend(spend: Spend) -> SpendPart:
    tokens = TokensPart(
        input=spend.input_tokens,
        output=spend.output_tokens,
        cache_read=spend.cache_read_tokens,
        cache_write=spend.cache_write_tokens,
    )
    return SpendPart(model_usd=spend.model_usd, jobs_usd=spend.jobs_usd, unpriced_turns=spend.unpriced, tokens=tokens)
