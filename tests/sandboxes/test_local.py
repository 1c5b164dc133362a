"""Sandboxes on this machine: begun once, worked in while the lease lasts, ended with everything in them."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.errors import JobError, ToolFailed
from intern_action.core.ports import SandboxOrder
from intern_action.core.types import Flavor, JobRef, LeaseSpec
from intern_action.sandboxes._backend import Supplies
from intern_action.sandboxes.local import BACKEND, LocalSandboxes
from intern_action.shell import detached
from intern_action.shell.tool_shell import ToolShell
from tests.fakes.paper_walls import PaperWalls

FLAVOR = Flavor(name="local-cpu", title="This machine", usd_per_hour=Decimal("0.60"), memory_gb=Decimal(16))


class ShiftedClock:
    """The machine's own time, and what a test adds to it."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def monotonic(self) -> float:
        return self.now().timestamp()

    def wait(self, seconds: float) -> None:
        import time

        time.sleep(seconds)


class Ground:
    """Sandboxes with paper walls, in one folder."""

    def __init__(self, folder: Path, shell: ToolShell) -> None:
        self.clock = ShiftedClock()
        self.walls = PaperWalls(shell)
        self.root = folder / "sandboxes"
        self.supplies = Supplies(
            root=str(self.root),
            shell=self.walls,
            lay_out=self.walls.lay_out,
            clock=self.clock,
            flavors={"local-cpu": FLAVOR},
            cache=str(folder / "cache"),
        )
        self.door = BACKEND.door(self.supplies)

    @property
    def control(self) -> LocalSandboxes:
        """Control's side, as each new process builds it."""
        return LocalSandboxes(self.supplies)

    def begin(self, key: str = "intern-1-1", *, minutes: int = 60, flavor: str = "local-cpu") -> JobRef:
        """Begin a sandbox."""
        lease = LeaseSpec(flavor=flavor, minutes=minutes, cap_usd=None, purpose="a test")
        return self.control.create(SandboxOrder(lease=lease, launch_key=key, minutes=minutes))

    def run(self, ref: JobRef, line: str, *, seconds: float = 20) -> str:
        """Run a line and return what it printed."""
        return self.door.run(ref, line, timeout_seconds=seconds, environment={}).output


@pytest.fixture
def ground(tmp_path: Path) -> Generator[Ground]:
    with ToolShell(uid=None, home=str(tmp_path / "home")) as shell:
        yield Ground(tmp_path, shell)


# --- beginning -------------------------------------------------------------------------------------------------------


def test_it_is_begun_once_and_found_again(ground: Ground):
    assert ground.control.find("intern-1-1") is None
    ref = ground.begin()
    ground.run(ref, "echo mine > file")
    assert ground.begin() == ref == ground.control.find("intern-1-1")
    assert ground.run(ref, "cat file") == "mine\n"


def test_what_a_killed_beginning_left_is_cleared_away(ground: Ground):
    stray = ground.root / "intern-1-1" / "machine" / "workspace"
    stray.mkdir(parents=True)
    (stray / "old").write_text("x")
    assert ground.run(ground.begin(), "ls") == ""


@pytest.mark.parametrize(
    ("flavor", "minutes", "words"), [("h100", 60, "there is: local-cpu"), ("local-cpu", 361, "sandbox.longest")]
)
def test_what_cannot_be_had_is_refused_with_words(ground: Ground, flavor: str, minutes: int, words: str):
    with pytest.raises(JobError, match=words):
        ground.begin(flavor=flavor, minutes=minutes)
    assert ground.control.find("intern-1-1") is None


def test_where_a_wall_is_missing_there_is_no_sandbox(ground: Ground):
    ground.walls.broken = "the kernel allows no namespaces"
    with pytest.raises(JobError, match="no sandbox on this machine: the kernel allows no namespaces"):
        ground.begin()
    assert ground.control.find("intern-1-1") is None


def test_one_that_was_ended_first_never_begins(ground: Ground):
    (ground.root / "intern-1-1").mkdir(parents=True)
    ground.control.end(JobRef(backend="local", id="intern-1-1", launch_key="intern-1-1"))
    with pytest.raises(JobError, match="ended before it began"):
        ground.begin()


# --- ending ----------------------------------------------------------------------------------------------------------


def test_its_time_is_what_it_was_there(ground: Ground):
    ref = ground.begin()
    ground.clock.shift = timedelta(minutes=20)
    status = ground.control.end(ref)
    assert 1200 <= status.seconds < 1260
    ground.clock.shift = timedelta(hours=5)
    assert ground.control.end(ref) == status == ground.control.status(ref)


def test_nobody_pays_for_more_than_the_lease(ground: Ground):
    ref = ground.begin(minutes=30)
    assert ground.control.status(ref).ended_at is None
    ground.clock.shift = timedelta(hours=9)
    assert ground.control.status(ref).seconds == 1800
    assert ground.control.own() == (ref,)  # its files still lie there
    assert ground.control.end(ref).seconds == 1800


