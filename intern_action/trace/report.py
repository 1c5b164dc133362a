"""What people read of a session: pull request, sticky comment, step summary and the last words on a terminal.

`ReportData` is everything they need; somebody else gathers it. The words stand in `configs/texts`. Every text is escaped unless
it is marked as our own Markdown (`Md`), so a template cannot forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from intern_action.core.digests import plan_code
from intern_action.core.frozen import frozen
from intern_action.core.plan import RECOMMENDED, Plan
from intern_action.core.states import State
from intern_action.core.types import Step
from intern_action.trace._markdown import Md, block, code, fenced, inline
from intern_action.trace._screen import columns, harmless
from intern_action.trace.told import dollars, seconds

if TYPE_CHECKING:
    from jinja2 import Environment

COLUMNS = 80
_LABEL = 16
_COMMENT = "comment.md"
_SUMMARY = "summary.txt"


@frozen
class Actual:
    """What an approved job really took, over all its attempts. `memory_gb` is 0 when nobody measured it."""

    usd: Decimal
    seconds: float
    attempts: int
    memory_gb: float = 0.0


@frozen
class PlanReport:
    """A plan that was made, and where it stands.

    Args:
        plan, digest: the plan (once approved, with the option that was chosen) and what an approval of it is pinned to.
        option: what the approval chose, "" for the recommended one.
        actual: what it took, None before a job of it has ended.
        state: waiting for a review; approved (and launched); refused with words; dropped (superseded, expired, stopped).
        by: who approved or refused.
        words: the words of a refusal, or why it was dropped.
        approvers: who may approve, by name; empty is "everybody with write access except the requester".
        people_needed: how many distinct people.
        requester_may_approve: whether the policy lets the requester approve too.
        code_needed: whether the review has to contain the plan code.
        missing: what still fails, in words, as `/intern why` says it.
    """

    plan: Plan
    digest: str
    state: Literal["waiting", "approved", "refused", "dropped"]
    by: tuple[str, ...] = ()
    words: str = ""
    approvers: tuple[str, ...] = ()
    people_needed: int = 1
    requester_may_approve: bool = False
    code_needed: bool = False
    missing: tuple[str, ...] = ()
    option: str = ""
    actual: Actual | None = None

    @property
    def others(self) -> tuple[str, ...]:
        """What a review may write to have another option than the recommended one."""
        return tuple(one.names[0] for one in self.plan.options if RECOMMENDED not in one.names)

    @property
    def code(self) -> str:
        """The short code of the plan."""
        return plan_code(self.digest)


@frozen
class JobReport:
    """One launch. `state` is a word of `JobStage`, "refused" or "running"; `cost_usd` is None while nobody knows."""

    id: str
    backend: str
    launch_key: str
    script: str
    flavor: str
    attempt: int
    state: str
    seconds: float = 0.0
    cost_usd: Decimal | None = None
    message: str = ""
    url: str = ""


@frozen
class UploadReport:
    """One repository of the Hub that was written. `proposed`: as a pull request there, which is still to be merged."""

    kind: Literal["model", "dataset"]
    repository: str
    revision: str
    url: str
    proposed: bool = False


@frozen
class EndpointReport:
    """One inference endpoint that answered its first request. `cost_usd` is what the ledger has taken for it so far."""

    id: str
    repository: str
    revision: str
    flavor: str
    state: Literal["serving", "ended"]
    url: str
    ends_at: datetime
    asked: str
    answer: str
    cost_usd: Decimal
    ceiling_usd: Decimal


@frozen
class SmokeReport:
    """The newest smoke test, as the root process recorded it."""

    script: str
    exit_code: int
    seconds: float
    tree: str = ""
    timed_out: bool = False


@frozen
class Spend:
    """What the session cost so far. `unpriced` turns had no known price and are not in `model_usd`."""

    model_usd: Decimal = Decimal(0)
    jobs_usd: Decimal = Decimal(0)
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0

    @property
    def total_usd(self) -> Decimal:
        """Both bills."""
        return self.model_usd + self.jobs_usd


@frozen
class ReportData:
    """Everything the texts need.

    Args:
        session, task, requester, thread, model, branch, base: as the session began.
        state, why, exit_code: where it stands.
        place: where people act: reviews on GitHub, or commands on this machine.
        title, body: the agent's own words of the pull request (Markdown of a stranger).
        closing: the agent's last words, "" while it works.
        steps: the newest checklist.
        plan: the newest plan, None before the first. jobs: every launch, oldest first. smoke: the newest smoke test.
        metrics_table, loss_curve, classes_table: Markdown made by `metrics` (its cells are safe), "" without results.
        regressed: names of the metrics that got worse beyond their tolerance, or went missing.
        doubts: why the comparison may not be one.
        baseline: what is compared with, in words; "" without one.
        pull_request, pull_request_url, head_sha: what is published, 0 and "" before.
        changes: diff stat of what a reviewer sees.
        uploads, endpoints: what was made on the Hub, oldest first.
        model_folder, model_url, card: where the trained model and its card lie.
        trace_html, trace_jsonl, result_json: paths or addresses.
        turns, max_turns, spend: of the agent.
        started_at, updated_at: aware times.
        version: of this program.
    """

    session: str
    task: str
    requester: str
    thread: int
    model: str
    branch: str
    base: str
    state: State
    started_at: datetime
    updated_at: datetime
    why: str = ""
    exit_code: int = 0
    place: Literal["github", "local"] = "local"
    title: str = ""
    body: str = ""
    closing: str = ""
    steps: tuple[Step, ...] = ()
    plan: PlanReport | None = None
    jobs: tuple[JobReport, ...] = ()
    smoke: SmokeReport | None = None
    metrics_table: str = ""
    classes_table: str = ""
    loss_curve: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    regressed: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    baseline: str = ""
    pull_request: int = 0
    pull_request_url: str = ""
    head_sha: str = ""
    changes: str = ""
    uploads: tuple[UploadReport, ...] = ()
    endpoints: tuple[EndpointReport, ...] = ()
    model_folder: str = ""
    model_url: str = ""
    card: str = ""
    trace_html: str = ""
    trace_jsonl: str = ""
    result_json: str = ""
    turns: int = 0
    max_turns: int = 0
    spend: Spend = Spend()
    version: str = ""


def marker(session: str) -> str:
    """Return the hidden line by which a session's own comment and pull request are found again."""
    return (
        f"<!-- intern-action session={''.join(letter for letter in session if letter.isalnum() or letter in '-_')} -->"
    )


