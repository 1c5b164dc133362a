"""The files of a demo: there when somebody wishes them, and as a Space wants them."""

from __future__ import annotations

import yaml

from intern_action.recipes import Recipes
from intern_action.recipes.text_classification import demo
from intern_action.recipes.text_classification.card import DEPENDENCIES
from tests.recipes.facts import MAILS, MINILM, wish

FILES = {demo.SERVE, demo.APP, demo.REQUIREMENTS, demo.README}


def test_without_the_wish_there_is_no_demo():
    assert not FILES & Recipes().fit(wish(), MINILM, MAILS).files.keys()


def test_a_demo_serves_and_shows_the_model_by_its_name_on_the_hub():
    files = Recipes().fit(wish(demo="ada/spam"), MINILM, MAILS).files
    assert files.keys() > FILES
    assert 'MODEL = "ada/spam"' in files[demo.APP]
    for path in (demo.SERVE, demo.APP):
        compile(files[path], path, "exec")


def test_a_spaces_page_says_how_it_is_run():
    page = demo.files("ada/spam")[demo.README]
    head = yaml.safe_load(page.split("---")[1])
    assert (head["title"], head["sdk"], head["app_file"], head["models"]) == ("spam", "gradio", "app.py", ["ada/spam"])


def test_where_nobody_named_a_repository_no_model_is_listed():
    files = demo.files("true")
    assert "models" not in yaml.safe_load(files[demo.README].split("---")[1])
    assert demo.UNNAMED in files[demo.APP]


def test_a_space_runs_what_the_training_ran():
    assert set(demo.NEEDS) <= set(DEPENDENCIES)
