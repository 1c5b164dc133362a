"""A scripted world for the built-in planner: answers calls from plain functions, and can be killed in any call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from intern_action.core.errors import ToolFailed
from intern_action.core.facts import dataset_facts_json, model_facts_json
from intern_action.core.types import (
    Answer,
    Call,
    ColumnFacts,
    Conversation,
    DatasetFacts,
    Fit,
    JobSpec,
    JsonObject,
    ModelFacts,
    Reply,
    ToolResult,
    Turn,
    Wish,
    Words,
)
from intern_action.llm.recipes import RecipesModel

MODEL = ModelFacts(
    id="ada/minilm", revision="1" * 40, path="/cache/minilm", architecture="BertModel", task="", parameters=22_000_000
)
MAILS = DatasetFacts(
    id="ada/mails",
    revision="2" * 40,
    path="/cache/mails",
    splits={"train": 1000, "test": 400},
    columns=(ColumnFacts(name="text", kind="string", distinct=999, empty=0, mean_chars=300.0),),
)
DONE: JsonObject = {
    "state": "completed",
    "seconds": 120.0,
    "cost_usd": "0.02",
    "ceiling_usd": "0.54",
    "metrics": {
        "metrics": {"accuracy": 0.953, "majority_baseline": 0.5},
        "intervals": {"accuracy": {"low": 0.93, "high": 0.97}},
    },
    "output": "/jobs/1/output",
    "message": "completed in 120 s",
}
OUT_OF_MEMORY: JsonObject = {
    "state": "out_of_memory",
    "seconds": 12.0,
    "cost_usd": "0.01",
    "ceiling_usd": "0.54",
    "message": "tried 4 GiB",
}
INTERRUPTED = ToolResult(text="The runner was stopped during this call.", data={"interrupted": True}, failed=True)


class Book:
    """One recipe, which takes everything but what it is told not to."""

    def __init__(self, *, objection: str = "") -> None:
        self.objection = objection

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        if self.objection:
            raise ToolFailed(self.objection)
        unknown = set(wish.settings) - {"epochs", "batch-size", "lora"}
        if unknown:
            raise ToolFailed(f"there is no setting {min(unknown)}; there is epochs, batch-size, lora")
        size = wish.settings.get("batch-size", "16")
        parameters = {"model": model.id, "dataset": data.id, "batch-size": size, "accumulation": "1"}
        if wish.verb == "evaluate":
            parameters["evaluate-only"] = "true"
        return Fit(
            recipe="text_classification",
            files={"training/train.py": "print()", "training/config.json": f"{dict(wish.settings)}\n"},
            job=JobSpec(
                script="training/train.py",
                parameters=parameters,
                variations=({"batch-size": "8", "accumulation": "2"}, {"batch-size": "4", "accumulation": "4"}),
                flavor=wish.flavor,
                timeout_minutes=wish.timeout_minutes,
                dependencies=("torch==2.13.0",),
                model=model.id,
                model_revision=model.revision,
                dataset=data.id,
                dataset_revision=data.revision,
            ),
            smoke_parameters={**parameters, "smoke": "true"},
            reasons=("ada/minilm is a BertModel",),
            estimate_minutes=Decimal("2.5"),
            estimate_memory_gb=Decimal("1.2"),
        )


Tool = Callable[[Mapping[str, object]], ToolResult]


@dataclass(kw_only=True)
class World:
    """Tools that answer as the real ones do. `jobs` and `smokes` are the answers of each call in turn."""

    jobs: Sequence[JsonObject] = (DONE,)
    smokes: Sequence[JsonObject] = ({"exit_code": 0, "seconds": 9.4, "metrics": {"metrics": {"loss": 0.69}}},)
    failing: Mapping[str, str] = field(default_factory=dict[str, str])
    model: JsonObject = field(default_factory=lambda: model_facts_json(MODEL))
    dataset: JsonObject = field(default_factory=lambda: dataset_facts_json(MAILS))
    calls: list[Call] = field(default_factory=list[Call])
    files: dict[str, str] = field(default_factory=dict[str, str])
    plan: list[JsonObject] = field(default_factory=list[JsonObject])

    def answer(self, call: Call) -> ToolResult:
        """Answer one call."""
        self.calls.append(call)
        if call.name in self.failing:
            return ToolResult(text=self.failing[call.name], failed=True)
        return getattr(self, call.name)(call.arguments)

    def create_plan(self, asked: Mapping[str, object]) -> ToolResult:
        self.plan = [{"text": text, "state": "todo"} for text in cast("list[str]", asked["steps"])]
        return ToolResult(text="plan", data={"steps": list(self.plan)})

    def update_plan(self, asked: Mapping[str, object]) -> ToolResult:
        for change in cast("list[dict[str, object]]", asked["changes"]):
            place = cast("int", change["step"]) - 1
            self.plan += [{"text": "a step of an earlier process", "state": "todo"}] * (place + 1 - len(self.plan))
            self.plan[place] = {**self.plan[place], "state": change["state"]}
        return ToolResult(text="plan", data={"steps": list(self.plan)})

    def hf_model_load(self, _asked: Mapping[str, object]) -> ToolResult:
        return ToolResult(text="a model", data=self.model)

    def hf_dataset_load(self, _asked: Mapping[str, object]) -> ToolResult:
        return ToolResult(text="a data set", data=self.dataset)

    def write_file(self, asked: Mapping[str, object]) -> ToolResult:
        self.files[str(asked["path"])] = str(asked["content"])
        return ToolResult(text="written", data={})

    def smoke_test(self, _asked: Mapping[str, object]) -> ToolResult:
        data = self._next("smoke_test", self.smokes)
        words = f"exit code {data['exit_code']}\nloading\nValueError: no column `text`"
        return ToolResult(text=words, data=data, failed=data["exit_code"] != 0)

    def open_pull_request(self, _asked: Mapping[str, object]) -> ToolResult:
        return ToolResult(text="Queued", data={"queued": "pull-request"})

    def hf_create_job(self, _asked: Mapping[str, object]) -> ToolResult:
        data = self._next("hf_create_job", self.jobs)
        return ToolResult(text=str(data.get("words", "a job")), data=data, failed=data.get("state") != "completed")

    def hf_upload_model(self, _asked: Mapping[str, object]) -> ToolResult:
        return ToolResult(text="Queued", data={"queued": "upload"})

    def deploy_endpoint(self, _asked: Mapping[str, object]) -> ToolResult:
        return ToolResult(text="The endpoint spam-1 answers at https://x", data={"state": "running"})

    def give_up(self, asked: Mapping[str, object]) -> ToolResult:
        return ToolResult(text="Noted", data=dict(asked))

    def ask_person(self, asked: Mapping[str, object]) -> ToolResult:
        return ToolResult(text="Asked", data=dict(asked))

    def named(self, name: str) -> list[Mapping[str, object]]:
        """Return the arguments of every call of one tool."""
        return [call.arguments for call in self.calls if call.name == name]

    def parameters(self, name: str) -> list[Mapping[str, str]]:
        """Return the script's parameters in every call of one tool."""
        return [cast("Mapping[str, str]", asked["parameters"]) for asked in self.named(name)]

    def _next(self, name: str, answers: Sequence[JsonObject]) -> JsonObject:
        return answers[min(len(self.named(name)), len(answers)) - 1]


