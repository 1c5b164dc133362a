"""Attacks of a model that steers the shell, each tried for real. As root they must all fail; off root the house says so."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured, ToolFailed
from intern_action.core.ports import Command, Desk, Outcome
from intern_action.shell.tool_shell import ToolShell, make_shell
from intern_action.tools.edit_file import TOOL as EDIT
from intern_action.tools.hf_dataset_load import TOOL as LOAD_DATA
from intern_action.tools.hf_model_load import TOOL as LOAD_MODEL
from intern_action.tools.read_file import TOOL as READ
from intern_action.tools.smoke_test import TOOL as SMOKE
from intern_action.tools.write_file import TOOL as WRITE
from tests.fakes.desk import make_desk

UID = 61_000
BAIT = "bait-4711-must-not-be-seen"


class Ground:
    """A machine's usual layout in a folder everybody may pass through: a home with secrets, a repository, a desk."""

    def __init__(self, base: Path) -> None:
        self.base = base
        base.chmod(0o755)
        self.home = base / "home"
        self.repository = base / "repository"
        for name in (".netrc", ".config/gh/hosts.yml", ".cache/huggingface/token"):
            self._bait(self.home / name)
        self._bait(self.repository / ".git" / "config")
        self.command_file = base / "runner" / "set_env"
        self._bait(self.command_file)
        self.docker = base / "docker.sock"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self.docker))
        self._listening.listen()
        self.docker.chmod(0o666)
        self.private = base / "private"
        self.private.mkdir()
        self._bait(self.private / "readable.txt")
        self.private.chmod(0o700)

    @property
    def hidden(self) -> tuple[str, ...]:
        """Everything that a tool must not see, though its modes would let it."""
        names = (".netrc", ".config", ".cache/huggingface/token")
        homely = [str(self.home / name) for name in names]
        return (*homely, str(self.repository / ".git"), str(self.command_file), str(self.docker), "/nothing/here")

    def close(self) -> None:
        """Let the socket go."""
        self._listening.close()

    def _bait(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(BAIT)
        path.chmod(0o644)


@pytest.fixture
def ground() -> Generator[Ground]:
    with tempfile.TemporaryDirectory() as folder:
        made = Ground(Path(folder))
        yield made
        made.close()


@pytest.fixture
def shell(ground: Ground) -> Generator[ToolShell]:
    with ToolShell(
        uid=UID if os.geteuid() == 0 else None,
        home=str(ground.base / "tool-home"),
        python=sys.executable,
        hidden=ground.hidden,
    ) as made:
        yield made


@pytest.fixture
def desk(ground: Ground, shell: ToolShell) -> Desk:
    made = make_desk(ground.base, shell, python=sys.executable)
    shell.own(made.checkout.path)
    shell.own(made.scratch)
    return made


def run(
    shell: ToolShell, line: str, *, cwd: str = "/", timeout_seconds: float = 20, **more: tuple[str, ...]
) -> Outcome:
    return shell.run(Command(argv=("bash", "-c", line), cwd=cwd, timeout_seconds=timeout_seconds, **more))  # pyright: ignore[reportArgumentType]  # tuples of paths


def in_checkout(desk: Desk, line: str) -> Outcome:
    command = Command(
        argv=("bash", "-c", line),
        cwd=desk.checkout.path,
        timeout_seconds=20,
        writable=(desk.checkout.path, desk.scratch),
    )
    return desk.shell.run(command)


if os.geteuid() != 0:

    def test_off_root_the_missing_protection_is_said_plainly(shell: ToolShell):
        assert "your own user" in shell.protection
        assert run(shell, "id -u").output.strip() == str(os.geteuid())

else:
    # --- who it is -------------------------------------------------------------------------------------------------

    def test_commands_run_as_a_user_without_groups_or_privileges(shell: ToolShell):
        status = run(shell, "cat /proc/self/status; id").output
        assert f"uid={UID} gid={UID} groups={UID}" in status
        assert "NoNewPrivs:\t1" in status
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert f"{kind}:\t0000000000000000" in status

    def test_a_setuid_program_gives_nothing_back(shell: ToolShell, ground: Ground):
        program = ground.base / "become-root"
        program.write_bytes(Path("/usr/bin/id").read_bytes())
        program.chmod(0o6755)
        assert f"uid={UID} gid={UID}" in run(shell, str(program)).output
        assert "euid" not in run(shell, str(program)).output

    def test_none_of_our_descriptors_is_inherited(shell: ToolShell):
        open_ones = run(shell, "ls /proc/self/fd").output.split()
        assert set(open_ones) <= {"0", "1", "2", "3"}  # 3 is ls reading the folder

    # --- secrets in memory -------------------------------------------------------------------------------------------

    def test_neither_env_nor_any_process_shows_our_environment(shell: ToolShell, monkeypatch: pytest.MonkeyPatch):
        child = subprocess.Popen(["sleep", "60"], env={"GITHUB_TOKEN": BAIT})
        try:
            tried = run(shell, "env; cat /proc/*/environ /proc/*/task/*/environ; cat /proc/1/cmdline /proc/1/maps")
        finally:
            child.kill()
            child.wait()
        assert BAIT not in tried.output

    def test_our_processes_cannot_be_seen_traced_or_killed(shell: ToolShell):
        ours = os.getpid()
        us = Path("/proc", str(ours))
        child = subprocess.Popen(["sleep", "60"])
        try:
            tried = run(
                shell,
                f"kill -9 {ours} {child.pid}; kill -9 -1; ls -d /proc/{child.pid}; cat {us / 'mem'}; ls {us / 'root'}/",
            )
            assert child.poll() is None
        finally:
            child.kill()
            child.wait()
        assert f"/proc/{child.pid}\n" not in tried.output
        attached = run(
            shell,
            f"{sys.executable} -c 'import ctypes; print(ctypes.CDLL(None).ptrace(16, {ours}, 0, 0))'",
        )
        assert attached.output.strip() == "-1"

    def test_the_supervisor_in_its_own_view_cannot_be_killed_or_read(shell: ToolShell):
        tried = run(shell, "kill -9 1; cat /proc/1/environ /proc/1/mem; ls -l /proc/1/fd; echo alive")
        assert tried.exit_code == 0
        assert tried.output.endswith("alive\n")
        assert "Operation not permitted" in tried.output

    # --- secrets at rest ---------------------------------------------------------------------------------------------

    def test_hidden_files_and_folders_show_nothing(shell: ToolShell, ground: Ground):
        tried = run(
            shell, f"grep -r bait {ground.home} {ground.repository} {ground.base}/runner; cat {' '.join(ground.hidden)}"
        )
        assert BAIT not in tried.output
        assert (ground.home / ".netrc").read_text() == BAIT  # the world outside is as it was

    def test_a_command_file_of_the_runner_takes_nothing_from_a_tool(shell: ToolShell, ground: Ground):
        ground.command_file.chmod(0o666)
        run(shell, f"echo LD_PRELOAD=/tmp/evil.so >> {ground.command_file}; rm -f {ground.command_file}")
        assert ground.command_file.read_text() == BAIT

    def test_the_docker_socket_is_out_of_reach(shell: ToolShell, ground: Ground):
        knock = (
            "import socket, sys; s = socket.socket(socket.AF_UNIX)\n"
            f"try: s.connect({str(ground.docker)!r}); print('open')\nexcept OSError as e: print('shut', e)"
        )
        tried = shell.run(Command(argv=(sys.executable, "-c", knock), cwd="/", timeout_seconds=20))
        assert tried.output.startswith("shut")

    def test_a_covered_place_cannot_be_uncovered(shell: ToolShell, ground: Ground):
        netrc = ground.home / ".netrc"
        tried = run(
            shell,
            f"umount {netrc}; unshare -rm umount {netrc}; unshare -rm cat {netrc}; "
            f"nsenter -t 1 -m cat {netrc}; mount --bind /proc/1/root{ground.home} /mnt; cat /proc/1/root{netrc}",
        )
        assert BAIT not in tried.output

    # --- a closed home around what is needed ---------------------------------------------------------------------------

    def test_what_is_needed_in_a_closed_folder_is_reachable_and_the_rest_of_it_is_gone(ground: Ground):
        needed, work = ground.private / "python" / "lib", ground.private / "work"
        needed.mkdir(parents=True)
        (needed / "file").write_text("needed")
        work.mkdir()
        with ToolShell(
            uid=UID,
            home=str(ground.private / "tool-home"),
            python=sys.executable,
            readable=(str(needed),),
            writable=(str(work),),
        ) as shell:
            shell.own(str(work))
            tried = run(
                shell,
                f"cat {needed}/file; echo x > {work}/new; echo x > {needed}/new; echo x > {ground.private}/new; "
                f"rm -rf {needed}; cat {ground.private}/readable.txt",
                cwd=str(work),
            )
            listed = run(shell, f"ls -A {ground.private}").output.split()
        assert tried.output.startswith("needed")
        assert BAIT not in tried.output
        assert listed == ["python", "tool-home", "work"]
        assert (work / "new").read_text() == "x\n"
        assert (needed / "file").read_text() == "needed"
        assert sorted(path.name for path in ground.private.iterdir()) == ["python", "readable.txt", "tool-home", "work"]

    def test_the_interpreter_works_wherever_it_lies(shell: ToolShell):
        tried = run(shell, "python -c 'import ssl, sqlite3, sys; print(sys.prefix)'")
        assert tried.output.strip() == sys.prefix

    # --- what it can write ---------------------------------------------------------------------------------------------

    def test_nothing_outside_can_be_written(shell: ToolShell, ground: Ground):
        tried = run(
            shell,
            f"echo x > /etc/x; echo x > {ground.base}/x; echo x >> {ground.repository}/x; echo x > {sys.executable}x",
        )
        assert "Permission denied" in tried.output
        assert not (ground.base / "x").exists()
        assert not (ground.repository / "x").exists()

    def test_a_smoke_test_cannot_change_the_checkout(desk: Desk):
        WRITE.run({"path": "train.py", "content": "open('mess', 'w')"}, desk)
        result = SMOKE.run({"script": "train.py"}, desk)
        assert "Read-only file system" in result.text
        assert (result.data["changed"], result.failed) == (False, True)

    def test_a_strict_umask_of_ours_shuts_nobody_out(ground: Ground):
        before = os.umask(0o077)
        try:
            with ToolShell(
                uid=UID, home=str(ground.private / "home"), readable=(str(ground.private / "readable.txt"),)
            ) as shell:
                assert run(shell, "echo x > $HOME/file; seq 400000 > $TMPDIR/file; echo done").output == "done\n"
        finally:
            os.umask(before)

    def test_no_hard_link_brings_our_files_into_the_checkout(desk: Desk, ground: Ground):
        foreign = ground.base / "foreign"
        foreign.write_text(BAIT)
        foreign.chmod(0o600)
        tried = in_checkout(desk, f"ln {foreign} mine; ln /etc/shadow shadow; ls")
        assert "shadow" not in tried.output.split("\n")[-2:]
        assert list(Path(desk.checkout.path).iterdir()) == []

    @pytest.mark.parametrize("target", ["/etc/shadow", "../../../../../../etc/shadow", "{netrc}", "/proc/self/environ"])
    def test_no_file_tool_follows_a_link_out_of_the_checkout(desk: Desk, ground: Ground, target: str):
        place = target.format(netrc=ground.home / ".netrc")
        in_checkout(desk, f"ln -s {place} link; ln -s {Path(place).parent} folder")
        name = Path(place).name
        for tool, arguments in (
            (READ, {"path": "link"}),
            (READ, {"path": f"folder/{name}"}),
            (WRITE, {"path": "link", "content": "x"}),
            (WRITE, {"path": f"folder/{name}", "content": "x"}),
            (EDIT, {"path": "link", "old_str": "root", "new_str": "x"}),
        ):
            with pytest.raises(ToolFailed, match=r"Refused|neither"):
                tool.run(arguments, desk)
        assert (ground.home / ".netrc").read_text() == BAIT

    def test_a_file_that_is_ours_inside_the_checkout_is_not_read_or_written_for_the_model(desk: Desk):
        ours = Path(desk.checkout.path) / "ours"
        ours.write_text(BAIT)
        ours.chmod(0o600)
        for tool, arguments in ((READ, {"path": "ours"}), (WRITE, {"path": "ours", "content": "x"})):
            with pytest.raises(ToolFailed, match="somebody else"):
                tool.run(arguments, desk)

    def test_models_and_data_of_the_checkout_are_read_without_following_links_out(desk: Desk, ground: Ground):
        netrc = ground.home / ".netrc"
        in_checkout(
            desk,
            f'mkdir model data; ln -s {netrc} model/README.md; echo \'{{"model_type": "bert"}}\' > model/config.json; '
            f"ln -s {netrc} data/train.txt",
        )
        assert BAIT not in str(LOAD_MODEL.run({"model": "./model"}, desk))
        with pytest.raises(ToolFailed, match="leads out"):
            LOAD_DATA.run({"dataset": "./data"}, desk)

    def test_a_metrics_file_that_is_a_link_is_not_read(desk: Desk, ground: Ground):
        secret = ground.private / "metrics.json"
        secret.write_text(f'{{"token": "{BAIT}"}}')
        script = (
            "import os, sys\n"
            "out = [word.partition('=')[2] for word in sys.argv if word.startswith('--output-dir')][0]\n"
            f"os.symlink({str(secret)!r}, out + '/metrics.json')\n"
        )
        WRITE.run({"path": "train.py", "content": script}, desk)
        result = SMOKE.run({"script": "train.py"}, desk)
        assert result.data["exit_code"] == 0
        assert result.data["metrics"] == {}
        assert BAIT not in str(result)

    def test_own_does_not_follow_links_or_give_away_second_names_of_our_files(shell: ToolShell, ground: Ground):
        ours = ground.base / "ours"
        ours.write_text(BAIT)
        tree = ground.base / "tree"
        tree.mkdir()
        (tree / "link").symlink_to(ours)
        (tree / "second").hardlink_to(ours)
        (tree / "file").write_text("given")
        shell.own(str(tree))
        assert (ours.stat().st_uid, (tree / "file").stat().st_uid) == (0, UID)
        assert os.lstat(tree / "link").st_uid == UID

    # --- what it can use up --------------------------------------------------------------------------------------------

    def test_a_fork_bomb_is_bounded_and_ended(shell: ToolShell):
        outcome = run(shell, "bomb() { bomb | bomb & }; bomb; sleep 30", timeout_seconds=3)
        assert outcome.exit_code != 0
        assert processes_of(UID) == []

    def test_a_stray_in_a_session_of_its_own_ends_with_the_time_limit(shell: ToolShell):
        outcome = run(shell, "setsid -f bash -c 'trap \"\" TERM; sleep 60'; sleep 60", timeout_seconds=0.5)
        assert outcome.timed_out
        assert processes_of(UID) == []

    def test_only_processes_of_the_one_command_are_ended(shell: ToolShell):
        other = subprocess.Popen(["sleep", "60"], user=UID, group=UID, extra_groups=[])
        try:
            run(shell, "sleep 60", timeout_seconds=0.3)
            assert other.poll() is None
        finally:
            other.kill()
            other.wait()

    def test_endless_output_takes_bounded_memory_and_disk(shell: ToolShell, desk: Desk):
        spill = Path(desk.scratch) / "spill.txt"
        command = Command(argv=("yes",), cwd="/", timeout_seconds=1.5, spill=str(spill), writable=(desk.scratch,))
        outcome = desk.shell.run(command)
        assert outcome.timed_out
        assert len(outcome.output) < 1_200_000
        assert spill.stat().st_size <= 64 << 20

    def test_a_spill_file_is_not_written_through_a_link(shell: ToolShell, desk: Desk, ground: Ground):
        target = ground.home / ".netrc"
        in_checkout(desk, f"ln -s {target} {desk.scratch}/spill.txt")
        command = Command(argv=("seq", "300000"), cwd="/", timeout_seconds=20, spill=f"{desk.scratch}/spill.txt")
        desk.shell.run(command)
        assert target.read_text() == BAIT

    def test_the_command_dies_with_us(ground: Ground):
        code = (
            "import sys; from intern_action.shell.tool_shell import ToolShell; from intern_action.core.ports import Command\n"
            f"shell = ToolShell(uid={UID}, home={str(ground.base / 'other-home')!r})\n"
            "shell.warm(); print(shell.protection, flush=True)\n"
            "shell.run(Command(argv=('sleep', '61'), cwd='/', timeout_seconds=60))\n"
        )
        ours = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert ours.stdout is not None
        ours.stdout.readline()
        eventually(lambda: bool(processes_of(UID)))
        ours.send_signal(signal.SIGKILL)
        ours.wait()
        ours.stdout.close()
        eventually(lambda: not processes_of(UID))

    # --- where the kernel allows no views ------------------------------------------------------------------------------

    def test_without_the_capability_it_still_runs_as_another_user_when_nothing_needs_more(ground: Ground):
        said = without_admin(ground, "print(shell.run(Command(argv=('id', '-u'), cwd='/', timeout_seconds=9)).output)")
        assert said.stdout.strip() == str(UID)

    def test_without_the_capability_strays_are_ended_all_the_same(ground: Ground):
        line = "setsid -f sleep 60; setsid -f bash -c 'trap \\\"\\\" TERM; sleep 60'; sleep 60"
        code = f"print(shell.run(Command(argv=('bash', '-c', \"{line}\"), cwd='/', timeout_seconds=0.7)).timed_out)"
        assert without_admin(ground, code).stdout.strip() == "True"
        assert processes_of(UID) == []

    def test_without_the_capability_our_environment_is_still_out_of_reach(ground: Ground):
        code = "print(shell.run(Command(argv=('bash', '-c', 'env; cat /proc/*/environ'), cwd='/', timeout_seconds=9)).output)"
        assert BAIT not in without_admin(ground, code, GITHUB_TOKEN=BAIT).stdout

    def test_without_the_capability_a_readable_secret_is_closed_to_others_and_stays_its_owners(ground: Ground):
        netrc, folder = ground.home / ".netrc", ground.repository / ".git"
        os.chown(netrc, 1001, 1001)
        netrc.chmod(0o644)
        folder.chmod(0o755)
        code = (
            f"print(shell.run(Command(argv=('cat', '{folder}/config', '{netrc}'), cwd='/', timeout_seconds=10)).output)"
        )
        tried = without_admin(ground, code, hidden=(str(netrc), str(folder)))
        assert tried.stdout.count("Permission denied") == 2, tried
        assert BAIT not in tried.stdout
        assert (netrc.stat().st_mode & 0o777, netrc.stat().st_uid) == (0o640, 1001)
        assert folder.stat().st_mode & 0o777 == 0o750

    def test_without_the_capability_a_secret_that_cannot_be_closed_is_refused_with_what_to_change(ground: Ground):
        netrc = ground.home / ".netrc"
        os.chown(netrc, 1001, 1001)
        netrc.chmod(0o644)
        refused = without_admin(ground, "print(shell.protection)", hidden=(str(netrc),), less="-sys_admin,-fowner")
        assert f"chmod -R o-rwx {netrc}" in refused.stderr
        assert netrc.stat().st_mode & 0o777 == 0o644

    def test_without_the_capability_a_secret_behind_a_link_is_refused_and_what_it_leads_to_left_alone(ground: Ground):
        netrc, link = ground.home / ".netrc", ground.base / "link"
        netrc.chmod(0o644)
        link.symlink_to(netrc)
        assert "chmod -R o-rwx" in without_admin(ground, "print(shell.protection)", hidden=(str(link),)).stderr
        assert netrc.stat().st_mode & 0o777 == 0o644

    def test_without_the_capability_a_needed_folder_in_a_closed_one_is_refused_with_what_to_change(ground: Ground):
        refused = without_admin(ground, "print(shell.protection)", readable=str(ground.private / "readable.txt"))
        assert f"chmod o+x {ground.private}" in refused.stderr

    def test_the_shell_of_a_session_is_another_user(ground: Ground):
        with make_shell(session="s1", home=str(ground.base / "home-of-s1")) as shell:
            assert 60_000 <= int(run(shell, "id -u").output) < 65_000
            assert str(shell.uid) in shell.protection


def without_admin(
    ground: Ground,
    code: str,
    *,
    hidden: tuple[str, ...] = (),
    readable: str = "",
    less: str = "-sys_admin",
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Run code with a shell in a process that may not make namespaces, as in an ordinary container."""
    base = "/usr/bin/python3"  # an interpreter that needs no view of its own
    whole = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from intern_action.shell.tool_shell import ToolShell; from intern_action.core.ports import Command\n"
        "from intern_action.core.errors import Misconfigured\n"
        f"with ToolShell(uid={UID}, home={str(ground.base / 'plain-home')!r}, python={base!r}, "
        f"hidden={hidden!r}, readable={tuple(filter(None, [readable]))!r}) as shell:\n"
        f"    try: {code}\n    except Misconfigured as error: sys.exit(str(error))\n"
    )
    root = str(Path(__file__).resolve().parents[2])
    return subprocess.run(
        ["setpriv", f"--bounding-set={less}", sys.executable, "-c", whole, root],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.defpath, **environment},
    )


def processes_of(uid: int) -> list[int]:
    """Return the processes of a user that are alive."""
    found: list[int] = []
    for name in (entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        try:
            status = Path(f"/proc/{name}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if f"\nUid:\t{uid}\t" in status and "\nState:\tZ" not in status:
            found.append(int(name))
    return found


def eventually(what: object, seconds: float = 15) -> None:
    """Wait until something is so."""
    assert callable(what)
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def test_a_path_needed_by_nobody_is_no_reason_to_refuse(ground: Ground):
    uid = UID if os.geteuid() == 0 else None
    with ToolShell(uid=uid, home=str(ground.base / "home-two"), readable=("/not/there",)) as shell:
        assert run(shell, "echo fine").output == "fine\n"


def test_a_folder_that_cannot_be_entered_is_a_clear_no(shell: ToolShell):
    with pytest.raises(Misconfigured, match="not started"):
        run(shell, "true", cwd="/not/there")