def test_when_it_has_ended_nothing_of_it_is_left(ground: Ground):
    ref = ground.begin()
    process = ground.door.start(ref, "sleep 300", environment={})
    assert ground.door.progress(ref, process).exit_code is None
    pid_file = str(ground.root / ref.launch_key / "processes" / process / "pid")
    assert detached.alive(pid_file)
    ground.control.end(ref)
    assert not detached.alive(pid_file)
    assert not (ground.root / ref.launch_key / "machine").exists()
    assert ground.control.own() == ()


def test_another_backends_sandbox_is_not_ours(ground: Ground):
    ground.begin()
    with pytest.raises(JobError, match="no local sandbox"):
        ground.control.status(JobRef(backend="hf", id="x", launch_key="intern-1-1"))


# --- working in it -----------------------------------------------------------------------------------------------------


def test_a_command_that_runs_on_its_own_is_asked_for_until_it_ends(ground: Ground):
    ref = ground.begin()
    process = ground.door.start(ref, "echo one; sleep 0.3; echo two; exit 3", environment={})
    while (progress := ground.door.progress(ref, process)).exit_code is None:
        ground.clock.wait(0.05)
    assert (progress.output, progress.exit_code) == ("one\ntwo\n", 3)


def test_no_command_outlives_the_lease(ground: Ground):
    ref = ground.begin(minutes=1)
    ground.clock.shift = timedelta(seconds=58.5)
    outcome = ground.door.run(ref, "sleep 60", timeout_seconds=50, environment={})
    assert outcome.timed_out
    assert outcome.seconds < 3


@pytest.mark.parametrize("how", ["ended", "expired", "unknown", "elsewhere"])
def test_a_sandbox_that_is_not_there_answers_with_words(ground: Ground, how: str):
    ref = ground.begin()
    match how:
        case "ended":
            ground.control.end(ref)
        case "expired":
            ground.clock.shift = timedelta(hours=2)
        case "unknown":
            ref = JobRef(backend="local", id="x", launch_key="x")
        case _:
            ref = JobRef(backend="hf", id=ref.id, launch_key=ref.launch_key)
    with pytest.raises(ToolFailed, match="sandbox_create"):
        ground.run(ref, "true")
    with pytest.raises(ToolFailed, match="sandbox_create"), ground.door.opened(ref):
        pass


def test_an_unknown_process_answers_with_those_that_there_are(ground: Ground):
    ref = ground.begin()
    ground.door.start(ref, "true", environment={})
    with pytest.raises(ToolFailed, match="it has started p001"):
        ground.door.progress(ref, "p009")


# --- its files -----------------------------------------------------------------------------------------------------------


def test_files_are_named_as_they_are_inside(ground: Ground):
    ref = ground.begin()
    with ground.door.opened(ref) as files:
        assert files.write("deep/a.txt", b"a", executable=True)
        assert not files.write("/workspace/deep/a.txt", b"b")
        files.write("/tmp/t", b"t")  # noqa: S108  # inside
        assert files.list("deep") == ["a.txt"]
        assert files.is_folder("/workspace/deep")
    assert ground.run(ref, "cat deep/a.txt ../tmp/t; test -x deep/a.txt && echo x") == "btx\n"


@pytest.mark.parametrize("path", ["/etc/passwd", "../../order.json", "/workspace/../../started"])
def test_what_is_not_its_own_is_not_opened(ground: Ground, path: str):
    ref = ground.begin()
    with ground.door.opened(ref) as files, pytest.raises(OSError), files.reading(path):  # noqa: PT011  # each its own kind
        pass


def test_a_link_that_leads_out_is_neither_followed_nor_listed(ground: Ground, tmp_path: Path):
    (tmp_path / "bait").write_text("bait")
    ref = ground.begin()
    ground.run(ref, f"ln -s {tmp_path / 'bait'} out; ln -s {tmp_path} folder; echo 1 > plain; mkfifo pipe")
    with ground.door.opened(ref) as files:
        assert set(files.states(())) == {"plain"}
        with pytest.raises(OSError), files.reading("out"):  # noqa: PT011
            pass
        with pytest.raises(OSError):  # noqa: PT011
            files.write("folder/new", b"x")
    assert not (tmp_path / "new").exists()


def test_what_git_would_ignore_is_left_out_unless_it_is_known(ground: Ground):
    ref = ground.begin()
    ground.run(
        ref, "mkdir -p venv/lib __pycache__; touch venv/lib/x __pycache__/y kept.log a.py; echo '*.log' > .gitignore"
    )
    with ground.door.opened(ref) as files:
        assert set(files.states(())) == {".gitignore", "a.py"}
        assert set(files.states(("kept.log",))) == {".gitignore", "a.py", "kept.log"}


def test_a_changed_file_has_another_state_and_an_unchanged_one_the_same(ground: Ground):
    ref = ground.begin()
    with ground.door.opened(ref) as files:
        files.write("a", b"one")
        files.write("b", b"two")
        before = files.states(())
        files.write("a", b"uno")
        files.remove("b")
        after = files.states(())
    assert before["a"] != after["a"]
    assert "b" not in after
