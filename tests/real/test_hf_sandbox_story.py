"""The whole way with a sandbox on a Hub that listens: a lease with its price, an approval, work there, and a model that stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.entries import LedgerView
from intern_action.git.branch import GitBranch
from intern_action.ledger.ledger import GitLedger
from intern_action.settings.clock import SystemClock
from tests.fakes.git_world import make_repository
from tests.fakes.hub_jobs import PAYS, STAGES
from tests.fakes.hub_sandboxes import SandboxWorkshop, sandbox_workshop
from tests.hub_server.faults import Lost
from tests.hub_server.front import Front

ROOT = Path(__file__).parents[2]
TASK = "make a small model in a sandbox"
LEASE = {"flavor": "cpu-basic", "timeout": "1h", "cap_usd": "0.01", "purpose": "to make the model there"}
TRAIN = "mkdir -p model; head -c 3000000 /dev/urandom > model/weights.bin; echo '{}' > model/config.json; ln -s /etc/passwd model/p"
UPLOAD = {"repository": "ada/made-there", "source": "sandbox:model"}


def says(*calls: tuple[str, Mapping[str, object]], text: str = "") -> dict[str, object]:
    """Return one answer of the model as a trace has it."""
    blocks: list[object] = [{"type": "text", "text": text}] if text else []
    blocks += [
        {"type": "tool_use", "id": f"{name}-{number}", "name": name, "input": given}
        for number, (name, given) in enumerate(calls)
    ]
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

    def types(self, *words: str) -> str:
        """Run a command; return what it said."""
        done = self._run(["-m", "intern_action", *words, "--out", str(self.at.place / "out")])
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def _run(self, words: Sequence[str], **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

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
    from intern_action.launches.tenant import hub_api

    return {
        one.rfilename for one in hub_api(at.account.endpoint, at.account.token).model_info(repository).siblings or []
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
