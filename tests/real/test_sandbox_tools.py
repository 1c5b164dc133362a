"""`--sandbox-tools`, for real: walls, files that come back, money, and the whole way of a session. It needs root, and says so."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import HOUSE_LEASE, Desk, SandboxOrder
from intern_action.core.types import Answer, Call, Flavor, JobRef, JsonObject, LeaseSpec, ToolResult
from intern_action.git.run import Git
from intern_action.sandboxes._backend import Supplies
from intern_action.sandboxes.local import BACKEND, LocalSandboxes
from intern_action.shell.tool_shell import ToolShell
from intern_action.tools.bash import TOOL as BASH
from intern_action.tools.read_file import TOOL as READ
from intern_action.tools.sandbox_exec import TOOL as EXEC
from intern_action.tools.sandbox_logs import TOOL as LOGS
from intern_action.tools.write_file import TOOL as WRITE
from tests.fakes.desk import make_desk
from tests.fakes.git_world import make_world
from tests.fakes.local_jobs import MachineClock
from tests.real.test_readme import my_repo

ROOT = Path(__file__).parents[2]
BAIT = "bait-4713-must-not-be-seen"
UID, SANDBOX_UID = 61_003, 61_004
TASK = "fine-tune models/encoder on data/mails with epochs=1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a repository, who types commands."""

    home: Path

    def types(self, *words: str, code: int = 0) -> str:
        """Run the console script; return what it said."""
        own = {"HOME": str(self.home), "INTERN_ACTION_WORK": str(self.home / "work"), "USER": "ada"}
        done = subprocess.run(
            [str(ROOT / ".venv" / "bin" / "intern-action"), *words, "--out", str(self.home / "out")],
            env={**os.environ, **own},  # noqa: TID251 -- a shell as a person has one
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=550,
            check=False,
        )
        assert done.returncode == code, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    def begins(self, *, code: int = 0) -> str:
        """Ask for the task, with tools in a sandbox."""
        return self.types("local", TASK, "--repo", str(self.home / "repo"), "--sandbox-tools", code=code)

    def result(self) -> JsonObject:
        """Read result.json."""
        return json.loads(next((self.home / "out" / "sessions").glob("*/result.json")).read_text())

    def ledger(self) -> list[JsonObject]:
        """Read every line of the ledger."""
        log = Git(git_dir=str(self.home / "out" / "remote.git")).run("show", "intern/ledger:entries.jsonl").text
        return [json.loads(line)["event"] for line in log.splitlines()]

    def sandboxes(self) -> list[Path]:
        """Return the machines of sandboxes that lie anywhere."""
        return list(self.home.glob("work/*/sandboxes/*/machine"))


