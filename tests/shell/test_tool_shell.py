"""The shell, run as ourselves."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.core.ports import Command, Outcome
from intern_action.shell import detached
from intern_action.shell.tool_shell import FIRST_UID, LAST_UID, ToolShell, tool_uid


def run(
    shell: ToolShell, line: str, *, timeout_seconds: float = 20, cwd: str = "/", spill: str = "", **more: str
) -> Outcome:
    command = Command(
        argv=("bash", "-c", line), cwd=cwd, timeout_seconds=timeout_seconds, spill=spill, environment=more
    )
    return shell.run(command)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(what: object, seconds: float = 15) -> None:
    assert callable(what)
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def test_output_and_errors_come_in_the_order_in_which_they_were_written(shell: ToolShell):
    outcome = run(shell, "echo one; echo two >&2; echo three")
    assert (outcome.exit_code, outcome.output) == (0, "one\ntwo\nthree\n")


def test_the_exit_code_is_the_commands_own(shell: ToolShell):
    assert run(shell, "exit 3").exit_code == 3


def test_a_death_by_signal_is_128_and_its_number(shell: ToolShell):
    assert run(shell, "kill -TERM $$").exit_code == 143


def test_a_program_that_is_not_there_is_127_as_in_a_shell(shell: ToolShell):
    outcome = shell.run(Command(argv=("no-such-program",), cwd="/", timeout_seconds=5))
    assert outcome.exit_code == 127
    assert "no-such-program" in outcome.output


def test_arguments_are_literal_no_shell_reads_them(shell: ToolShell):
    outcome = shell.run(Command(argv=("printf", "%s|", "a b", "$HOME", "; exit 9"), cwd="/", timeout_seconds=5))
    assert (outcome.exit_code, outcome.output) == (0, "a b|$HOME|; exit 9|")


def test_only_named_variables_are_in_the_environment(shell: ToolShell, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_TOKEN", "hf_bait")
    names = {line.partition("=")[0] for line in run(shell, "env", GIVEN="yes").output.splitlines()}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {"PATH", "HOME", "TMPDIR", "LANG", "GIVEN"}


def test_standard_input_is_empty_or_what_was_given(shell: ToolShell):
    assert run(shell, "cat").output == ""
    given = shell.run(Command(argv=("cat",), cwd="/", timeout_seconds=5, stdin=b"x" * 300_000))
    assert given.output == "x" * 300_000


def test_the_time_limit_kills_the_whole_group(shell: ToolShell, tmp_path: Path):
    outcome = run(shell, f"sleep 60 & echo $! > {tmp_path}/pid; wait", timeout_seconds=0.5)
    assert (outcome.timed_out, outcome.exit_code) == (True, 137)
    assert not alive(int((tmp_path / "pid").read_text()))


def test_the_time_limit_kills_strays_that_left_the_group(shell: ToolShell, tmp_path: Path):
    stray = f"setsid bash -c 'trap \"\" TERM HUP; echo $$ > {tmp_path}/pid; sleep 60' </dev/null >/dev/null 2>&1 &"
    outcome = run(shell, f"{stray} (setsid sleep 60 &) ; sleep 60", timeout_seconds=0.7)
    assert outcome.timed_out
    assert not alive(int((tmp_path / "pid").read_text()))


def test_what_was_left_in_the_background_ends_with_the_command(shell: ToolShell, tmp_path: Path):
    began = time.monotonic()
    outcome = run(shell, f"setsid sleep 60 & echo $! > {tmp_path}/pid; echo done")
    assert (outcome.exit_code, outcome.output) == (0, "done\n")
    assert time.monotonic() - began < 15
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_flood_of_output_is_kept_at_both_ends_and_spilled_whole(shell: ToolShell, tmp_path: Path):
    spill = tmp_path / "spill"
    outcome = run(shell, "seq 400000", spill=str(spill))
    assert outcome.spilled
    assert outcome.output.startswith("1\n2\n")
    assert outcome.output.endswith("400000\n")
    assert len(outcome.output) < 1_200_000
    assert spill.read_text().split() == [str(number) for number in range(1, 400_001)]


def test_output_that_is_not_text_does_no_harm(shell: ToolShell):
    assert "\ufffd" in run(shell, "printf '\\xff\\xfe\\n'").output


def test_a_folder_that_is_not_there_is_a_mistake_of_whoever_asked(shell: ToolShell):
    with pytest.raises(Misconfigured, match="not started"):
        run(shell, "true", cwd="/no/such/folder")


def test_a_process_cannot_have_more_memory_than_its_limit(shell: ToolShell):
    command = Command(argv=("python3", "-c", "b'x' * (1 << 30)"), cwd="/", timeout_seconds=20, memory_mb=400)
    outcome = shell.run(command)
    assert outcome.exit_code == 1
    assert "MemoryError" in outcome.output


def test_commands_run_side_by_side(shell: ToolShell):
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda number: run(shell, f"sleep 0.2; echo {number}").output.strip(), range(8)))
    assert texts == [str(number) for number in range(8)]


def test_a_supervisor_that_somebody_killed_is_started_again(tmp_path: Path):
    with ToolShell(uid=None, home=str(tmp_path)) as shell:
        parent = int(run(shell, "ps -o ppid= -p $(ps -o ppid= -p $$)").output)
        os.kill(parent, signal.SIGKILL)
        eventually(lambda: not alive(parent))
        assert run(shell, "echo again").output == "again\n"


def test_closing_the_shell_kills_what_still_runs(tmp_path: Path):
    with ToolShell(uid=None, home=str(tmp_path)) as shell:
        supervisor = int(run(shell, "ps -o ppid= -p $(ps -o ppid= -p $$)").output)
    eventually(lambda: not alive(supervisor))


def test_off_root_it_is_said_that_protection_is_missing(shell: ToolShell):
    assert "your own user" in shell.protection
    assert shell.uid is None


def test_a_session_has_the_same_user_each_time_and_a_high_one():
    assert tool_uid("one") == tool_uid("one")
    assert all(60_000 <= FIRST_UID <= tool_uid(str(number)) <= LAST_UID for number in range(1000))


# --- what outlives us --------------------------------------------------------------------------------------------------


def detach(shell: ToolShell, folder: Path, line: str, *, timeout_seconds: float = 20) -> tuple[str, str]:
    pid_file, status_file = str(folder / "pid"), str(folder / "status.json")
    command = Command(argv=("bash", "-c", line), cwd="/", timeout_seconds=timeout_seconds, spill=str(folder / "log"))
    shell.detach(command, pid_file=pid_file, status_file=status_file)
    return pid_file, status_file


def test_a_detached_process_leaves_its_log_and_its_end(shell: ToolShell, tmp_path: Path):
    pid_file, status_file = detach(shell, tmp_path, "echo hello; sleep 0.3; exit 7")
    assert detached.alive(pid_file)
    assert detached.read_status(status_file) is None
    eventually(lambda: detached.read_status(status_file))
    status = detached.read_status(status_file)
    assert status is not None
    assert (status.exit_code, status.timed_out, status.cancelled) == (7, False, False)
    assert status.started_at.tzinfo is not None
    assert status.started_at < status.finished_at
    assert (tmp_path / "log").read_text() == "hello\n"
    eventually(lambda: not detached.alive(pid_file))


def test_a_detached_process_is_ended_at_its_time_limit(shell: ToolShell, tmp_path: Path):
    _, status_file = detach(shell, tmp_path, "setsid sleep 60 & sleep 60", timeout_seconds=0.4)
    eventually(lambda: detached.read_status(status_file))
    status = detached.read_status(status_file)
    assert status is not None
    assert (status.exit_code, status.timed_out) == (137, True)


def test_a_detached_process_can_be_cancelled(shell: ToolShell, tmp_path: Path):
    pid_file, status_file = detach(shell, tmp_path, f"setsid sleep 60 & echo $! > {tmp_path}/child; sleep 60")
    eventually(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text())
    assert detached.cancel(pid_file)
    eventually(lambda: detached.read_status(status_file))
    status = detached.read_status(status_file)
    assert status is not None
    assert status.cancelled
    assert not alive(int((tmp_path / "child").read_text()))
    eventually(lambda: not detached.alive(pid_file))
    assert not detached.cancel(pid_file)


def test_a_detached_process_outlives_the_shell_that_started_it(tmp_path: Path):
    with ToolShell(uid=None, home=str(tmp_path / "home")) as shell:
        _, status_file = detach(shell, tmp_path, "sleep 0.5; echo still here")
    eventually(lambda: detached.read_status(status_file))
    assert (tmp_path / "log").read_text() == "still here\n"


def test_what_cannot_be_started_is_said_and_leaves_no_files(shell: ToolShell, tmp_path: Path):
    command = Command(argv=("true",), cwd="/no/such/folder", timeout_seconds=5, spill=str(tmp_path / "log"))
    with pytest.raises(Misconfigured, match="/no/such/folder"):
        shell.detach(command, pid_file=str(tmp_path / "pid"), status_file=str(tmp_path / "status"))
    assert not (tmp_path / "pid").exists()
    assert not (tmp_path / "status").exists()


def test_another_process_with_the_same_number_is_not_taken_for_ours(tmp_path: Path):
    (tmp_path / "pid").write_text(f"{os.getpid()} 1\n")
    assert not detached.alive(str(tmp_path / "pid"))
    assert not detached.cancel(str(tmp_path / "pid"))
