"""What people write, and what the built-in planner takes from it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.llm._wish import Asked, Deploy, asked_in, said_in


def asked(words: str) -> Asked:
    found = asked_in(words, flavor="local-cpu", timeout_minutes=30)
    assert found is not None, words
    return found


@pytest.mark.parametrize(
    "words",
    [
        "fine-tune a/m on b/d",
        "Fine-Tune a/m on b/d.",
        "finetune a/m on b/d",
        "fine tune a/m on b/d!",
        "train a/m on b/d",
        "please fine-tune a/m on b/d",
        "/intern fine-tune a/m on b/d",
        "Hi @intern, could you please train the model a/m on the dataset b/d? Thank you!",
        "fine-tune 'a/m' on \"b/d\"",
        "fine-tune `a/m` on `b/d`, thanks a lot",
        "I want to train our model a/m\non our data set b/d",
        "fine-tuning a/m on b/d please",
    ],
)
def test_a_training_is_understood_in_many_wordings_without_a_rest(words: str):
    found = asked(words)
    wish = found.wish
    assert (wish.verb, wish.model, wish.dataset, dict(wish.settings)) == ("train", "a/m", "b/d", {})
    assert (wish.flavor, wish.timeout_minutes, found.upload, found.ignored) == ("local-cpu", 30, "", ())


@pytest.mark.parametrize("words", ["evaluate a/m on b/d", "eval a/m against b/d", "evaluate a/m on the data set b/d"])
def test_an_evaluation_is_one(words: str):
    assert (asked(words).wish.verb, asked(words).wish.dataset) == ("evaluate", "b/d")


@pytest.mark.parametrize(
    ("rest", "settings"),
    [
        ("with epochs=3", {"epochs": "3"}),
        ("with epochs=3, lora", {"epochs": "3", "lora": "true"}),
        ("with epochs=3,lora", {"epochs": "3", "lora": "true"}),
        ("with epochs = 3 and batch_size = 8", {"epochs": "3", "batch-size": "8"}),
        ("with batch size 8 and 2 epochs. Thanks!", {"batch-size": "8", "epochs": "2"}),
        ("for 3 epochs with learning rate 1e-4", {"epochs": "3", "learning-rate": "1e-4"}),
        ("using lora", {"lora": "true"}),
        ("without lora", {"lora": "false"}),
        ("with text_column='body text'", {"text-column": "body text"}),
        ("with requirement='transformers>=4.40'", {"requirement": "transformers>=4.40"}),
        ("with loar", {"loar": "true"}),  # its recipe says that there is no such setting
        ("\n\nwith epochs=2\n- lora", {"epochs": "2", "lora": "true"}),
        ("with lora, thanks", {"lora": "true"}),
        ("with epochs=2. Make it shine", {"epochs": "2"}),
    ],
)
def test_settings_are_taken_as_they_are_said(rest: str, settings: dict[str, str]):
    assert dict(asked(f"fine-tune a/m on b/d {rest}").wish.settings) == settings


@pytest.mark.parametrize(
    ("rest", "flavor", "minutes", "upload"),
    [
        ("flavor t4-small", "t4-small", 30, ""),
        ("on a10g-large", "a10g-large", 30, ""),
        ("with flavor=a100-large, timeout=2h", "a100-large", 120, ""),
        ("timeout 90m", "local-cpu", 90, ""),
        ("timeout 1h30m", "local-cpu", 90, ""),
        ("with timeout 45 minutes", "local-cpu", 45, ""),
        ("within 2 hours", "local-cpu", 120, ""),
        ("timeout 3600", "local-cpu", 60, ""),
        ("timeout 1.5h", "local-cpu", 90, ""),
        ("timeout: 90 s", "local-cpu", 2, ""),
        ("push to ada/spam", "local-cpu", 30, "ada/spam"),
        ("and then upload the model to ada/spam.", "local-cpu", 30, "ada/spam"),
        ("with upload=ada/spam", "local-cpu", 30, "ada/spam"),
        ("on an h200, push to `ada/spam`, timeout 1d", "h200", 1440, "ada/spam"),
    ],
)
def test_hardware_time_and_target_are_no_settings(rest: str, flavor: str, minutes: int, upload: str):
    found = asked(f"fine-tune a/m on b/d {rest}")
    assert (found.wish.flavor, found.wish.timeout_minutes, found.upload) == (flavor, minutes, upload)
    assert (dict(found.wish.settings), found.ignored) == ({}, ())


@pytest.mark.parametrize(
    ("rest", "deploy"),
    [
        (" and deploy it", Deploy()),
        (", deploy it on intel-spr-x1 for 2h", Deploy(flavor="intel-spr-x1", lifetime="2h")),
        (" and then deploy the model as an inference endpoint on an nvidia-t4-x1", Deploy(flavor="nvidia-t4-x1")),
        (" with deploy=nvidia-l4-x1", Deploy(flavor="nvidia-l4-x1")),
        (" and serve it for 1 day 12 hours. Thanks!", Deploy(lifetime="1 day 12 hours")),
        ("", None),
    ],
)
def test_who_wishes_an_endpoint_says_the_machine_and_for_how_long(rest: str, deploy: Deploy | None):
    found = asked(f"fine-tune a/m on b/d, push to ada/spam{rest}")
    assert (found.deploy, found.upload, found.wish.flavor, found.ignored) == (deploy, "ada/spam", "local-cpu", ())


@pytest.mark.parametrize(
    "rest",
    ["with a demo Space", "with demo", "and a demo", "with lora, a demo space", "with a space", "with demo=true"],
)
def test_a_demo_is_a_setting_that_knows_where_the_model_goes(rest: str):
    assert asked(f"fine-tune a/m on b/d {rest}").wish.settings["demo"] == "true"
    found = asked(f"fine-tune a/m on b/d {rest}, push to ada/spam")
    assert (found.wish.settings["demo"], found.ignored) == ("ada/spam", ())


@pytest.mark.parametrize(
    ("words", "ignored"),
    [
        ("fine-tune a/m on b/d. Use nice colours", "Use nice colours"),
        ("fine-tune a/m on b/d and write a poem", "write a poem"),
        ("fine-tune a/m on b/d with timeout 45", "timeout 45"),  # minutes or seconds, nobody can tell
        ("fine-tune a/m on b/d with timeout 1.5", "timeout 1.5"),
        ("It rains. Please fine-tune a/m on b/d", "It rains. Please"),
        ("fine-tune a/m on b/d, tell me on Tuesday", "tell me on Tuesday"),
    ],
)
def test_what_was_not_understood_is_kept(words: str, ignored: str):
    assert asked(words).ignored == (ignored,)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "train",
        "fine-tune a/m",
        "fine-tune on b/d",
        "do not train a/m on b/d",
        "don't fine-tune a/m on b/d",
        "never ever train a/m on b/d",
        "please stop training a/m on b/d",
        "write a poem on trains",
        "constrain a/m on b/d",
        "retrain-later a/m on b/d",
    ],
)
def test_what_is_no_wish_is_none(words: str):
    assert asked_in(words, flavor="local-cpu", timeout_minutes=30) is None


def test_names_with_spaces_and_paths_stand():
    wish = asked("fine-tune \"./my model\" on '/data/my mails' with lora").wish
    assert (wish.model, wish.dataset) == ("./my model", "/data/my mails")


def test_a_long_rest_is_shown_in_part():
    (ignored,) = asked("fine-tune a/m on b/d. " + "words and more " * 200).ignored
    assert len(ignored) < 400


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        ("please use batch_size=8 instead", {"batch-size": "8"}),
        ("too expensive: epochs 2", {"epochs": "2"}),
        ("try lora", {"lora": "true"}),
        ("no lora please, epochs=2", {"lora": "false", "epochs": "2"}),
        ("make the batch size 4", {"batch-size": "4"}),
        ("I do not like it", {}),
        ("see https://x.example/?a=b", {}),
        ("lorax", {}),
    ],
)
def test_a_reviewers_settings_are_found_among_words(words: str, settings: dict[str, str]):
    assert dict(said_in(words).settings) == settings


@given(st.text(max_size=300))
def test_no_words_make_it_stumble(words: str):
    asked_in(f"fine-tune a/m on b/d {words}", flavor="local-cpu", timeout_minutes=30)
    asked_in(words, flavor="local-cpu", timeout_minutes=30)
    said_in(words)


@pytest.mark.parametrize(
    "piece",
    ["train ", "a ", "with ", " ", "on ", "timeout 1 ", "push to ", "'", "epochs ", "not ", ".", "no\t", "x=", "1h"],
)
def test_a_page_of_anything_is_read_at_once(piece: str):
    began = time.monotonic()
    asked_in("fine-tune a/m on b/d " + piece * 10_000, flavor="local-cpu", timeout_minutes=30)
    asked_in(piece * 10_000, flavor="local-cpu", timeout_minutes=30)
    said_in(piece * 10_000)
    assert time.monotonic() - began < 3
