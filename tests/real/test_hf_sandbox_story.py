"""The whole way with a sandbox on a Hub that listens: a lease with its price, an approval, work there, and a model that stays."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from intern_action.core.entries import LedgerView
from intern_action.git.branch import GitBranch
from intern_action.ledger.ledger import GitLedger
from intern_action.settings.clock import SystemClock
from tests.fakes.git_world import make_repository
from tests.fakes.hub_jobs import PAYS, STAGES
from tests.fakes.hub_sandboxes import SandboxWorkshop, order_of, sandbox_workshop
from tests.fakes.starts import ran, started
from tests.fakes.waiting import until
from tests.hub_server.faults import Lost
from tests.hub_server.front import Front
from tests.hub_server.job_records import JobFolder
from tests.hub_server.job_runs import Jobs, Order

ROOT = Path(__file__).parents[2]
TASK = "make a small model in a sandbox"
LEASE = {"flavor": "cpu-basic", "timeout": "1h", "cap_usd": "0.01", "purpose": "to make the model there"}
TRAIN = (
    "mkdir model; head -c 3000000 /dev/urandom > model/weights.bin; "
    "echo '{}' > model/config.json; ln -s /etc/passwd model/p"
)
COUNT = count()
UP_TO_THE_PLAN = 7
"""Events: began, moved, heard, spent, held, published, planned."""

UPLOAD = {"repository": "ada/made-there", "source": "sandbox:model"}


def says(*calls: tuple[str, Mapping[str, object]], text: str = "") -> dict[str, object]:
    """Return one answer of the model as a trace has it."""
    blocks: list[object] = [{"type": "text", "text": text}] if text else []
    blocks += [{"type": "tool_use", "id": f"c{next(COUNT)}", "name": name, "input": given} for name, given in calls]
    usage = {"input_tokens": 1, "output_tokens": 1}
    stop = "tool_use" if calls else "end_turn"
    message = {"type": "message", "role": "assistant", "id": "m", "model": "recorded", "content": blocks}
    return {"type": "assistant", "costUSD": 0.0, "message": {**message, "stop_reason": stop, "usage": usage}}


WHOLE = (
    says(("sandbox_create", LEASE)),
    says(("sandbox_exec", {"command": TRAIN})),
    says(("hf_upload_model", UPLOAD)),
    says(text="The model is uploaded."),
)


class Story:
    """A person with a repository, whose model says what stands in a file."""

    def __init__(self, at: SandboxWorkshop, *answers: dict[str, object]) -> None:
        self.at = at
        self.script = at.place / "script.jsonl"
        self.tell(*(answers or WHOLE))
        make_repository(at.place / "repo", {"README.md": "# words\n"})

    def tell(self, *answers: dict[str, object]) -> None:
        """Say what the model says."""
        self.script.write_text("".join(f"{json.dumps(one)}\n" for one in answers))

    @property
    def environment(self) -> dict[str, str]:
        """What a person's shell has."""
        at = self.at
        return {
            "PATH": os.defpath,
            "HOME": str(at.place / "home"),
            "INTERN_ACTION_WORK": str(at.place / "work"),
            "HF_ENDPOINT": at.account.endpoint,
            "HF_TOKEN": at.guest.token,
            "HF_WRITE_TOKEN": at.account.token,
            "HF_SANDBOX_TOKEN": at.inside,
            "INTERN_ACTION_SANDBOX_BACKEND": "hf",
            "INTERN_ACTION_JOBS_HF_NAMESPACE": PAYS,
            "INTERN_ACTION_JOBS_HF_STAGING": STAGES,
            "INTERN_ACTION_JOBS_HF_IMAGE": "python:3.12",
            "INTERN_ACTION_TRACES_UPLOAD": "false",
            **at.hub.world.part(Front).environment(),
        }

    def play(self, kill_after: int = 0, **more: str) -> dict[str, object]:
        """Begin or go on in a process of its own, as a second person approves; {} when it was killed."""
        words = [
            str(self.at.place / "out"),
            str(self.at.place / "repo"),
            str(kill_after),
            TASK,
            f"replay:{self.script}",
        ]
        done = self._run(["-m", "tests.fakes.mortal", *words], **more)
        assert done.returncode in {0, -signal.SIGKILL}, done.stderr[-3000:]
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def words(self, kill_after: int) -> list[str]:
        """Return what a process that plays is told."""
        place = self.at.place
        return [str(place / "out"), str(place / "repo"), str(kill_after), TASK, f"replay:{self.script}"]

    def told(self) -> str:
        """Return the whole journal."""
        (journal,) = (self.at.place / "out" / "control" / "journals").glob("*.jsonl")
        return journal.read_text()

    def types(self, *words: str) -> str:
        """Run a command; return what it said."""
        done = self._run(["-m", "intern_action", *words, "--out", str(self.at.place / "out")])
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def _run(self, words: Sequence[str], **more: str) -> subprocess.CompletedProcess[str]:
        return ran(*words, cwd=ROOT, env={**self.environment, **more}, timeout=110)

    def ledger(self) -> LedgerView:
        """Read the ledger."""
        branch = GitBranch.at(str(self.at.place / "ledger"), str(self.at.place / "out" / "remote.git"), "intern/ledger")
        return GitLedger(branch, clock=SystemClock(), origin="local").read()

    def money(self) -> tuple[Decimal, Decimal]:
        """What the newest plan holds and what it has spent."""
        view = self.ledger()
        made = view.newest_plan(next(iter(view.sessions())))
        assert made is not None
        return view.held(made.digest), view.captured(made.digest)

    def begun(self) -> int:
        """Return how many sandboxes the Hub was given."""
        return len(self.at.machines)

    def ended_well(self) -> bool:
        """Whether there was one sandbox, it is gone, and its price was taken once."""
        held, captured = self.money()
        return self.begun() == 1 and self.at.alive == 0 and held == 0 and captured == Decimal("0.01")


