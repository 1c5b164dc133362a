"""`make demo`, as a newcomer runs it: a model that was really trained, and everything that has to be there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from intern_action.git.run import Git
from tests.fakes.starts import ran

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What the demo printed, and where its world lies."""

    said: str
    out: Path

    @property
    def session(self) -> Path:
        return next((self.out / "sessions").iterdir())

    @property
    def pull_request(self) -> str:
        return (self.out / "forge" / "pulls" / "2.md").read_text()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """What the README's first command leaves. The folder is the one it names; the rest of the person's home is new."""
    home = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        ["make", "demo"],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "INTERN_ACTION_WORK": str(home / "work")},  # noqa: TID251 -- make needs its PATH
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return Demo(said=done.stdout, out=ROOT / "intern-demo")


def test_the_trained_model_is_right_about_nine_of_ten_mails_it_never_saw(demo: Demo) -> None:
    """Recomputed from the saved model by a script that shares no code with the training."""
    done = subprocess.run(
        [sys.executable, "bench/check_model.py", str(demo.session / "model" / "model"), str(mails(demo))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["n"] >= 300
    assert found["accuracy"] >= 0.90
    result = json.loads((demo.session / "result.json").read_text())
    assert found["accuracy"] == pytest.approx(result["metrics"]["accuracy"], abs=0.01)


def mails(demo: Demo) -> Path:
    return demo.out / "repository" / "data" / "mails"


def test_the_branch_with_the_training_code_is_in_the_repository(demo: Demo) -> None:
    log = Git().run("log", "--all", "--format=%an %s", cwd=str(demo.out / "repository")).text
    assert "intern-action[bot] Fine-tune" in log
    branches = Git().run("branch", "--list", "intern/*", "--format=%(refname:short)", cwd=str(demo.out / "repository"))
    files = Git().run("ls-tree", "-r", "--name-only", branches.text, cwd=str(demo.out / "repository")).text
    assert "training/train.py" in files


@pytest.mark.parametrize("words", ["costs at most", "| accuracy |", "xychart-beta", "trace.html", "Approved by grace"])
def test_the_pull_request_shows_quote_metrics_curve_trace_and_approval(demo: Demo, words: str) -> None:
    assert words in demo.pull_request


def test_a_second_person_approved_and_the_demo_says_so(demo: Demo) -> None:
    assert "ada writes on an issue" in demo.said
    assert "grace, a second person, approves" in demo.said


@pytest.mark.parametrize("place", ["pulls/2.md", "trace.html", "result.json", "accuracy"])
def test_it_ends_with_where_everything_lies(demo: Demo, place: str) -> None:
    assert place in demo.said.rpartition("second person")[2]


def test_money_was_held_spent_and_released_on_the_ledger(demo: Demo) -> None:
    log = Git(git_dir=str(demo.out / "remote.git")).run("show", "intern/ledger:entries.jsonl").text
    kinds = [json.loads(line)["event"]["kind"] for line in log.splitlines()]
    assert [kind for kind in kinds if kind.startswith("money")] == ["money-held", "money-captured", "money-released"]


def test_the_result_is_for_machines(demo: Demo) -> None:
    result = json.loads((demo.session / "result.json").read_text())
    assert (result["schema_version"], result["state"], result["exit_code"]) == (1, "done", 0)
    assert result["plan"]["approved_by"] == ["grace"]
    assert [job["state"] for job in result["jobs"]] == ["completed"]


def test_every_row_of_its_trace_is_one_a_reader_takes(demo: Demo) -> None:
    rows = [json.loads(line) for line in (demo.session / "trace.jsonl").read_text().splitlines()]
    assert len(rows) > 20
    assert {"uuid", "parentUuid", "timestamp", "sessionId", "message"} <= set(rows[0])


# --- where the uploaded model comes from -------------------------------------------------------------------------------


def verify(demo: Demo) -> subprocess.CompletedProcess[str]:
    """Walk back from the demo's model, as its reader would."""
    alone = {"PATH": os.environ["PATH"], "HOME": str(demo.out), "HF_HUB_OFFLINE": "1"}  # noqa: TID251 -- git is found there
    command = ("-m", "intern_action", "verify", "ada/spam-or-ham", "--out", str(demo.out))
    return ran(*command, cwd=ROOT, env=alone, timeout=120)


def uploaded(demo: Demo) -> Path:
    """The newest revision of the model on the local hub."""
    place = demo.out / "hub" / "models" / "ada" / "spam-or-ham"
    return place / "snapshots" / (place / "refs" / "main").read_text().strip()


def test_the_uploaded_model_lies_where_libraries_look_and_loads_by_its_folder(demo: Demo) -> None:
    program = (
        "import sys; from transformers import AutoModelForSequenceClassification as A; A.from_pretrained(sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", program, str(uploaded(demo))], timeout=300, check=True, capture_output=True)


def test_the_origin_of_the_uploaded_model_holds_from_its_files_to_its_data(demo: Demo) -> None:
    done = verify(demo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "comes from where its card says" in done.stdout


@pytest.mark.parametrize(
    ("field", "link"),
    [
        ("launch_key", "job"),
        ("job", "job"),
        ("plan", "job"),
        ("requester", "plan"),
        ("approved_by", "approval"),
        ("commit", "commit"),
        ("tree", "commit"),
        ("model", "base model"),
        ("model_revision", "base model"),
        ("dataset", "data"),
    ],
)
def test_a_card_that_lies_is_caught_at_the_link_it_lies_about(demo: Demo, field: str, link: str) -> None:
    card = uploaded(demo) / "README.md"
    true = card.read_text()
    head, body = true.removeprefix("---\n").split("\n---\n", 1)
    whole = yaml.safe_load(head)
    told = whole["intern_action"]
    told[field] = ["mallory"] if field == "approved_by" else "0" * len(told[field])
    try:
        card.write_text(f"---\n{yaml.safe_dump(whole)}---\n{body}")
        done = verify(demo)
    finally:
        card.write_text(true)
    assert (done.returncode, f"the first broken link is `{link}`" in done.stdout) == (3, True), done.stdout


def test_weights_that_were_changed_are_caught(demo: Demo) -> None:
    config = uploaded(demo) / "config.json"
    true = config.read_text()
    try:
        config.unlink()
        config.write_text(true + "\n")
        done = verify(demo)
    finally:
        config.write_text(true)
    assert (done.returncode, "the first broken link is `model`" in done.stdout) == (3, True), done.stdout
