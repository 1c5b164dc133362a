"""`hf_model_load`: what a model *is*, read from its files: no code of it runs, no pickle is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from intern_action.core.errors import ToolFailed
from intern_action.core.facts import model_facts_json
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import Flavor, JsonObject, ModelFacts, ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._card import card_head, licence_of
from intern_action.tools._folder import Folder, opened
from intern_action.tools._json import items, texts
from intern_action.tools._memory import fitting, memory_gb
from intern_action.tools._tool import ToolOf
from intern_action.tools._weights import Weights, weights_of

_ENDLESS = 1_000_000
"""Tokenizers without a limit say 10^30."""

_MOST_LABELS = 50
_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "float64": 8}
_TASKS = {
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForMultipleChoice": "multiple-choice",
    "ForMaskedLM": "fill-mask",
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForConditionalGeneration": "text2text-generation",
    "ForImageClassification": "image-classification",
    "Model": "feature-extraction",
}


@frozen
class Arguments:
    """A model."""

    __pydantic_config__ = STRICT

    model: str
    revision: str = ""


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Fetch it and read its facts."""
    with opened("model", asked.model, asked.revision, desk) as folder:
        names = folder.names()
        config = folder.json("config.json")
        weights = weights_of(folder, names)
        if not config and not weights.size_bytes:
            raise ToolFailed(f"{asked.model} is no model: it has neither config.json nor weights, but {_some(names)}")
        facts = _facts(folder, config, weights)
        generation = folder.json("generation_config.json")
    fits = {method: fitting(needed, desk.flavors) for method, needed in facts.memory_gb.items()}
    data: JsonObject = {
        **model_facts_json(facts),
        "number_format": weights.kind,
        "size_bytes": weights.size_bytes,
        "labels": _labels(config),
        "generation": {
            name: value for name, value in generation.items() if name in {"max_length", "do_sample", "temperature"}
        },
        "fits": {method: [_offer(flavor) for flavor in flavors] for method, flavors in fits.items()},
    }
    return ToolResult(text=_words(facts, weights, fits), data=data)


def _facts(folder: Folder, config: JsonObject, weights: Weights) -> ModelFacts:
    head = card_head(folder.text("README.md"))
    architecture = _architecture(config)
    licence = folder.licence or licence_of(head)
    parameters = weights.parameters or _guessed_parameters(config, weights)
    return ModelFacts(
        id=folder.id,
        revision=folder.revision,
        path=folder.path,
        architecture=architecture,
        task=str(head.get("pipeline_tag") or "") or _task(architecture),
        parameters=parameters,
        licence=licence,
        gated=folder.gated,
        max_length=_max_length(config, folder.json("tokenizer_config.json")),
        memory_gb=memory_gb(parameters),
        problems=tuple(_problems(folder, config, weights, licence)),
    )


def _architecture(config: JsonObject) -> str:
    named = items(config.get("architectures"))
    return str(named[0]) if named else str(config.get("model_type") or "")


def _task(architecture: str) -> str:
    return next((task for ending, task in _TASKS.items() if architecture.endswith(ending)), "")


def _guessed_parameters(config: JsonObject, weights: Weights) -> int:
    """Return what the size of the files says, for pickles: nobody opens them to count."""
    each = _BYTES.get(str(config.get("dtype") or config.get("torch_dtype") or "float32"), 4)
    return weights.size_bytes // each if weights.pickles else 0


def _max_length(config: JsonObject, tokenizer: JsonObject) -> int:
    """Return how many tokens it reads, 0 when nobody says."""
    names = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length", "seq_length")
    said = [config.get(name) for name in names] + [tokenizer.get("model_max_length")]
    lengths = [length for length in said if isinstance(length, int) and 0 < length < _ENDLESS]
    reserved = 2 if str(config.get("model_type")) in {"roberta", "xlm-roberta", "camembert"} else 0
    longest = min(lengths, default=0)
    return longest - reserved if longest in {514, 1026, 4098, 8194} else longest  # positions that padding takes


def _problems(folder: Folder, config: JsonObject, weights: Weights, licence: str) -> list[str]:
    found: list[str] = []
    if weights.pickles:
        found.append(
            f"weights only as pickles ({weights.pickles[0]}): loading them can run code; use a safetensors revision"
        )
    if weights.others:
        found.append(f"weights only as {weights.others[0]}, which must be converted before training")
    if not weights.size_bytes:
        found.append("no weights: only a configuration")
    if "auto_map" in config:
        found.append("needs its own remote code (auto_map), which is never run here")
    if not config:
        found.append("no config.json: transformers cannot load it")
    if folder.json("adapter_config.json"):
        found.append("an adapter: it has to be put on its base model")
    if folder.gated:
        found.append("gated: whoever uses the result has to have accepted its terms")
    if not licence:
        found.append("no licence is named: nobody may rely on being allowed to use it")
    return found


def _labels(config: JsonObject) -> list[str]:
    return texts(config.get("id2label"))[:_MOST_LABELS]


def _offer(flavor: Flavor) -> JsonObject:
    return {"flavor": flavor.name, "usd_per_hour": f"{flavor.usd_per_hour:f}"}


def _words(facts: ModelFacts, weights: Weights, fits: Mapping[str, Sequence[Flavor]]) -> str:
    size = f"{facts.parameters:,} parameters {weights.kind}".strip()
    lines = [
        f"{facts.id} at {facts.revision or 'this checkout'}: {facts.architecture or 'unknown architecture'}",
        f"task {facts.task or 'unknown'}, {size}, reads {facts.max_length or '?'} tokens",
        f"licence {facts.licence or 'not named'}; path {facts.path}",
    ]
    for method, flavors in fits.items():
        offers = ", ".join(f"{flavor.name} ${flavor.usd_per_hour:f}/h" for flavor in flavors[:3]) or "no hardware here"
        lines.append(f"{method}: {facts.memory_gb[method]} GB without activations; fits {offers}")
    return "\n".join([*lines, *(f"problem: {problem}" for problem in facts.problems)])


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) or "nothing at all"


TOOL = ToolOf(name="hf_model_load", arguments=Arguments, work=run, repeatable=True, parallel=True)
