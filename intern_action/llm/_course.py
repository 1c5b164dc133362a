"""How far a wish has come, told from the conversation alone: facts, files, smoke tests, jobs, and what reviewers said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

from intern_action.core.errors import Bug
from intern_action.core.facts import dataset_facts_from_json, model_facts_from_json
from intern_action.core.frozen import frozen
from intern_action.core.types import (
    Answer,
    Call,
    DatasetFacts,
    JsonObject,
    ModelFacts,
    Parameters,
    ToolResult,
    Turn,
    Words,
)
from intern_action.llm._wish import Asked, amended, asked_in, said_in

F = TypeVar("F")

PLANNING = frozenset({"create_plan", "update_plan"})
MOST_LOST = 3
"""How often a run may end in the middle of the same tool before that tool is taken for the reason."""

_AGAIN = re.compile(r"\b(?:retry|try\s+(?:it\s+)?again|once\s+more)\b", re.IGNORECASE)


@frozen
class Failure:
    """A call that did not do what it was asked, in its own words."""

    tool: str
    words: str


@frozen
class Try:
    """One run of the script: a smoke test, or a job. `asked` is everything that was asked for."""

    parameters: Parameters
    asked: JsonObject
    data: JsonObject
    words: str
    failed: bool

    @property
    def state(self) -> str:
        """How a job ended, "" for a call that never became one."""
        return str(self.data.get("state") or "")


@dataclass(slots=True, kw_only=True)
class Course:
    """One wish on its way. Built anew from the turns each time; nothing else is kept.

    Args:
        asked: the wish, with what was said about it since.
        ignored: words that were heard meanwhile and not understood.
        refusal: the last refusal, when it asks for nothing we can do: by whom, and the words.
        lost: how often each tool was interrupted.
        upload: words of the queued upload, None while it is not asked for.
        endpoint: words of the endpoint that serves the result, None while it is not asked for.
    """

    asked: Asked
    steps: tuple[str, ...] = ()
    model: ModelFacts | Failure | None = None
    dataset: DatasetFacts | Failure | None = None
    written: dict[str, str] = field(default_factory=dict[str, str])
    smokes: list[Try] = field(default_factory=list[Try])
    pull_request: str | Failure | None = None
    jobs: list[Try] = field(default_factory=list[Try])
    upload: str | Failure | None = None
    endpoint: str | Failure | None = None
    ignored: list[str] = field(default_factory=list[str])
    refusal: tuple[str, str] | None = None
    failure: Failure | None = None
    ticks_failed: bool = False
    lost: dict[str, int] = field(default_factory=dict[str, int])

    def answered(self, call: Call, result: ToolResult) -> None:
        """Take one answer in."""
        if result.data.get("interrupted"):
            self._interrupted(call)
            return
        match call.name:
            case "create_plan" | "update_plan":
                self._planned(result)
            case "hf_model_load":
                self.model = _facts(call, result, model_facts_from_json)
            case "hf_dataset_load":
                self.dataset = _facts(call, result, dataset_facts_from_json)
            case "write_file":
                self._wrote(call, result)
            case "smoke_test":
                self.smokes.append(_try(call, result))
                self.pull_request = None
            case "open_pull_request":
                self.pull_request = _failure(call, result) if result.failed else result.text
            case "hf_create_job":
                self._job(call, result)
            case "hf_upload_model":
                self.upload = _failure(call, result) if result.failed else result.text
            case "deploy_endpoint":
                self.endpoint = _failure(call, result) if result.failed else result.text
            case _:
                pass

    def _interrupted(self, call: Call) -> None:
        """Nothing is known of it, so it counts as not made. A checklist that cannot be kept is not worth a session."""
        times = self.lost[call.name] = self.lost.get(call.name, 0) + 1
        if call.name in PLANNING and times >= MOST_LOST:
            self.ticks_failed = True

    @property
    def stuck(self) -> tuple[str, int] | None:
        """The tool that was interrupted too often, and how often."""
        often = ((tool, times) for tool, times in self.lost.items() if times >= MOST_LOST and tool not in PLANNING)
        return next(often, None)

    def told(self, words: str) -> bool:
        """Take in what a person said meanwhile; whether it was understood."""
        wish = self.asked.wish
        wanted = asked_in(words, flavor=wish.flavor, timeout_minutes=wish.timeout_minutes) or amended(
            self.asked, said_in(words)
        )
        if wanted == self.asked and not _AGAIN.search(words):
            return False
        self._anew(wanted)
        return True

    def _anew(self, asked: Asked) -> None:
        """Begin again with other settings; what the same model and data are does not change."""
        self.model = (
            None if isinstance(self.model, Failure) or asked.wish.model != self.asked.wish.model else self.model
        )
        self.dataset = (
            None if isinstance(self.dataset, Failure) or asked.wish.dataset != self.asked.wish.dataset else self.dataset
        )
        self.asked = asked
        self.lost = {}
        self.smokes, self.jobs = [], []
        self.pull_request, self.upload, self.refusal, self.failure = None, None, None, None
        self.endpoint = None

    def _planned(self, result: ToolResult) -> None:
        if result.failed:
            self.ticks_failed = True
            return
        steps = cast("Iterable[Mapping[str, object]]", result.data.get("steps") or ())
        self.steps = tuple(str(step.get("state")) for step in steps)

    def _wrote(self, call: Call, result: ToolResult) -> None:
        path = str(call.arguments.get("path"))
        if result.failed:
            self.failure = _failure(call, result)
            return
        self.written[path] = str(call.arguments.get("content"))
        self.smokes = []  # what was tested is no longer what is there

    def _job(self, call: Call, result: ToolResult) -> None:
        one = _try(call, result)
        self.jobs.append(one)
        if one.state == "refused":
            by, words = str(one.data.get("by") or "control"), str(one.data.get("words") or result.text)
            if not self.told(words):
                self.refusal = (by, words)


def course_of(turns: Iterable[Turn], *, flavor: str, timeout_minutes: int) -> Course | str:
    """Return the newest wish with all that has come of it, or the words that hold none."""
    course: Course | None = None
    unknown = ""
    for turn in turns:
        match turn:
            case Words(text=text):
                asked = asked_in(text, flavor=flavor, timeout_minutes=timeout_minutes)
                if asked is not None:
                    course = Course(asked=asked, ignored=list(asked.ignored))
                elif course is None:
                    unknown = text
                elif not course.told(text):
                    course.ignored.append(text)
            case Answer(call=call, result=result) if course is not None:
                course.answered(call, result)
            case _:
                pass
    return course or unknown


def _facts(call: Call, result: ToolResult, read: Callable[[JsonObject], F]) -> F | Failure:
    if result.failed:
        return _failure(call, result)
    try:
        return read(result.data)
    except Bug as error:
        return Failure(tool=call.name, words=f"its answer holds no facts: {error}")


def _try(call: Call, result: ToolResult) -> Try:
    parameters = cast("Mapping[str, str]", call.arguments.get("parameters") or {})
    return Try(
        parameters=dict(parameters), asked=call.arguments, data=result.data, words=result.text, failed=result.failed
    )


def _failure(call: Call, result: ToolResult) -> Failure:
    return Failure(tool=call.name, words=result.text)