@dataclass(kw_only=True)
class Walk:
    """A conversation of the planner with a world, as the loop would hold it."""

    world: World
    book: Book = field(default_factory=Book)
    turns: list[Turn] = field(default_factory=list[Turn])
    kill: Callable[[int, Call], bool] = lambda _number, _call: False
    answered: int = 0

    def say(self, words: str, *, by: str = "ada") -> Reply:
        """Say something and let the planner work until it ends; return its last reply."""
        self.turns.append(Words(by=by, text=words))
        return self.go_on()

    def go_on(self) -> Reply:
        """Let the planner work until it ends; return its last reply."""
        for _ in range(40):
            reply = self.reply()
            self.turns.append(reply)
            if not reply.calls:
                return reply
            for call in reply.calls:
                self.turns.append(Answer(call=call, result=self._result(call)))
            if reply.calls[-1].name in {"give_up", "ask_person"}:
                return reply
        raise AssertionError("the planner goes on and on")

    def reply(self) -> Reply:
        """Ask a planner made anew for the next reply, as each process does."""
        return RecipesModel(self.book).answer(Conversation(system="", tools=(), turns=tuple(self.turns)))

    def _result(self, call: Call) -> ToolResult:
        self.answered += 1
        if self.kill(self.answered, call):
            return INTERRUPTED
        return self.world.answer(call)


def given_up(reply: Reply) -> tuple[str, str]:
    """Return (reason, because) of a reply that gives up."""
    (call,) = reply.calls
    assert call.name == "give_up", call
    return str(call.arguments["reason"]), str(call.arguments["because"])
