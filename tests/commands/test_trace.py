"""`intern-action trace`, over what a real session has left: a scripted provider, the command line, its trace and its journal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.model_server import Ask, ModelServer, Say, Seen, Step

TURNS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A repository with a finished session, and a provider that still listens."""

    folder: Path
    url: str

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours there."""
        environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - a child gets what it is handed
            "HOME": str(self.folder / "home"),
            "USER": "ada",
            "LOCAL_LLM_BASE_URL": self.url,
            "INTERN_ACTION_TRACES_UPLOAD": "false",
        }
        return subprocess.run(
            [sys.executable, "-m", "intern_action", *argv],
            env=environment,
            cwd=self.folder / "repo",
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    @property
    def trace(self) -> Path:
        """The trace that the first session left."""
        return min(self.folder.glob("out/**/trace.jsonl"))

    @property
    def journal(self) -> Path:
        """The first session's journal."""
        return next(
            path
            for path in sorted(self.folder.glob("out/**/*"))
            if path.is_file() and path.suffix == ".jsonl" and path.read_bytes().startswith(b'{"seq":0')
        )


def script(seen: Seen) -> Step:
    answered = seen.body.count(b'"role":"tool"')
    if answered >= TURNS:
        return Say(text="All notes are read.")
    if answered == 4:
        return Say(calls=(Ask(name="write_file", arguments={"path": "summary.txt", "content": "five notes\n"}),))
    return Say(text=f"Note {answered}.", calls=(Ask(name="read_file", arguments={"path": f"note{answered}.txt"}),))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return a world in which one session was played to its end."""
    folder = tmp_path_factory.mktemp("trace")
    repo = folder / "repo"
    (folder / "home").mkdir()
    repo.mkdir()
    for number in range(TURNS):
        (repo / f"note{number}.txt").write_text(f"this is note {number}\n")
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "Take notes"]):
        subprocess.run(["git", *command], cwd=repo, check=True)
    with ModelServer(script) as server:
        at = World(folder=folder, url=server.root)
        began = at.run("local", "read the notes", "--model", "local/m", "--out", str(folder / "out"))
        assert began.returncode == 0, began.stderr
        yield at


@pytest.fixture(params=["trace", "journal"])
def recording(request: pytest.FixtureRequest, world: World) -> Path:
    return world.trace if request.param == "trace" else world.journal


def test_a_recording_of_a_session_is_sound(world: World, recording: Path):
    done = world.run("trace", "check", str(recording))

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{TURNS + 1} answers, {TURNS} calls (0 failed)" in done.stdout


def test_a_journal_that_was_changed_is_refused(world: World, tmp_path: Path):
    changed = tmp_path / "journal.jsonl"
    changed.write_bytes(world.journal.read_bytes().replace(b"this is note 1", b"this is note 9"))
    done = world.run("trace", "check", str(changed))

    assert done.returncode == 3
    assert "was changed after it was written" in done.stderr


def test_a_trace_that_lost_an_answer_or_holds_a_secret_is_unsound(world: World, tmp_path: Path):
    rows = world.trace.read_text().splitlines(keepends=True)
    place = next(place for place, row in enumerate(rows) if "tool_result" in row)
    lost, leaky = tmp_path / "lost.jsonl", tmp_path / "leaky.jsonl"
    lost.write_text("".join(rows[:place] + rows[place + 1 :]))
    leaky.write_text("".join(rows).replace("this is note 1", f"hf_{'aB3' * 12}"))

    assert "has no answer" in world.run("trace", "check", str(lost)).stdout
    found = world.run("trace", "check", str(leaky))
    assert found.returncode == 3
    assert "looks like a secret" in found.stdout


def test_a_session_goes_the_same_way_once_more(world: World, recording: Path):
    done = world.run("trace", "replay", str(recording))

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{TURNS + 1} answers gone through" in done.stdout
    assert "the same as recorded" in done.stdout


def test_a_replay_goes_as_far_as_it_is_told(world: World, recording: Path):
    assert "3 answers gone through" in world.run("trace", "replay", str(recording), "--until", "3").stdout


def test_a_recording_that_the_house_would_not_make_today_differs_and_says_where(world: World, tmp_path: Path):
    secret = f"ghp_{'aB3' * 12}"
    rows = [json.loads(row) for row in world.trace.read_text().splitlines()]
    for row in rows:
        if row["type"] == "assistant" and "Note 2." in json.dumps(row):
            row["message"]["content"][0]["text"] = f"I saw {secret}"
    told = tmp_path / "told.jsonl"
    told.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = world.run("trace", "replay", str(told))

    assert done.returncode == 1
    assert "after 2 answers" in done.stdout
    assert "now an answer of the model (I saw [redacted])" in done.stdout


def test_a_fork_goes_on_from_an_answer_and_its_diff_begins_there(world: World):
    out = world.folder / "forked"
    argv = ("trace", "replay", str(world.trace), "--until", "3", "--fork", "--model", "local/m", "--out", str(out))
    with ModelServer([Say(text="Three notes are enough.")]) as server:
        forked = World(folder=world.folder, url=server.root).run(*argv)
        asked = server.seen
    assert forked.returncode == 0, forked.stderr
    assert len(asked) == 1, "the first answers come from the recording"
    assert b"this is note 2" in asked[0].body, "and their tools have run"
    other = min(out.glob("**/trace.jsonl"))

    assert world.run("trace", "check", str(other)).returncode == 0
    done = world.run("trace", "diff", str(world.trace), str(other))
    changed = [line for line in done.stdout.splitlines() if line.startswith(("+", "-"))]
    assert done.returncode == 1
    assert "+model: Three notes are enough." in changed
    assert not any("note 2" in line or "Note 2" in line for line in changed)
    assert any("Note 3." in line for line in changed)


def test_a_recording_is_the_same_as_itself(world: World):
    same = world.run("trace", "diff", str(world.trace), str(world.journal))

    assert same.returncode == 1, "a journal has more to say, such as states"
    same = world.run("trace", "diff", str(world.trace), str(world.trace))
    assert same.returncode == 0
    assert "the same, line by line" in same.stdout


def test_a_diff_shows_what_is_otherwise(world: World, tmp_path: Path):
    other = tmp_path / "other.jsonl"
    other.write_text(world.trace.read_text().replace("this is note 3", "this is another note"))
    done = world.run("trace", "diff", str(world.trace), str(other))

    assert done.returncode == 1
    changed = "".join(line for line in done.stdout.splitlines() if line.startswith(("+", "-")))
    assert "this is another note" in changed
    assert "note 1" not in changed


def test_a_live_replay_runs_the_tools(world: World):
    out = world.folder / "live"
    done = world.run("trace", "replay", str(world.trace), "--live", "--out", str(out))

    assert done.returncode == 0, done.stderr
    other = min(out.glob("**/trace.jsonl"))
    assert "this is note 5" in other.read_text()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--fork",), "--until N"),
        (("--fork", "--until", "99"), "beyond its end"),
    ],
)
def test_a_fork_from_nowhere_is_refused(world: World, argv: tuple[str, ...], words: str):
    done = world.run("trace", "replay", str(world.trace), *argv)

    assert done.returncode == 2
    assert words in done.stderr
