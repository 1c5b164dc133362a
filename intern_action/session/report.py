"""What there is to tell of a session, gathered from its journal and the ledger. The words stand in templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Literal, cast

from intern_action.agent.memory import Memory
from intern_action.core.digests import launch_key
from intern_action.core.entries import LedgerView, agreed
from intern_action.core.errors import InternError, JobError
from intern_action.core.events import Heard, Submitted
from intern_action.core.frozen import frozen
from intern_action.core.judgement import Approved
from intern_action.core.plan import Plan
from intern_action.core.states import JobState, State
from intern_action.core.types import EMPTY, Answer, JsonObject, Reply, Step
from intern_action.gate.tiers import code_above_usd, people_needed
from intern_action.metrics import parse, plot, table
from intern_action.metrics.compare import compare
from intern_action.metrics.parse import Metrics
from intern_action.session.office import Case
from intern_action.session.planning import pull_request_of
from intern_action.session.review import before_review, explain
from intern_action.trace.codec import split, verify
from intern_action.trace.report import (
    Actual,
    EndpointReport,
    JobReport,
    PlanReport,
    ReportData,
    SmokeReport,
    Spend,
    UploadReport,
)

PLANS = frozenset({"create_plan", "update_plan"})
StepState = Literal["todo", "doing", "done", "dropped"]
STEP_STATES: Mapping[str, StepState] = {"todo": "todo", "doing": "doing", "done": "done", "dropped": "dropped"}
EARLIER = 20
"""How many finished sessions are looked through for one to compare with."""

Standing = Literal["waiting", "approved", "refused", "dropped"]


@frozen
class Links:
    """Where the files of a session lie: paths or addresses."""

    trace_html: str = ""
    trace_jsonl: str = ""
    result_json: str = ""
    model_folder: str = ""
    card: str = ""


def gather(case: Case, links: Links, *, version: str, place: Literal["github", "local"] = "local") -> ReportData:
    """Return everything the texts need, as of now."""
    began, memory = case.began, case.memory
    entries = tuple(case.journal.entries())
    told = ReportData(
        session=began.session,
        task=began.task,
        requester=began.requester,
        thread=began.thread,
        model=began.model,
        branch=began.branch,
        base=began.base,
        state=case.state,
        started_at=entries[0].at,
        updated_at=entries[-1].at,
        why=memory.why,
        exit_code=memory.exit_code,
        place=place,
        closing=_closing(case),
        steps=_steps(case),
        smoke=_smoke(case),
        turns=memory.replies,
        max_turns=began.max_turns,
        spend=_spend(case, (entry.event for entry in entries)),
        version=version,
    )
    told = _with_links(_with_pull_request(told, case), case, links)
    view = case.office.ledger.read()
    jobs = tuple(_jobs(case, view))
    told = replace(told, uploads=tuple(_uploads(case)), endpoints=tuple(_endpoints(case, view)))
    return replace(_with_metrics(told, case), plan=_plan(case, view, jobs), jobs=jobs)


def _closing(case: Case) -> str:
    match case.memory.turns[-1]:
        case Reply(calls=(), text=text) if case.state.over:
            return text
        case Answer(result=result) if case.state is State.FAILED and "reason" in result.data:
            return str(result.data["reason"])
        case _:
            return ""


def _steps(case: Case) -> tuple[Step, ...]:
    listed = [turn for turn in case.memory.turns if isinstance(turn, Answer) and turn.call.name in PLANS]
    raw = listed[-1].result.data.get("steps") if listed else None
    return tuple(_step(item) for item in cast("Iterable[object]", raw)) if isinstance(raw, list | tuple) else ()


def _step(item: object) -> Step:
    match item:
        case {"text": str(text), "state": str(state)} if state in STEP_STATES:
            return Step(text=text, state=STEP_STATES[state])
        case {"text": str(text)}:
            return Step(text=text)
        case _:
            return Step(text=str(item))


def _smoke(case: Case) -> SmokeReport | None:
    tests = case.memory.past("smoke_test")
    data = tests[-1].result.data if tests else EMPTY
    match data:
        case {"script": str(script), "exit_code": int(code), "seconds": int() | float() as seconds}:
            return SmokeReport(
                script=script,
                exit_code=code,
                seconds=float(seconds),
                tree=str(data.get("tree", "")),
                timed_out=data.get("timed_out") is True,
            )
        case _:
            return None


def _spend(case: Case, events: Iterable[object]) -> Spend:
    usages = [event.reply.usage for event in events if isinstance(event, Heard)]
    return Spend(
        model_usd=case.memory.model_usd,
        jobs_usd=case.memory.jobs_usd,
        unpriced=case.memory.unpriced,
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        cache_read_tokens=sum(usage.cache_read_tokens for usage in usages),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in usages),
    )


def _with_pull_request(told: ReportData, case: Case) -> ReportData:
    published = pull_request_of(case)
    if published is None:
        return told
    data = published.data
    return replace(
        told,
        title=data["title"],
        body=data["body"],
        pull_request=int(data["number"]),
        pull_request_url=data["url"],
        head_sha=data["head"],
        changes=case.office.publisher.changes(case.began.base_sha, data["head"]),
    )


def _with_links(told: ReportData, case: Case, links: Links) -> ReportData:
    uploaded = next((done for done in reversed(case.memory.published) if done.what == "hub-model"), None)
    return replace(
        told,
        trace_html=links.trace_html,
        trace_jsonl=links.trace_jsonl,
        result_json=links.result_json,
        model_folder=links.model_folder,
        model_url=uploaded.data["url"] if uploaded else "",
        card=links.card,
    )


def _with_metrics(told: ReportData, case: Case) -> ReportData:
    found = newest_metrics(case.memory)
    if not found:
        return told
    try:
        metrics = parse.of(found)
    except JobError as error:
        return replace(told, doubts=(str(error),))
    shown = replace(
        told,
        metrics={name: metric.value for name, metric in metrics.metrics.items()},
        metrics_table=table.metrics_table(metrics),
        classes_table=table.classes_table(metrics.classes) if metrics.classes else "",
        loss_curve=plot.loss_curve(metrics.train_curve) if metrics.train_curve else "",
    )
    return _beside_the_last(shown, case, metrics)


def _beside_the_last(told: ReportData, case: Case, metrics: Metrics) -> ReportData:
    """Compare with the newest earlier session that measured something on this data set."""
    last = last_measured(case, metrics)
    if last is None:
        return told
    session, baseline = last
    comparison = compare(metrics, baseline)
    return replace(
        told,
        metrics_table=table.comparison_table(comparison),
        regressed=comparison.regressed,
        doubts=comparison.doubts,
        baseline=f"the model of session {session}",
    )


def last_measured(case: Case, metrics: Metrics) -> tuple[str, Metrics] | None:
    """Return the newest earlier session that is done and measured a model on the same data set, with its numbers."""
    sessions = case.office.ledger.read().sessions()
    names = list(sessions)
    ours = names.index(case.began.session) if case.began.session in sessions else len(names)
    done = [name for name in names[:ours] if sessions[name].state is State.DONE]
    for name in reversed(done[-EARLIER:]):
        earlier = _measured_in(case, name)
        if earlier is not None and metrics.dataset and earlier.dataset == metrics.dataset and not earlier.smoke:
            return name, earlier
    return None


def _measured_in(case: Case, session: str) -> Metrics | None:
    stored = case.office.publisher.load_journal(session)
    if stored is None:
        return None
    whole, _ = split(stored[1])
    found = newest_metrics(Memory.of(entry.event for entry in verify(whole)))
    try:
        return parse.of(found) if found else None
    except JobError:
        return None


def newest_metrics(memory: Memory) -> JsonObject:
    """Return what the newest finished job measured, {} when none did."""
    for answer in reversed(memory.past("hf_create_job")):
        metrics = answer.result.data.get("metrics")
        if isinstance(metrics, Mapping) and metrics:
            return cast("JsonObject", metrics)
    return {}


# --- the Hub ---------------------------------------------------------------------------------------------------------


def _uploads(case: Case) -> Iterable[UploadReport]:
    for done in case.memory.published:
        if done.what in {"hub-model", "hub-dataset"}:
            yield UploadReport(
                kind="model" if done.what == "hub-model" else "dataset",
                repository=done.data["repository"],
                revision=done.data["revision"],
                url=done.data["url"],
                proposed=done.data.get("proposed") == "true",
            )


def _endpoints(case: Case, view: LedgerView) -> Iterable[EndpointReport]:
    for answer in case.memory.past("deploy_endpoint"):
        match answer.result.data:
            case {
                "state": "running",
                "endpoint": {"id": str(name), "launch_key": str(key)},
                "ends_at": str(until),
            } as data:
                row = view.row(key)
                yield EndpointReport(
                    id=name,
                    repository=str(data.get("repository")),
                    revision=str(data.get("revision")),
                    flavor=str(data.get("flavor")),
                    state="serving" if row is not None and row.state is JobState.RUNNING else "ended",
                    url=str(data.get("url")),
                    ends_at=datetime.fromisoformat(until),
                    asked=str(data.get("asked")),
                    answer=str(data.get("answer")),
                    cost_usd=view.captured(row.digest) if row else Decimal(0),
                    ceiling_usd=_money(data.get("ceiling_usd")) or Decimal(0),
                )
            case _:
                pass


# --- plan and jobs ---------------------------------------------------------------------------------------------------


def _plan(case: Case, view: LedgerView, jobs: tuple[JobReport, ...]) -> PlanReport | None:
    made = view.newest_plan(case.began.session)
    if made is None:
        return None
    _, policy = case.office.policy()
    state, by, words = _standing(case, view, made.digest)
    consumed = view.consumed(made.digest)
    return PlanReport(
        plan=agreed(view, made.digest) or made.plan,
        option=consumed.option if consumed else "",
        actual=_actual(case, made.digest, jobs),
        digest=made.digest,
        state=state,
        by=by,
        words=words,
        approvers=policy.approvers,
        people_needed=people_needed(policy, _dearest(made.plan)),
        requester_may_approve=policy.requester_may_approve,
        code_needed=(above := code_above_usd(policy)) is not None and _dearest(made.plan) > above,
        missing=_missing(case) if state == "waiting" else (),
    )


def _dearest(plan: Plan) -> Decimal:
    return max(plan.ceiling_usd, *(option.quote.ceiling_usd for option in plan.options), Decimal(0))


def _actual(case: Case, digest: str, jobs: tuple[JobReport, ...]) -> Actual | None:
    """Return what the ended jobs of a plan took, to be held against its quote; None when none has ended."""
    ours = {launch_key(digest, job.attempt) for job in jobs}
    ended = [job for job in jobs if job.launch_key in ours and job.cost_usd is not None]
    if not ended:
        return None
    return Actual(
        usd=sum((job.cost_usd or Decimal(0) for job in ended), Decimal(0)),
        seconds=sum(job.seconds for job in ended),
        attempts=len(ended),
        memory_gb=_peak_gb(newest_metrics(case.memory)),
    )


def _peak_gb(metrics: JsonObject) -> float:
    """Return the most memory that a job says it held: its accelerator's where it had one, else the machine's."""
    match metrics.get("peak_memory_bytes"):
        case {"accelerator": int(peak)} | {"host": int(peak)}:
            return peak / 1e9
        case _:
            return 0.0


def _standing(case: Case, view: LedgerView, digest: str) -> tuple[Standing, tuple[str, ...], str]:
    refused = next((no for no in case.memory.refused.values() if no.digest == digest), None)
    consumed, dropped = view.consumed(digest), view.dropped(digest)
    if refused is not None:
        return "refused", (refused.by,), refused.words
    if consumed is not None:
        return "approved", consumed.by, ""
    if dropped is not None:
        return "dropped", (), dropped.why
    return "waiting", (), ""


def _missing(case: Case) -> tuple[str, ...]:
    """Return what still fails besides the reviews themselves; words on a fault when it cannot be told."""
    before = before_review(case) if case.state is State.AWAITING_REVIEW else None
    if before is None:
        return ()
    try:
        judgement = case.judged or explain(case, before)
    except InternError as error:
        return (str(error),)
    if isinstance(judgement, Approved) or judgement.waiting:
        return ()
    return tuple(condition.words for condition in judgement.failing)


def _jobs(case: Case, view: LedgerView) -> Iterable[JobReport]:
    for call_id, launches in case.memory.submitted.items():
        for submitted in launches:
            yield _job(submitted, agreed(view, submitted.digest), _answer_to(case, call_id))


def _job(submitted: Submitted, plan: Plan | None, data: JsonObject | None) -> JobReport:
    job = plan.job if plan else None
    running = JobReport(
        id=submitted.job.id,
        backend=submitted.job.backend,
        launch_key=submitted.job.launch_key,
        script=job.script if job else "",
        flavor=job.flavor if job else "",
        attempt=submitted.attempt,
        state="running",
    )
    if data is None:
        return running
    seconds = data.get("seconds")
    return replace(
        running,
        state=str(data.get("state", "")),
        seconds=float(seconds) if isinstance(seconds, int | float) else 0.0,
        cost_usd=_money(data.get("cost_usd")),
        message=str(data.get("message", "")),
    )


def _answer_to(case: Case, call_id: str) -> JsonObject | None:
    answers = case.memory.past("hf_create_job")
    return next((answer.result.data for answer in answers if answer.call.id == call_id), None)


def _money(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