@pytest.fixture
def at(tmp_path: Path) -> Iterator[SandboxWorkshop]:
    with sandbox_workshop(tmp_path) as made:
        yield made


def files_of(at: SandboxWorkshop, repository: str) -> set[str]:
    """Return the files of a model on the Hub."""
    from intern_action.hub.client import hub_client

    return {
        one.rfilename for one in hub_client(at.account.endpoint, at.account.token).model_info(repository).siblings or []
    }


def test_create_exec_upload_ends_with_a_model_on_the_hub_and_no_sandbox_left(at: SandboxWorkshop) -> None:
    story = Story(at)
    assert story.play()["state"] == "done"
    assert story.ended_well()
    assert {"config.json", "weights.bin"} <= files_of(at, "ada/made-there")
    assert "p" not in files_of(at, "ada/made-there")
    assert at.hub.world.part(Front).tokens == {at.guest.token}


def test_a_lost_answer_begins_no_second_one(at: SandboxWorkshop) -> None:
    story = Story(at)
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Lost(), times=1)
    assert story.play()["state"] == "done"
    assert story.ended_well()


def test_killed_while_the_machine_comes_up_it_is_adopted_and_not_begun_again(at: SandboxWorkshop) -> None:
    story, jobs = Story(at), at.hub.world.part(Jobs)
    jobs.settings.queue_seconds = None
    with started("-m", "tests.fakes.mortal", *story.words(0), cwd=ROOT, env=story.environment) as process:
        until(lambda: story.begun() == 1, seconds=60)
        process.kill()
    jobs.let_go(at.machines[0])
    assert story.play()["state"] == "done"
    assert story.ended_well()


def test_an_ended_lease_ends_it_whatever_runs_there_and_costs_no_more_than_its_cap(at: SandboxWorkshop) -> None:
    sooner(at, seconds=12)
    story = Story(
        at, says(("sandbox_create", LEASE)), says(("sandbox_exec", {"command": "sleep 50"})), says(text="Too slow.")
    )
    assert story.play()["state"] == "done"
    assert story.ended_well()
    (machine,) = at.machines
    assert machine.record()["timeoutSeconds"] == 59 * 60  # a whole hour would cost a little more than the cap
    assert "with all that was in it" in story.told()


ASKS = (says(("sandbox_create", LEASE)), says(("ask_person", {"question": "go on?"})))


def test_stop_ends_it_and_pays_for_its_time(at: SandboxWorkshop) -> None:
    story = Story(at, *ASKS)
    assert story.play()["state"] == "awaiting-input"
    assert (story.begun(), at.alive) == (1, 1)
    story.types("stop")
    assert story.ended_well()


