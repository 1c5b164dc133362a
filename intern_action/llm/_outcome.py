"""What the built-in planner says of a wish's outcome: the pull request's words, the report, why a job failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import cast

from intern_action.core.frozen import frozen
from intern_action.core.types import DatasetFacts, Fit, JsonObject, ModelFacts
from intern_action.llm._course import Course, Failure, Try
from intern_action.llm._recipe_words import lines, words

_LONGEST_TITLE = 120
_LOG_LINES = 15
_HEADLINE = 2
_CENT = "0.01"


@frozen
class Attempt:
    """One job, in words."""

    state: str
    seconds: str
    cost: str
    change: str
    message: str


def title(course: Course, fit: Fit) -> str:
    """Return the pull request's title."""
    verb = "Evaluate" if course.asked.wish.verb == "evaluate" else "Fine-tune"
    text = " ".join(f"{verb} {fit.job.model} on {fit.job.dataset}".split())
    return text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 1]}…"


def pull_request_body(course: Course, fit: Fit, smoke: Try, variations: Sequence[str]) -> str:
    """Return what a reviewer reads before the price."""
    return words(
        "pull_request",
        wish=course.asked.wish,
        upload=course.asked.upload if course.asked.wish.verb == "train" else "",
        deploy=course.asked.deploy,
        fit=fit,
        problems=_problems(course),
        smoke_seconds=_number(smoke.data.get("seconds"), "0.1"),
        smoke_numbers=", ".join(f"{name} {value}" for name, value in _numbers(_object(smoke.data, "metrics"))),
        attempts=fit.job.attempts,
        minutes=_number(fit.estimate_minutes, "0.1"),
        memory=_number(fit.estimate_memory_gb, "0.1"),
        variations=variations,
        ignored=course.ignored,
    )


def job_report(course: Course, fit: Fit) -> str:
    """Return the report at the end: numbers, cost against the quote, what was not done."""
    last = course.jobs[-1]
    metrics = _object(last.data, "metrics")
    seconds = sum((_decimal(one.data.get("seconds")) for one in course.jobs), Decimal(0))
    return words(
        "report",
        wish=course.asked.wish,
        fit=fit,
        state=last.state,
        headline=_headline(metrics),
        baseline=_baseline(metrics),
        upload=course.asked.upload if course.upload is not None and not isinstance(course.upload, Failure) else "",
        endpoint=course.endpoint if isinstance(course.endpoint, str) else "",
        cost=_cost(course.jobs),
        ceiling=_number(last.data["ceiling_usd"], _CENT) if last.data.get("ceiling_usd") else "",
        minutes=_number(seconds / 60, "0.1"),
        estimate=_number(fit.estimate_minutes, "0.1") if fit.estimate_minutes else "",
        tries=_attempts(course, fit),
        output=str(last.data.get("output") or ""),
        not_done=_not_done(course, last),
    )


def failed_job(course: Course, fit: Fit) -> str:
    """Return why there is no result."""
    last = course.jobs[-1]
    return words(
        "job_failed",
        state=last.state,
        message=str(last.data.get("message") or ""),
        attempts=fit.job.attempts,
        tries=_attempts(course, fit),
        log="\n".join(str(last.data.get("log_tail") or "").splitlines()[-_LOG_LINES:]),
    )


def _not_done(course: Course, last: Try) -> tuple[str, ...]:
    return lines(
        "not_done",
        wish=course.asked.wish,
        state=last.state,
        upload=course.asked.upload,
        upload_failed=_words(course.upload),
        endpoint_failed=_words(course.endpoint),
        pull_request_failed=_words(course.pull_request),
        ignored=[" ".join(one.split()) for one in course.ignored],
        problems=[" ".join(one.split()) for one in _problems(course)],
    )


def _words(outcome: str | Failure | None) -> str:
    return " ".join(outcome.words.split()) if isinstance(outcome, Failure) else ""


def _problems(course: Course) -> tuple[str, ...]:
    facts = [one for one in (course.model, course.dataset) if isinstance(one, ModelFacts | DatasetFacts)]
    return tuple(problem for one in facts for problem in one.problems)


def _attempts(course: Course, fit: Fit) -> list[Attempt]:
    return [
        Attempt(
            state=one.state.replace("_", " "),
            seconds=_number(one.data.get("seconds"), "1"),
            cost=_number(one.data.get("cost_usd") or "0", _CENT),
            change=", ".join(
                f"{name}={value}" for name, value in one.parameters.items() if fit.job.parameters.get(name) != value
            ),
            message=str(one.data.get("message") or ""),
        )
        for one in course.jobs
    ]


def _cost(jobs: Sequence[Try]) -> str:
    return _number(sum((_decimal(one.data.get("cost_usd")) for one in jobs), Decimal(0)), _CENT)


def _headline(metrics: JsonObject) -> str:
    """Return the first numbers in one line; all of them stand under the results, wherever these words are shown."""
    intervals = _intervals(metrics)
    measured = [(name, value) for name, value in _numbers(metrics) if "baseline" not in name][:_HEADLINE]
    said = [
        f"{name.replace('_', ' ')} {value}{f' ({intervals[name]})' if name in intervals else ''}"
        for name, value in measured
    ]
    return ", ".join(said)


def _numbers(metrics: JsonObject) -> list[tuple[str, str]]:
    """Return what was measured; of a file in another shape, the numbers on top."""
    measured = _object(metrics, "metrics") or metrics
    return [
        (name, f"{value:.4g}")
        for name, value in measured.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]


def _intervals(metrics: JsonObject) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, interval in _object(metrics, "intervals").items():
        match interval:
            case {"low": int() | float() as low, "high": int() | float() as high}:
                found[name] = f"{low:.4g} to {high:.4g}"
            case _:
                pass
    return found


def _baseline(metrics: JsonObject) -> str:
    """Return the sentence that says whether anything was learned at all."""
    match _object(metrics, "metrics"):
        case {"accuracy": int() | float() as accuracy, "majority_baseline": int() | float() as baseline}:
            verb = "better than" if accuracy > baseline else "no better than"
            return f"That is {verb} always saying the most frequent class ({baseline:.4g})."
        case _:
            return ""


def _object(data: JsonObject, name: str) -> JsonObject:
    found = data.get(name)
    return cast("JsonObject", found) if isinstance(found, Mapping) else {}


def _decimal(value: object) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def _number(value: object, step: str) -> str:
    return f"{_decimal(value).quantize(Decimal(step)):f}"
