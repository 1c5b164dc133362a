"""The planner with the real recipes: every call it makes fits the real tool it is made to."""

from __future__ import annotations

import pytest

import intern_action.tools
from intern_action.core.effects import Spends
from intern_action.core.facts import dataset_facts_json, model_facts_json
from intern_action.core.plugins import plugins
from intern_action.core.types import ColumnFacts, Conversation, DatasetFacts, JsonObject, ModelFacts
from intern_action.llm.recipes import RecipesModel
from intern_action.recipes import Recipes
from intern_action.tools._tool import ToolOf
from tests.fakes.recipe_world import DONE, OUT_OF_MEMORY, Walk, World, given_up

ENCODER = ModelFacts(
    id="sentence-transformers/all-MiniLM-L6-v2",
    revision="a" * 40,
    path="/cache/minilm",
    architecture="BertModel",
    task="sentence-similarity",
    parameters=22_700_000,
    licence="apache-2.0",
    max_length=512,
)
MAILS = DatasetFacts(
    id="ada/mails",
    revision="b" * 40,
    path="/cache/mails",
    splits={"train": 1200, "test": 400},
    columns=(
        ColumnFacts(name="text", kind="string", distinct=1600, empty=0, mean_chars=900.0),
        ColumnFacts(name="label", kind="string", distinct=2, empty=0, mean_chars=4.0, top_values=("ham", "spam")),
    ),
)
TOOLS = {tool.name: tool for tool in plugins(intern_action.tools, "TOOL", ToolOf)}


class RealWalk(Walk):
    """A walk with the real recipes, whose calls are checked by the real tools."""

    def reply(self):
        said = RecipesModel(Recipes()).answer(Conversation(system="", tools=(), turns=tuple(self.turns)))
        for call in said.calls:
            TOOLS[call.name]._parsed(call.arguments)
            TOOLS[call.name].effects(call.arguments)
        return said


def world(*jobs: JsonObject) -> World:
    return World(jobs=jobs, model=model_facts_json(ENCODER), dataset=dataset_facts_json(MAILS))


@pytest.mark.parametrize(
    "settings", ["", " with epochs=2, lora, batch size 32", " with max_length=64, push to ada/spam"]
)
def test_a_training_is_walked_with_calls_that_the_tools_take(settings: str):
    walk = RealWalk(world=world(OUT_OF_MEMORY, DONE))
    last = walk.say(f"fine-tune sentence-transformers/all-MiniLM-L6-v2 on ada/mails{settings}")
    assert last.text.startswith("Trained sentence-transformers/all-MiniLM-L6-v2 on ada/mails")
    assert "training/train.py" in walk.world.files


def test_the_second_attempt_is_one_that_the_first_ones_plan_permits():
    walk = RealWalk(world=world(OUT_OF_MEMORY, DONE))
    walk.say("fine-tune sentence-transformers/all-MiniLM-L6-v2 on ada/mails")
    first, second = (TOOLS["hf_create_job"].effects(asked) for asked in walk.world.named("hf_create_job"))
    match first, second:
        case (Spends(job=one),), (Spends(job=two),):
            assert dict(two.parameters) in [{**one.parameters, **variation} for variation in one.variations]
        case other:
            pytest.fail(f"a job is one expense, not {other}")


def test_an_encoder_without_a_head_cannot_be_evaluated_and_that_is_said():
    walk = RealWalk(world=world(DONE))
    reason, because = given_up(walk.say("evaluate sentence-transformers/all-MiniLM-L6-v2 on ada/mails"))
    assert because == "task"
    assert "train it first" in reason


def test_a_setting_with_a_typo_is_answered_with_the_right_one():
    walk = RealWalk(world=world(DONE))
    reason, _ = given_up(walk.say("fine-tune sentence-transformers/all-MiniLM-L6-v2 on ada/mails with epocs=2"))
    assert "did you mean 'epochs'" in reason
