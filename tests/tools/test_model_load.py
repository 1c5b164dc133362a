"""What a model *is*, read from files alone."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.errors import ToolFailed
from intern_action.core.facts import model_facts_from_json
from tests.tools.conftest import Use

BERT = {"architectures": ["BertForSequenceClassification"], "model_type": "bert", "max_position_embeddings": 512}


def write_weights(path: Path, shapes: Mapping[str, list[int]], kind: str = "F32") -> None:
    """Write a safetensors file that is nothing but its header: nobody reads further."""
    header = {name: {"dtype": kind, "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)


@pytest.fixture
def model(checkout: Path) -> Path:
    """A small model in the checkout."""
    folder = checkout / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(BERT))
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# A model\n")
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 256}')
    write_weights(folder / "model.safetensors", {"a": [1000, 1000], "b": [1000]})
    return folder


def test_facts_of_a_local_folder(use: Use, model: Path):
    facts = model_facts_from_json(use("hf_model_load", model="./model").data)
    assert (facts.id, facts.revision, facts.path) == ("model", "", str(model))
    assert (facts.architecture, facts.task) == ("BertForSequenceClassification", "text-classification")
    assert (facts.parameters, facts.max_length, facts.licence) == (1_001_000, 256, "mit")
    assert facts.problems == ()


def test_a_repository_of_the_hub_has_its_revision(use: Use, checkout: Path, model: Path):
    there = checkout.parent / "hub" / "models" / "org" / "name"
    there.parent.mkdir(parents=True)
    model.rename(there)
    facts = model_facts_from_json(use("hf_model_load", model="org/name", revision="v1").data)
    assert (facts.id, facts.revision, facts.licence) == ("org/name", "v1", "apache-2.0")


def test_shards_are_counted_together(use: Use, model: Path):
    (model / "model.safetensors").unlink()
    write_weights(model / "model-00001-of-00002.safetensors", {"a": [10, 10], "tied": [5]}, "BF16")
    write_weights(model / "model-00002-of-00002.safetensors", {"b": [7], "tied": [5], "scalar": []}, "BF16")
    data = use("hf_model_load", model="model").data
    assert data["parameters"] == 100 + 5 + 7 + 1
    assert data["number_format"] == "BF16"


def test_memory_follows_the_method_and_hardware_is_offered_with_prices(use: Use, model: Path):
    write_weights(model / "model.safetensors", {"a": [7_000_000, 1000]}, "BF16")
    result = use("hf_model_load", model="model")
    facts = model_facts_from_json(result.data)
    assert facts.memory_gb == {
        "inference": Decimal("16.8"),  # 7e9 x 2 bytes x 1.2
        "full": Decimal("134.4"),  # 7e9 x 16 x 1.2
        "lora": Decimal("18.1"),  # 7e9 x (2 + 0.16) x 1.2
        "qlora": Decimal("5.7"),  # 7e9 x (4.127/8 + 0.16) x 1.2
    }
    fits = result.data["fits"]
    assert isinstance(fits, dict)
    assert fits["full"] == []
    assert fits["lora"] == [{"flavor": "a100-large", "usd_per_hour": "2.50"}]
    assert [offer["flavor"] for offer in fits["qlora"]] == ["local-cpu", "t4-small", "a100-large"]
    assert "fits no hardware here" in result.text


def test_pickles_alone_are_a_problem_and_are_not_opened(use: Use, model: Path):
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n".ljust(4000, b"\0"))
    facts = model_facts_from_json(use("hf_model_load", model="model").data)
    assert any("pickle" in problem for problem in facts.problems)
    assert facts.parameters == 1000  # 4,000 bytes of 32-bit numbers


def test_pickles_beside_safetensors_are_none(use: Use, model: Path):
    (model / "pytorch_model.bin").write_bytes(b"\x80")
    assert model_facts_from_json(use("hf_model_load", model="model").data).problems == ()


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", '{"auto_map": {"AutoModel": "m.M"}}', "remote code"),
        ("README.md", "# no head", "no licence"),
        ("adapter_config.json", '{"peft_type": "LORA"}', "an adapter"),
    ],
)
def test_what_stands_in_the_way_is_said(use: Use, model: Path, file: str, content: str, words: str):
    (model / file).write_text(content)
    result = use("hf_model_load", model="model")
    assert words in result.text
    assert any(words in problem for problem in model_facts_from_json(result.data).problems)


@pytest.mark.parametrize(
    "head", [b"", b"\xff" * 16, struct.pack("<Q", 12) + b"not json but", struct.pack("<Q", 99) + b"{}"]
)
def test_a_cut_or_made_up_weight_file_is_a_clear_no(use: Use, model: Path, head: bytes):
    (model / "model.safetensors").write_bytes(head)
    with pytest.raises(ToolFailed, match=r"model\.safetensors"):
        use("hf_model_load", model="model")


def test_a_folder_that_is_no_model_is_a_clear_no(use: Use, checkout: Path):
    (checkout / "src").mkdir()
    (checkout / "src" / "main.py").touch()
    with pytest.raises(ToolFailed, match=r"no model.*main\.py"):
        use("hf_model_load", model="src")


def test_an_unknown_model_is_the_hubs_word(use: Use):
    with pytest.raises(ToolFailed, match="no model org/nothing"):
        use("hf_model_load", model="org/nothing")
    with pytest.raises(ToolFailed, match="no folder"):
        use("hf_model_load", model="./nothing")


def test_a_head_that_is_no_yaml_is_no_head(use: Use, model: Path):
    (model / "README.md").write_text("---\nlicense: [\n---\n")
    assert model_facts_from_json(use("hf_model_load", model="model").data).licence == ""
