"""A process that is talked to: its input and output are ours, its errors are kept, and nothing of it is left afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from intern_action.core.ports import Command, Talk
from intern_action.shell.tool_shell import ToolShell
from tests.shell.test_tool_shell import alive, eventually


def start(shell: ToolShell, line: str, environment: Mapping[str, str] | None = None) -> Talk:
    return shell.talk(Command(argv=("bash", "-c", line), cwd="/", timeout_seconds=60, environment=environment or {}))


def said(talk: Talk) -> bytes:
    """Read up to the end of its output."""
    return b"".join(iter(lambda: os.read(talk.says, 65_536), b""))


def test_it_hears_and_answers_and_its_errors_are_kept_apart(shell: ToolShell):
    talk = start(shell, "echo a warning >&2; read word; echo heard $word; cat")
    os.write(talk.hears, b"hello\nand more\n")
    talk.hush()
    assert said(talk) == b"heard hello\nand more\n"
    assert talk.end() == "a warning\n"
    assert talk.end() == ""


def test_the_end_takes_all_of_its_processes(shell: ToolShell, tmp_path: Path):
    stray = f"setsid bash -c 'trap \"\" TERM HUP; echo $$ > {tmp_path}/pid; sleep 60' </dev/null >/dev/null 2>&1 &"
    talk = start(shell, f"{stray} sleep 60")
    eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
    assert talk.end() == ""
    assert not alive(int((tmp_path / "pid").read_text()))


def test_one_that_ends_by_itself_is_heard_to_the_end(shell: ToolShell):
    talk = start(shell, "echo bye; echo why >&2; exit 3")
    assert said(talk) == b"bye\n"
    assert talk.end() == "why\n"


def test_one_that_cannot_start_says_why(shell: ToolShell):
    missing = shell.talk(Command(argv=("no-such-server",), cwd="/", timeout_seconds=5))
    assert said(missing) == b""
    assert "no-such-server: not found" in missing.end()
    nowhere = shell.talk(Command(argv=("true",), cwd="/no/such/folder", timeout_seconds=5))
    assert said(nowhere) == b""
    assert "No such file" in nowhere.end()


def test_a_flood_of_errors_neither_stops_it_nor_is_kept_whole(shell: ToolShell):
    talk = start(shell, "seq 400000 >&2; echo done")
    assert said(talk) == b"done\n"
    assert len(talk.end()) < 1_200_000


def test_only_named_variables_are_in_its_environment(shell: ToolShell):
    talk = start(shell, "env", {"GIVEN": "yes"})
    names = {line.partition(b"=")[0].decode() for line in said(talk).splitlines()}
    talk.end()
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {"PATH", "HOME", "TMPDIR", "LANG", "GIVEN"}


def test_none_of_our_descriptors_is_inherited(shell: ToolShell):
    talk = start(shell, "ls /proc/self/fd")
    assert set(said(talk).split()) <= {b"0", b"1", b"2", b"3"}  # 3 is ls reading the folder
    talk.end()


def test_commands_run_beside_it(shell: ToolShell):
    talk = start(shell, "cat")
    assert shell.run(Command(argv=("echo", "beside"), cwd="/", timeout_seconds=20)).output == "beside\n"
    os.write(talk.hears, b"still here\n")
    assert os.read(talk.says, 100) == b"still here\n"
    talk.end()


def test_it_ends_with_us_when_we_are_killed(tmp_path: Path):
    program = (
        "import sys, os, time; from intern_action.core.ports import Command\n"
        "from intern_action.shell.tool_shell import ToolShell\n"
        f"shell = ToolShell(uid=None, home={str(tmp_path / 'home')!r})\n"
        f"line = 'echo $$ > {tmp_path}/pid; sleep 60'\n"
        "talk = shell.talk(Command(argv=('bash', '-c', line), cwd='/', timeout_seconds=60))\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program]) as ours:
        eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
        ours.send_signal(signal.SIGKILL)
    eventually(lambda: not alive(int((tmp_path / "pid").read_text())))