@pytest.fixture
def person() -> Generator[Person]:
    """Somebody with an encoder and a few mails."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)
        my_repo(home / "repo")
        for name, rows in (("train", 96), ("test", 48)):
            file = home / "repo" / "data" / "mails" / "data" / f"{name}.jsonl.gz"
            few = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
            file.write_bytes(gzip.compress(b"".join(few[:rows])))
        git = Git()
        who = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
        git.run(*who, "commit", "--quiet", "--all", "-m", "fewer", cwd=str(home / "repo"))
        yield Person(home=home)


if os.geteuid() != 0:

    def test_off_root_there_is_no_sandbox_and_nothing_is_begun(person: Person):
        assert "needs root" in person.begins(code=2)
        assert not (person.home / "out" / "remote.git").exists()

else:
    # --- the whole way -----------------------------------------------------------------------------------------------

    @pytest.mark.timeout(900)
    def test_a_lease_then_a_job_and_no_sandbox_left_and_every_cent_told(person: Person):
        assert "lends the agent an isolated machine" in person.begins()
        assert person.sandboxes() == []
        people = person.home / "out" / "forge" / "people.yaml"
        people.write_text(people.read_text() + "grace: write\n")

        said = person.types("approve", "--as", "grace")
        assert "The job costs at most" in said
        assert len(person.sandboxes()) == 1
        assert (person.sandboxes()[0] / "workspace" / "training" / "train.py").exists()

        said = person.types("approve", "--as", "grace")
        assert "accuracy" in said
        assert person.result()["state"] == "done"
        assert person.sandboxes() == []
        held = [Decimal(str(event["usd"])) for event in person.ledger() if event["kind"] == "money-held"]
        captured = [Decimal(str(event["usd"])) for event in person.ledger() if event["kind"] == "money-captured"]
        assert held == [Decimal("1.20"), Decimal("0.90")]
        assert len(captured) == 2
        assert all(Decimal(0) < usd <= most for usd, most in zip(sorted(captured), sorted(held), strict=True))
        assert sum(event["kind"] == "money-released" for event in person.ledger()) == 2
        told = re.search(r"\$(\d+\.\d\d) jobs", said)
        assert told is not None
        assert Decimal(told[1]) == sum(captured)

    def test_a_stop_leaves_no_sandbox(person: Person):
        person.begins()
        person.types("stop")
        assert person.sandboxes() == []
        assert person.result()["state"] == "stopped"

    # --- the tools, and a hostile sandbox ----------------------------------------------------------------------------

    class Room:
        """A desk whose tools work in a real sandbox."""

        def __init__(self, base: Path) -> None:
            base.chmod(0o755)
            self.base = base
            self.bait = base / "secret.txt"
            self.bait.write_text(BAIT)
            self.shell = ToolShell(uid=UID, home=str(base / "tool-home"), python=sys.executable)
            self.inside = ToolShell(uid=SANDBOX_UID, home=str(base / "sandbox-home"), python=sys.executable)
            supplies = Supplies(
                root=str(base / "sandboxes"),
                shell=self.inside,
                lay_out=self.inside.machine,
                clock=MachineClock(),
                flavors={
                    "local-cpu": Flavor(name="local-cpu", title="here", usd_per_hour=Decimal(1), memory_gb=Decimal(4))
                },
                cache=str(base / "cache"),
                memory_mb=1024,
            )
            self.control = LocalSandboxes(supplies)
            lease = LeaseSpec(flavor="local-cpu", minutes=10, cap_usd=None, purpose="a test")
            self.ref: JobRef = self.control.create(SandboxOrder(lease=lease, launch_key="k", minutes=10))
            world = make_world(base / "world")
            checkout = world.work_tree()
            self.checkout = Path(checkout.path)
            begun: JsonObject = {"sandbox": {"backend": "local", "id": self.ref.id, "launch_key": self.ref.launch_key}}
            call = Call(id=HOUSE_LEASE, name="sandbox_create")
            past = {"sandbox_create": [Answer(call=call, result=ToolResult(text="", data=begun))]}
            bare = make_desk(base, self.shell, python=sys.executable)
            self.desk: Desk = replace(
                bare,
                checkout=checkout,
                sandboxes=BACKEND.door(supplies),
                past=lambda tool: past.get(tool, []),
                clock=MachineClock(),
            )

        def bash(self, line: str) -> ToolResult:
            """Run a line with the tool `bash`."""
            return BASH.run({"command": line}, self.desk)

        def close(self) -> None:
            """Let the supervisors go."""
            self.shell.close()
            self.inside.close()

    @pytest.fixture
    def room() -> Generator[Room]:
        with tempfile.TemporaryDirectory() as folder:
            made = Room(Path(folder))
            yield made
            made.close()

    def test_bash_sees_the_checkout_and_nothing_else_of_ours(room: Room):
        said = room.bash(f"id -u; pwd; ls; cat {room.bait}; ls {room.base}").text
        assert said.startswith(f"{SANDBOX_UID}\n/workspace\nREADME.md\nsrc\n")
        assert BAIT not in said

    def test_what_changes_inside_comes_back_with_its_mode(room: Room):
        room.bash("echo 'print(1)' > run.py; chmod +x run.py; mkdir -p a/b; echo x > a/b/c; rm README.md")
        assert (room.checkout / "run.py").read_text() == "print(1)\n"
        assert os.access(room.checkout / "run.py", os.X_OK)
        assert (room.checkout / "a" / "b" / "c").read_text() == "x\n"
        assert not (room.checkout / "README.md").exists()
        WRITE.run({"path": "a/new.txt", "content": "hello\n"}, room.desk)
        assert "hello" in READ.run({"path": "a/new.txt"}, room.desk).text
        assert room.bash("cat a/new.txt").text == "hello"

    def test_a_link_out_of_the_workspace_brings_nothing_back_and_writes_nothing(room: Room):
        room.bash(f"ln -s {room.bait} secret; ln -s {room.base} out; ln -s /etc/passwd p; mkfifo pipe; ln -s . loop")
        assert {path.name for path in room.checkout.iterdir()} == {".gitignore", "README.md", "src"}
        for path in ("secret", "p", "out/secret.txt", "../order.json", str(room.bait)):
            with pytest.raises(ToolFailed):
                READ.run({"path": path}, room.desk)
        with pytest.raises(ToolFailed):
            WRITE.run({"path": "out/written.txt", "content": "x"}, room.desk)
        assert not (room.base / "written.txt").exists()

    def test_what_stands_in_the_way_is_taken_away_and_not_followed(room: Room):
        room.bash(f"rm -r src; ln -s {room.base} src; ln -s {room.bait} file; mkfifo pipe")
        (room.checkout / "file").write_text("mine")
        (room.checkout / "pipe" / "deep").mkdir(parents=True)
        (room.checkout / "pipe" / "deep" / "x").write_text("mine")
        (room.checkout / "src").mkdir(exist_ok=True)
        (room.checkout / "src" / "late.txt").write_text("from here")
        assert room.bash("cat src/late.txt").text == "from here"
        assert not (room.base / "late.txt").exists()

    def test_hogs_and_bombs_end_at_their_limits(room: Room):
        assert "MemoryError" in room.bash("python -c 'x = bytearray(3 << 30)'").text
        bomb = BASH.run({"command": "b() { b | b & }; b; sleep 60", "timeout": "3s"}, room.desk)
        assert bomb.data["timed_out"]
        assert room.bash("echo still there").text == "still there"

    def test_a_long_command_runs_on_its_own_and_its_files_come_back(room: Room):
        started = EXEC.run({"command": "sleep 1; echo done; echo out > result.txt", "timeout": "5m"}, room.desk)
        process = str(started.data["process"])
        told = LOGS.run({"process": process, "wait": "30s"}, room.desk)
        assert told.text == f"done\n[{process}: exit code 0]"
        assert (room.checkout / "result.txt").read_text() == "out\n"

    def test_after_its_end_nothing_of_it_is_left_and_the_tools_say_so(room: Room):
        EXEC.run({"command": "sleep 300", "timeout": "10m"}, room.desk)
        room.control.end(room.ref)
        left = subprocess.run(["ps", "-u", str(SANDBOX_UID), "-o", "pid="], capture_output=True, text=True, check=False)
        assert left.stdout.split() == []
        assert room.control.own() == ()
        with pytest.raises(ToolFailed, match="ask for another"):
            room.bash("true")
        assert room.control.status(room.ref).seconds < timedelta(minutes=5).total_seconds()
