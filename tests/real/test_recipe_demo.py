"""The files of a demo, run: the script answers over HTTP with the trained model, and the Space's program shows its scores."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from intern_action.core.flags import flags
from intern_action.recipes import Recipes
from intern_action.recipes.text_classification import demo
from tests.real.test_recipe_text_classification import ROOT, encoder
from tests.recipes.facts import MAILS, MINILM, wish

pytestmark = pytest.mark.timeout(300)
GRADIO = """
class Textbox:
    def __init__(self, **words): pass
class Label(Textbox): pass
class Interface:
    def __init__(self, *, fn, **words): self.fn = fn
    def launch(self):
        import json
        print(json.dumps([self.fn("You have won"), self.fn(" ")]))
"""
"""Stands in for gradio: what it would show is printed instead."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the recipe's files and a model that was really, if tiny and briefly, trained."""
    import dataclasses

    folder = tmp_path_factory.mktemp("demo")
    mails = ROOT / "intern_action" / "recipes" / "text_classification" / "mails"
    model = dataclasses.replace(MINILM, id=encoder(), revision="")
    data = dataclasses.replace(MAILS, id=str(mails), revision="")
    fit = Recipes().fit(
        dataclasses.replace(wish(demo="output/model", max_steps="2"), model=model.id, dataset=data.id), model, data
    )
    for path, text in fit.files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, fit.job.script, *flags(fit.job.parameters), "--smoke", "--tiny", "--output-dir=output"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return folder


def environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": str(folder / "home"), "HF_HUB_OFFLINE": "1"}


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Serve the model as a person would; the port."""
    server = subprocess.Popen(
        [sys.executable, demo.SERVE, "--model", "output/model", "--port", "0"],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        found = re.search(r"serving output/model at http://127\.0\.0\.1:(\d+)", server.stdout.readline())
        assert found is not None
        yield int(found[1])
    finally:
        server.terminate()
        server.communicate()


def ask(port: int, method: str, body: str = "") -> tuple[int, object]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, "/health" if method == "GET" else "/", body)
    answer = connection.getresponse()
    told = answer.status, json.loads(answer.read())
    connection.close()
    return told


def test_the_script_serves_the_trained_model_in_the_words_of_an_endpoint(trained: Path) -> None:
    with serving(trained) as port:
        assert ask(port, "GET") == (200, {"status": "ok"})
        status, scores = ask(port, "POST", '{"inputs": "You have won a prize, click here"}')
        assert status == 200
        ((first, second),) = scores  # pyright: ignore[reportGeneralTypeIssues]
        assert {first["label"], second["label"]} == {"spam", "ham"}
        assert first["score"] + second["score"] == pytest.approx(1, abs=1e-4)
        status, scores = ask(port, "POST", '{"inputs": ["a", "b"]}')
        assert (status, len(scores)) == (200, 2)  # pyright: ignore[reportArgumentType]


def test_what_is_no_request_is_said_and_the_script_goes_on(trained: Path) -> None:
    with serving(trained) as port:
        for body in ("", "{}", "not json", '{"inputs": 5}', '{"inputs": []}', "[1]"):
            status, told = ask(port, "POST", body)
            assert (status, "error" in told) == (400, True)  # pyright: ignore[reportOperatorIssue]
        assert ask(port, "GET")[0] == 200


def test_the_space_shows_how_sure_the_model_is(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "gradio.py").write_text(GRADIO)
    ran = subprocess.run(
        [sys.executable, demo.APP],
        cwd=trained,
        env={**environment(trained), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    shown, nothing = json.loads(ran.stdout.splitlines()[-1])
    assert set(shown) == {"spam", "ham"}
    assert nothing == {}