def test_the_sweeper_ends_what_no_ledger_of_ours_knows_and_lets_strangers_be(at: SandboxWorkshop) -> None:
    story = Story(at, *ASKS)
    story.play()
    home = (at.place / "out" / "control" / "home").read_text()
    ours = at.account
    at.account = dataclasses.replace(ours, home=home)
    stray = at.control().create(order_of("intern-stray-1"))
    at.account = dataclasses.replace(ours, home="another")
    strangers = at.control().create(order_of("intern-other-1"))
    for words in (f"cancelled {stray.id} (intern-stray-1)", "nothing to sweep"):
        assert words in story.types("sweep")
    assert at.alive == 2
    assert at.control().status(strangers).ended_at is None


def test_a_second_start_that_came_true_too_late_is_swept_and_the_first_is_worked_in_on(at: SandboxWorkshop) -> None:
    story = Story(at, *ASKS)
    story.play()
    (first,) = at.machines
    record = first.record()
    script = (
        "import json, sys\nfrom huggingface_hub import HfApi\nlabels = json.loads(sys.argv[1])\n"
        f"HfApi().run_job(image='python:3.12', command=['sleep', '300'], labels=labels, namespace='{PAYS}')\n"
    )
    at_hub = {**story.environment, "HF_TOKEN": at.account.token}
    subprocess.run([sys.executable, "-c", script, json.dumps(record["labels"])], check=True, env=at_hub)
    assert at.alive == 2
    assert "cancelled" in story.types("sweep")
    assert at.alive == 1
    assert first.status().finished_at is None
    story.tell(*ASKS, says(("sandbox_exec", {"command": "echo still here"})), says(text="Done."))
    story.types("tell", next(iter(story.ledger().sessions())), "yes", "--as", "ada")
    assert "still here" in story.told()
    assert at.alive == 0


def test_a_price_that_rose_before_the_approval_begins_nothing(at: SandboxWorkshop) -> None:
    story = Story(at)
    assert story.play(kill_after=UP_TO_THE_PLAN) == {}
    assert story.told().splitlines()[-1].count('"kind":"planned"') == 1
    at.hub.world.part(Jobs).prices.set_price("cpu-basic", Decimal("0.40"))
    assert story.play()["state"] == "awaiting-review"
    assert story.begun() == 0


def test_a_long_command_is_waited_for_without_a_run_of_ours(at: SandboxWorkshop) -> None:
    story = Story(
        at,
        says(("sandbox_create", LEASE)),
        says(("sandbox_exec", {"command": "sleep 12; echo ready", "timeout": "20m"})),
        says(("sandbox_logs", {"wait": "20m"})),
        says(("sandbox_logs", {})),
        says(text="It is ready."),
    )
    assert story.play(INTERN_ACTION_WAITING_JOB="1 second")["state"] == "awaiting-job"
    assert at.alive == 1
    assert story.play()["state"] == "done"
    assert "ready\\n[p001: exit code 0]" in story.told()
    assert story.ended_well()


def test_with_all_tools_in_a_sandbox_the_checkout_keeps_beside_it_and_no_secret_is_anywhere(
    at: SandboxWorkshop,
) -> None:
    looks = "env; cat /proc/$PPID/environ | tr '\\0' '\\n'; cat README.md; mkdir model; echo '{}' > model/config.json"
    story = Story(
        at,
        says(text="(the house asks for the sandbox in this answer's place)"),
        says(("bash", {"command": looks}), ("write_file", {"path": "notes.md", "content": "seen\n"})),
        says(("bash", {"command": "cat notes.md model/config.json"})),
        says(("hf_upload_model", {"repository": "ada/made-there", "source": "model"})),
        says(text="Done."),
    )
    assert story.play(INTERN_ACTION_SANDBOX_TOOLS="true")["state"] == "done"
    assert "# words" in story.told()
    assert "seen\\n{}" in story.told()
    assert "config.json" in files_of(at, "ada/made-there")
    assert at.alive == 0
    kept = [path for folder in ("out", "work") for path in (at.place / folder).rglob("*") if path.is_file()]
    for token in (at.account.token, at.guest.token, at.inside):
        assert [path for path in kept if token.encode() in path.read_bytes()] == []


def sooner(at: SandboxWorkshop, *, seconds: int) -> None:
    """Have the Hub's time limits come sooner than they were asked for."""
    jobs = at.hub.world.part(Jobs)
    start = jobs.start

    def hurried(folder: JobFolder, record: Mapping[str, object], order: Order) -> None:
        start(folder, record, dataclasses.replace(order, timeout_seconds=seconds))

    jobs.start = hurried