def pull_request(data: ReportData, *, texts: Path) -> Md:
    """Return the body of the pull request. `texts` is the folder `configs/texts`."""
    return _markdown(texts, "pull-request.md", data)


def comment(data: ReportData, *, texts: Path) -> Md:
    """Return the sticky comment."""
    return _markdown(texts, _COMMENT, data)


def step_summary(data: ReportData, *, texts: Path) -> Md:
    """Return the summary of a workflow step."""
    return _markdown(texts, "step-summary.md", data)


def terminal(data: ReportData, *, texts: Path) -> str:
    """Return the last words on a terminal, at most 80 columns wide where words can be broken."""
    page = _page(texts, harmless).get_template(_SUMMARY).render(d=data)
    return "\n".join(row.rstrip() for row in page.strip("\n").split("\n")) + "\n"


def ready(texts: Path) -> None:
    """Compile what every session ends with, so that writing it takes less time."""
    _page(texts, inline).get_template(_COMMENT)
    _page(texts, harmless).get_template(_SUMMARY)


# --- inside ----------------------------------------------------------------------------------------------------------


def _markdown(texts: Path, name: str, data: ReportData) -> Md:
    page = _page(texts, inline).get_template(name).render(d=data, marker=Md(marker(data.session)))
    rows = [row.rstrip() for row in page.strip("\n").split("\n")]
    kept = [row for place, row in enumerate(rows) if row or (place and rows[place - 1])]
    return Md("\n".join(kept) + "\n")


@cache
def _page(texts: Path, escape: Callable[[str], str]) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    def final(value: object) -> object:
        return escape(value) if isinstance(value, str) and not isinstance(value, Md) else value

    made = Environment(
        loader=FileSystemLoader(texts),
        autoescape=False,  # noqa: S701 - not HTML: `final` escapes for Markdown and for terminals, and cannot be forgotten
        finalize=final,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Callable[..., object]] = {
        "own": Md,
        "code": code,
        "block": block,
        "fenced": fenced,
        "dollars": dollars,
        "span": seconds,
        "day": _day,
        "link": _link,
        "wrap": _wrap,
        "flags": _flags,
    }
    made.filters.update(filters)  # pyright: ignore[reportUnknownMemberType] - jinja2 leaves its type open
    return made


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def _flags(parameters: Mapping[str, str]) -> str:
    return " ".join(f"--{name}" if value == "true" else f"--{name}={value}" for name, value in parameters.items())


def _link(address: str, words: str) -> Md:
    """Return a link where the address is one of the web, else the address as a path to copy."""
    if address.startswith(("https://", "http://")) and not set(address) & set(" ()<>[]\"'`\\\n"):
        return Md(f"[{inline(words)}]({address})")
    return Md(f"{inline(words)}: {code(address)}")


def _wrap(text: str, indent: int = 0) -> str:
    """Return a text for a terminal, broken at words, all but the first line indented."""
    rows = [
        row for paragraph in harmless(text).split("\n") for row in _broken(paragraph, COLUMNS - 2 * indent - _LABEL)
    ]
    return f"\n{' ' * indent}".join(rows)


def _broken(paragraph: str, room: int) -> list[str]:
    rows = [""]
    for word in paragraph.split():
        for piece in _pieces(word, room):
            joined = f"{rows[-1]} {piece}".strip()
            rows = [*rows[:-1], joined] if columns(joined) <= room else [*rows, piece]
    return rows


def _pieces(word: str, room: int) -> list[str]:
    """Cut a word that is wider than a line, or that is written in letters which may be parted anywhere."""
    if columns(word) <= room:
        return [word]
    half = room // 2  # no letter takes more than two columns
    return [word[start : start + half] for start in range(0, len(word), half)]
