"""What the built-in planner does next. Each move follows from how far the course has come; nothing is remembered between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import RecipeBook
from intern_action.core.types import DatasetFacts, Fit, ModelFacts, Parameters, Wish
from intern_action.llm._course import Course, Failure, Try
from intern_action.llm._outcome import failed_job, job_report, pull_request_body, title
from intern_action.llm._recipe_words import lines, words
from intern_action.llm._way import Wanted, Way, job_call, smoke_call, way_asked_for, way_tested
from intern_action.llm._wish import Deploy

OUT_OF_MEMORY = frozenset({42, 137})
"""Exit codes of a script that ran out of memory: the recipes' own, and the system's."""

_LOOK, _WRITE, _SMOKE, _ASK, _RUN, _AFTER = range(6)
"""Places in the checklist (`plan.md.j2`)."""


@frozen
class Move:
    """Words and calls of one reply."""

    text: str = ""
    calls: tuple[Wanted, ...] = ()


def next_move(course: Course, book: RecipeBook) -> Move:
    """Return what to do now: look, write and test, ask, try again, upload, report; or give up with the reason."""
    if course.stuck is not None:
        tool, times = course.stuck
        return give_up(words("stuck", tool=tool, times=times))
    if course.asked.deploy is not None and not _upload(course):
        return give_up(words("no_deploy", wish=course.asked.wish))
    if course.model is None or course.dataset is None:
        return _look(course)
    match course.model, course.dataset:
        case ModelFacts() as model, DatasetFacts() as data:
            return _with_facts(course, book, model, data)
        case model, data:
            return give_up("\n".join(failure.words for failure in (model, data) if isinstance(failure, Failure)))


def give_up(reason: str, because: str = "task") -> Move:
    """End, and not as a success."""
    return Move(calls=(("give_up", {"reason": reason, "because": because}),))


def _look(course: Course) -> Move:
    wish = course.asked.wish
    calls: list[Wanted] = [*_plan(course)]
    if course.model is None:
        calls.append(("hf_model_load", {"model": wish.model}))
    if course.dataset is None:
        calls.append(("hf_dataset_load", {"dataset": wish.dataset}))
    return Move(text=words("looking", wish=wish), calls=tuple(calls))


def _with_facts(course: Course, book: RecipeBook, model: ModelFacts, data: DatasetFacts) -> Move:
    if course.jobs:
        return _after_job(course, way_asked_for(course, book, model, data))
    try:
        fit = book.fit(course.asked.wish, model, data)
    except ToolFailed as failure:
        return give_up(str(failure))
    if course.failure is not None:
        return give_up(f"{course.failure.tool} failed: {course.failure.words}")
    if any(course.written.get(path) != content for path, content in fit.files.items()):
        return _write(course, fit)
    if not course.smokes:
        return _smoke(course, Way(fit=fit, change={}, left=fit.job.variations))
    return _tested(course, way_tested(course, fit))


def _write(course: Course, fit: Fit) -> Move:
    """Write what is missing, and test at once: the calls of a reply are carried out in order."""
    files: list[Wanted] = [
        ("write_file", {"path": path, "content": content})
        for path, content in fit.files.items()
        if course.written.get(path) != content
    ]
    calls = (
        *_plan(course),
        *_ticks(course, _WRITE),
        *files,
        smoke_call(Way(fit=fit, change={}, left=fit.job.variations)),
    )
    return Move(text=words("writing", fit=fit), calls=calls)


def _smoke(course: Course, way: Way) -> Move:
    return Move(text=words("writing", fit=way.fit), calls=(*_ticks(course, _SMOKE), smoke_call(way)))


def _tested(course: Course, way: Way) -> Move:
    smoke = course.smokes[-1]
    if smoke.failed or smoke.data.get("exit_code") != 0:
        return _repair(course, way, smoke)
    if isinstance(course.pull_request, Failure):
        return give_up(f"{course.pull_request.tool} failed: {course.pull_request.words}")
    return _ask(course, way, smoke)


def _repair(course: Course, way: Way, smoke: Try) -> Move:
    """Try once more, smaller, when memory ran out; anything else a person has to see."""
    code = smoke.data.get("exit_code")
    if code in OUT_OF_MEMORY and len(course.smokes) == 1 and way.left:
        smaller = Way(fit=way.fit, change=way.left[0], left=way.left[1:])
        return Move(text=words("smaller", change=said(smaller.change)), calls=(smoke_call(smaller),))
    changes = [said(_difference(way.fit.smoke_parameters, one.parameters)) for one in course.smokes[1:]]
    return give_up(
        words(
            "smoke_failed",
            fit=way.fit,
            exit_code=code,
            timed_out=bool(smoke.data.get("timed_out")),
            why=_tail(smoke.words),
            tried=changes,
        )
    )


def _ask(course: Course, way: Way, smoke: Try) -> Move:
    calls = (*_ticks(course, _ASK), *_pull_request(course, way, smoke), job_call(way, way.parameters))
    return Move(text=words("asking"), calls=calls)


def _pull_request(course: Course, way: Way, smoke: Try) -> tuple[Wanted, ...]:
    """Return the call that opens it, none when that is done for what was tested last."""
    if course.pull_request is not None:
        return ()
    body = pull_request_body(course, way.fit, smoke, [said(one) for one in way.left])
    return (("open_pull_request", {"title": title(course, way.fit), "body": body}),)


# --- after the job ---------------------------------------------------------------------------------------------------


def _after_job(course: Course, way: Way) -> Move:
    last = course.jobs[-1]
    match last.state:
        case "completed":
            return _completed(course, way)
        case "out_of_memory":
            return _again(course, way)
        case "refused":
            return _refused(course)
        case "cancelled":
            return Move(text=job_report(course, way.fit))
        case "failed" | "timed_out" | "preempted":
            return give_up(failed_job(course, way.fit), "job")
        case _:
            return give_up(f"hf_create_job failed: {last.words}")


def _again(course: Course, way: Way) -> Move:
    """Ask for the next permitted variation, as long as the plan has attempts."""
    times = sum(one.state == "out_of_memory" for one in course.jobs)
    if times > len(way.left) or times >= way.job.attempts:
        return give_up(failed_job(course, way.fit), "job")
    change = way.left[times - 1]
    return Move(text=words("again", change=said(change)), calls=(job_call(way, {**way.parameters, **change}),))


def _refused(course: Course) -> Move:
    by, why = course.refusal or ("control", course.jobs[-1].words)
    if by == "control":
        return give_up(words("refused", by="Control", words=why, jobs=len(course.jobs)))
    return Move(calls=(("ask_person", {"question": words("refused", by=by, words=why, jobs=len(course.jobs))}),))


def _completed(course: Course, way: Way) -> Move:
    to = _upload(course)
    lost = _pull_request(course, way, course.smokes[-1]) if course.smokes else ()
    if to and course.upload is None:
        ask: Wanted = ("hf_upload_model", {"repository": to, "source": "job", "message": title(course, way.fit)})
        return Move(text=words("uploading", upload=to), calls=(*_ticks(course, _AFTER), *lost, ask))
    if course.asked.deploy is not None and course.endpoint is None and not isinstance(course.upload, Failure):
        return Move(text=words("deploying", upload=to), calls=(_deploy(to, course.asked.deploy, course.asked.wish),))
    calls = (*_ticks(course, len(course.steps)), *lost)
    return Move(text="" if calls else job_report(course, way.fit), calls=calls)


def _deploy(repository: str, wanted: Deploy, wish: Wish) -> Wanted:
    return "deploy_endpoint", {
        "repository": repository,
        "flavor": wanted.flavor,
        "lifetime": wanted.lifetime,
        "task": "text-classification",
        "purpose": words("deploy_purpose", wish=wish),
        "smoke_input": words("deploy_smoke"),
    }


def _upload(course: Course) -> str:
    return course.asked.upload if course.asked.wish.verb == "train" else ""


# --- helpers ---------------------------------------------------------------------------------------------------------


def _plan(course: Course) -> tuple[Wanted, ...]:
    """Return the call that makes the checklist, none when it is there."""
    if course.steps or course.ticks_failed:
        return ()
    steps = lines("plan", wish=course.asked.wish, upload=_upload(course), deploy=course.asked.deploy)
    return (("create_plan", {"steps": list(steps)}),)


def _ticks(course: Course, doing: int) -> tuple[Wanted, ...]:
    """Return the call that brings the checklist up to date: what is before `doing` is done. None when it is so already."""
    wanted = tuple("done" if n < doing else "doing" if n == doing else "todo" for n in range(len(course.steps)))
    changes = [
        {"step": n, "state": state}
        for n, (state, now) in enumerate(zip(wanted, course.steps, strict=True), 1)
        if state != now
    ]
    return (("update_plan", {"changes": changes}),) if changes and not course.ticks_failed else ()


def said(parameters: Parameters) -> str:
    """Return flags as people write them: `batch-size=8, accumulation=2`."""
    return ", ".join(f"{name}={value}" for name, value in parameters.items())


def _difference(of: Mapping[str, str], now: Mapping[str, str]) -> Parameters:
    return {name: value for name, value in now.items() if of.get(name) != value}


def _tail(text: str, *, most: int = 12) -> str:
    """Return the last lines of an answer, which is where a script says what went wrong."""
    last: Sequence[str] = [line for line in text.splitlines() if line.strip()][-most:]
    return "\n".join(last)
