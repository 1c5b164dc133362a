"""An isolated machine, attacked from inside: as root everything must fail; off root there is none, and the house says so."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.core.ports import Command, Outcome
from intern_action.shell.tool_shell import ToolShell

UID = 61_002
BAIT = "bait-4712-must-not-be-seen"


class Machine:
    """One machine, and bait around it that every user of this one may read."""

    def __init__(self, base: Path, shell: ToolShell) -> None:
        self.base = base
        self.shell = shell
        self.folder = base / "machine"
        self.folder.mkdir()
        self.bait = base / "secret.txt"
        self.bait.write_text(BAIT)
        self.bait.chmod(0o644)

    def run(
        self, line: str, *, seconds: float = 20, memory_mb: int | None = None, readable: tuple[str, ...] = ()
    ) -> Outcome:
        """Run a line in its workspace."""
        return self.shell.run(
            Command(
                argv=("bash", "-c", line),
                cwd="/workspace",
                timeout_seconds=seconds,
                memory_mb=memory_mb,
                readable=readable,
                machine=str(self.folder),
            )
        )


@pytest.fixture
def shell() -> Generator[tuple[Path, ToolShell]]:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        base.chmod(0o755)
        uid = UID if os.geteuid() == 0 else None
        with ToolShell(uid=uid, home=str(base / "home"), python=sys.executable) as made:
            yield base, made


if os.geteuid() != 0:

    def test_off_root_there_is_no_machine_and_the_reason_is_said(shell: tuple[Path, ToolShell]):
        base, made = shell
        with pytest.raises(Misconfigured, match="run as root"):
            made.machine(str(base / "machine"))

else:

    @pytest.fixture
    def machine(shell: tuple[Path, ToolShell]) -> Machine:
        base, made = shell
        machine = Machine(base, made)
        made.machine(str(machine.folder))
        return machine

    @pytest.fixture
    def library(machine: Machine) -> Path:
        """A folder in `/tmp` that has to be seen, as an interpreter may lie there."""
        folder = machine.base / "library"
        folder.mkdir()
        (folder / "words").write_text("hello")
        return folder

    def test_what_has_to_be_seen_in_tmp_is_seen_there_and_cannot_be_written(machine: Machine, library: Path):
        assert str(library).startswith("/tmp/")  # noqa: S108 -- where the machine has a folder of its own
        said = machine.run(
            f"cat {library}/words; touch {library}/x; touch /tmp/mine && echo fine", readable=(str(library),)
        )
        assert "hello" in said.output
        assert "Read-only file system" in said.output
        assert said.output.endswith("fine\n")

    def test_a_link_planted_on_the_way_there_is_not_followed(machine: Machine, library: Path):
        first = library.parts[2]
        assert machine.run(f"ln -s /etc /tmp/{first}").exit_code == 0
        said = ""
        try:
            said = machine.run("ls /etc", readable=(str(library),)).output
        except Misconfigured as refused:
            said = str(refused)
        assert "library" not in said
        assert not Path("/etc", *library.parts[3:]).exists()

    def test_it_begins_in_its_workspace_as_a_user_without_rights(machine: Machine):
        said = machine.run("pwd; echo $HOME $TMPDIR; cat /proc/self/status; hostname").output
        assert said.startswith("/workspace\n/home/intern /tmp\n")
        assert f"Uid:\t{UID}\t{UID}\t{UID}\t{UID}" in said
        assert "NoNewPrivs:\t1" in said
        assert "CapEff:\t0000000000000000" in said
        assert said.endswith("sandbox\n")

    def test_what_it_writes_lies_in_its_folder_and_nowhere_else(machine: Machine):
        tried = machine.run("echo 1 > a; echo 2 > /tmp/b; echo 3 > ~/c; echo 4 > /d; echo 5 > /usr/e; echo 6 > /dev/f")
        assert (machine.folder / "workspace" / "a").read_text() == "1\n"
        assert (machine.folder / "tmp" / "b").read_text() == "2\n"
        assert (machine.folder / "home" / "c").read_text() == "3\n"
        assert tried.output.count("Read-only file system") + tried.output.count("Permission denied") == 3
        assert not Path("/tmp/b").exists()  # noqa: S108  # ours, which must stay as it was

    @pytest.mark.parametrize(
        "path", ["{bait}", "/etc/shadow", str(Path.home() / ".bashrc"), "/home", "/var", "/etc/ssh", "/run", "/sys"]
    )
    def test_nothing_of_this_machine_is_there(machine: Machine, path: str):
        tried = machine.run(f"cat {path.format(bait=machine.bait)}; ls -A {path.format(bait=machine.bait)}")
        assert BAIT not in tried.output
        assert "No such file" in tried.output or tried.output.split()[-1] == "intern"  # its own home

    def test_our_processes_and_their_environment_are_not_to_be_seen(machine: Machine):
        child = subprocess.Popen(["sleep", "60"], env={"GITHUB_TOKEN": BAIT})
        try:
            tried = machine.run("ps aux; cat /proc/*/environ /proc/*/cmdline; kill -9 -1; kill -9 1")
        finally:
            child.kill()
            child.wait()
        assert BAIT not in tried.output
        assert "sleep" not in tried.output

    def test_no_network_but_its_own_loopback(machine: Machine):
        reach = "import socket; socket.create_connection(('{}', {}), 3)"
        with socket.create_server(("127.0.0.1", 0)) as ours:
            port = ours.getsockname()[1]
            tried = machine.run(
                f'python -c "{reach.format("127.0.0.1", port)}"; python -c "{reach.format("1.1.1.1", 53)}"'
            )
        assert "Connection refused" in tried.output
        assert "Network is unreachable" in tried.output
        own = (
            "import socket; s = socket.create_server(('127.0.0.1', 0)); "
            "socket.create_connection(s.getsockname()); print('loopback')"
        )
        assert machine.run(f'python -c "{own}"').output == "loopback\n"

    def test_it_cannot_take_its_walls_down(machine: Machine):
        machine.run("umount -l /proc /usr /workspace; mount -t tmpfs x /tmp; mknod n c 1 5; chroot / true")
        machine.run(
            "unshare -rm bash -c 'umount -l /usr /; mount -o remount,rw /usr; mount -o remount,rw /; touch /usr/x /x'"
        )
        said = machine.run("ls /usr/x /x n; grep -c ' /usr ' /proc/mounts").output
        assert said.count("No such file") == 3
        assert said.endswith("\n1\n")
        assert not Path("/usr/x").exists()

    def test_a_link_out_of_it_leads_nowhere(machine: Machine):
        tried = machine.run(f"ln -s {machine.bait} out; cat out; ln /etc/passwd hard")
        assert BAIT not in tried.output
        assert not (machine.folder / "workspace" / "hard").exists()

    def test_a_memory_hog_meets_its_limit(machine: Machine):
        hog = machine.run('python -c "x = bytearray(2 << 30)"', memory_mb=512)
        assert "MemoryError" in hog.output

    def test_a_fork_bomb_ends_with_its_time_and_leaves_nobody(machine: Machine):
        bomb = machine.run("bomb() { bomb | bomb & }; bomb; sleep 60", seconds=3)
        assert bomb.timed_out
        left = subprocess.run(["ps", "-u", str(UID), "-o", "pid="], capture_output=True, text=True, check=False).stdout
        assert left.split() == []

    def test_what_runs_in_the_background_ends_with_its_command(machine: Machine):
        machine.run("(setsid sleep 300 &) ; (nohup sleep 300 >/dev/null 2>&1 &)")
        left = subprocess.run(["ps", "-u", str(UID), "-o", "pid="], capture_output=True, text=True, check=False).stdout
        assert left.split() == []
