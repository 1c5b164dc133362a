"""The prompt, the exit codes and the small words of the commands."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from intern_action.commands.config import config, home_of
from intern_action.commands.local import exit_code, settings_of, user_name
from intern_action.commands.prompt import prompt
from intern_action.core import errors
from intern_action.core.errors import InternError, Misconfigured

ML_INTERN = "from intern_action.__main__ import ml_intern; ml_intern()"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("Bug", 1),
        ("Misconfigured", 2),
        ("NotAllowed", 3),
        ("Spent", 4),
        ("ModelAuth", 5),
        ("ForgeError", 6),
        ("LedgerError", 6),
        ("Stuck", 7),
        ("JobError", 8),
    ],
)
def test_every_kind_of_failure_has_the_exit_code_of_the_table(kind: str, code: int) -> None:
    failure: type[InternError] = getattr(errors, kind)
    assert failure.exit_code == code


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
def test_an_interruption_ends_with_128_and_the_signal(number: int, code: int) -> None:
    assert errors.Interrupted("x", signal_number=number).exit_code == code


def test_who_is_at_the_keyboard_is_never_empty() -> None:
    assert user_name({"USER": "ada", "LOGNAME": "grace"}) == "ada"
    assert user_name({"LOGNAME": "grace"}) == "grace"
    assert user_name({}) == "me"


def test_the_flag_for_tools_in_a_sandbox_is_a_setting(tmp_path: Path) -> None:
    assert settings_of({"HOME": str(tmp_path)}, {"sandbox_tools": True}, tmp_path).settings.sandbox_tools
    assert not settings_of({"HOME": str(tmp_path)}, {}, tmp_path).settings.sandbox_tools


def test_flags_are_on_top_of_the_environment(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "INTERN_ACTION_MAX_TURNS": "7"}
    assert settings_of(environment, {}, tmp_path).settings.max_turns == 7
    assert settings_of(environment, {"max_iterations": 9}, tmp_path).settings.max_turns == 9
    assert not settings_of(environment, {"no_stream": True}, tmp_path).settings.stream


def test_settings_are_shown_with_where_they_came_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert config({"HOME": str(tmp_path), "INTERN_ACTION_MAX_TURNS": "7"}, str(tmp_path)) == 0
    row = next(row for row in capsys.readouterr().out.splitlines() if row.startswith("max_turns"))
    assert row.split()[1] == "7"
    assert "INTERN_ACTION_MAX_TURNS" in row


def test_a_secret_is_shown_as_a_mask_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config({"HOME": str(tmp_path), "OPENAI_API_KEY": "sk-very-secret"}, str(tmp_path))
    said = capsys.readouterr()
    assert "very-secret" not in said.out + said.err


def test_without_a_home_no_file_of_a_home_is_read() -> None:
    assert not home_of({}).exists()


def test_the_prompt_needs_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(Misconfigured, match="no terminal"):
            prompt({}, {})


def typed(folder: Path, words: str) -> tuple[int, str]:
    """Type at the prompt on a terminal of its own; return the exit code and what it said."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "INTERN_ACTION_WORK": str(folder / "work")}  # noqa: TID251
    process = subprocess.Popen(
        [sys.executable, "-c", ML_INTERN],
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.close(theirs)
    os.write(ours, words.encode())
    said, _ = process.communicate(timeout=30)
    os.close(ours)
    return process.returncode, said


def test_the_prompt_helps_and_leaves(tmp_path: Path) -> None:
    code, said = typed(tmp_path, "/help\n/model recipes\n/model\n/nix\n\n/exit\n")
    assert code == 0
    assert "/status       show all sessions" in said
    assert "model: recipes" in said
    assert "model: the default" in said
    assert "/nix is not a command here" in said


def test_a_task_that_fails_leaves_the_prompt_open_and_its_code_at_the_end(tmp_path: Path) -> None:
    code, said = typed(tmp_path, "train x on y\n/help\n\x04")
    assert code == 2
    assert said.index("is not in a git repository") < said.index("/exit ")
    assert not (tmp_path / "intern-out").exists()


class _Memory:
    exit_code = 8


class _Case:
    def __init__(self, state: str) -> None:
        from intern_action.core.states import State

        self.state = State(state)
        self.memory = _Memory()


class _House:
    def __init__(self, state: str) -> None:
        self.case = _Case(state)


@pytest.mark.parametrize(("state", "code"), [("failed", 8), ("awaiting-review", 0), ("done", 0), ("stopped", 0)])
def test_only_a_session_that_failed_ends_with_its_code(state: str, code: int) -> None:
    assert exit_code(_House(state)) == code  # pyright: ignore[reportArgumentType] - the two fields it looks at
