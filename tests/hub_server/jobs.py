"""Jobs as clients see them: run, list, inspect, cancel, label, and the price list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .accounts import allowed, known
from .fields import Fields
from .job_launch import by, labels_of, launch
from .job_records import JobFolder, Status, moment
from .job_runs import Jobs
from .refusals import Refused
from .request import Answer, Request, json_answer
from .routes import Route

if TYPE_CHECKING:
    from .world import World


def shown(world: World, folder: JobFolder) -> dict[str, object]:
    """Return a job as the Hub shows it."""
    record, status = folder.record(), folder.status()
    dates = {"startedAt": _text(status.started_at), "finishedAt": _text(status.finished_at)}
    return {
        **{name: value for name, value in record.items() if name != "listening"},
        **{name: date for name, date in dates.items() if date},
        "status": {
            "stage": status.stage,
            "message": status.message,
            "failureCount": int(status.stage == "ERROR"),
            **({"exposeUrls": _urls(world, folder)} if "expose" in record else {}),
        },
        "durations": _durations(record, status),
    }


def readable(world: World, request: Request) -> JobFolder:
    """Return the job that a request names, if its caller may see it."""
    allow_reading(request)
    return _find(world, request)


def changeable(world: World, request: Request) -> JobFolder:
    """Return the job that a request names, if its caller may change it."""
    allowed(request, "job.write", request.values["namespace"])
    return _find(world, request)


def _find(world: World, request: Request) -> JobFolder:
    folder = world.part(Jobs).folders.find(request.values["namespace"], request.values["job"])
    if folder is None:
        raise Refused(404, "Job not found")
    return folder


def allow_reading(request: Request) -> None:
    """Let those see jobs who belong to the namespace, with a token that may."""
    caller, namespace = known(request), request.values["namespace"]
    if not (caller.may("job.read", namespace) or caller.may("job.write", namespace)):
        raise Refused(403, f"Authorization error: missing permission job.read on {namespace}")


def _run(world: World, request: Request) -> Answer:
    namespace = request.values["namespace"]
    caller = allowed(request, "job.write", namespace)
    return json_answer(shown(world, launch(world, request.json, namespace=namespace, initiator=by(caller))))


def _list(world: World, request: Request) -> Answer:
    allow_reading(request)
    jobs, namespace = world.part(Jobs), request.values["namespace"]
    size = min(int(request.asked("limit", str(jobs.settings.page_size))), jobs.settings.page_size)
    fitting = _after(request.asked("cursor"), (shown(world, one) for one in jobs.folders.of(namespace)))
    page = list(islice((job for job in fitting if _fits(job, request.query)), size + 1))
    headers: dict[str, str] = {}
    if len(page) > size:
        query = {**request.query, "cursor": [str(page[size - 1]["id"])], "limit": [str(size)]}
        headers["Link"] = f'<{world.url}{request.path}?{urlencode(query, doseq=True)}>; rel="next"'
    return json_answer(page[:size], headers=headers)


def _after(cursor: str, jobs: Iterator[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Yield what follows the job that a page ended with: jobs that are new since then do not shift it."""
    found = not cursor
    for job in jobs:
        if found:
            yield job
        found = found or job["id"] == cursor


def _fits(job: Mapping[str, object], query: Mapping[str, Sequence[str]]) -> bool:
    stages = {stage.upper() for stage in query.get("stage", ())}
    labels, stage = Fields(job).pairs("labels"), Fields(job).fields("status").text("stage")
    wanted = [label.partition("=") for label in query.get("label", ())]
    return (not stages or stage in stages) and all(labels.get(key) == value for key, _, value in wanted)


def _inspect(world: World, request: Request) -> Answer:
    return json_answer(shown(world, readable(world, request)))


def _cancel(world: World, request: Request) -> Answer:
    folder = changeable(world, request)
    if folder.status().finished_at is None:
        world.part(Jobs).cancel(folder)
    return json_answer(shown(world, folder))


def _label(world: World, request: Request) -> Answer:
    folder = changeable(world, request)
    folder.write("record.json", {**folder.record(), "labels": labels_of(request.json)})
    return json_answer(shown(world, folder))


def _hardware(world: World, request: Request) -> Answer:
    return json_answer(world.part(Jobs).prices.shown())


def _start(world: World) -> None:
    world.part(Jobs)


def _urls(world: World, folder: JobFolder) -> list[str]:
    domain = world.part(Jobs).settings.domain
    return [f"https://{folder.id}--{port}.{domain}" for port in Fields(folder.record()).fields("listening")]


def _durations(record: Mapping[str, object], status: Status) -> dict[str, int | None]:
    created, until = moment(record["createdAt"]), status.finished_at or datetime.now(UTC)
    assert created is not None
    started = status.started_at
    return {
        "schedulingSecs": _seconds(created, started) if started else None,
        "runningSecs": _seconds(started, until) if started else None,
        "totalSecs": _seconds(created, until),
    }


def _seconds(since: datetime, until: datetime) -> int:
    return max(0, round((until - since).total_seconds()))


def _text(date: datetime | None) -> str | None:
    return date.isoformat(timespec="milliseconds").replace("+00:00", "Z") if date else None


ROUTES = (
    Route("GET", "/api/jobs/hardware", _hardware),
    Route("POST", "/api/jobs/{namespace}", _run),
    Route("GET", "/api/jobs/{namespace}", _list),
    Route("GET", "/api/jobs/{namespace}/{job}", _inspect),
    Route("POST", "/api/jobs/{namespace}/{job}/cancel", _cancel),
    Route("PUT", "/api/jobs/{namespace}/{job}/labels", _label),
)
START = _start
