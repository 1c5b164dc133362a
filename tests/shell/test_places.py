"""Where interpreters and secrets lie."""

from __future__ import annotations

from pathlib import Path

from intern_action.shell.places import interpreter_paths, shut_folder, usual_secrets


def make_python(prefix: Path) -> Path:
    (prefix / "lib" / "python3.11").mkdir(parents=True)
    (prefix / "bin").mkdir()
    (prefix / "bin" / "python3").touch()
    return prefix / "bin" / "python3"


def test_an_environment_needs_itself_and_the_python_it_was_made_with(tmp_path: Path):
    base = make_python(tmp_path / "base")
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(base)
    (venv / "pyvenv.cfg").write_text(f"home = {base.parent}\nversion = 3.11\n")
    assert interpreter_paths(str(venv / "bin" / "python")) == (str(venv), str(tmp_path / "base"))


def test_an_environment_of_copies_finds_its_python_by_its_configuration(tmp_path: Path):
    base = make_python(tmp_path / "base")
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch()
    (venv / "pyvenv.cfg").write_text(f"home = {base.parent}\n")
    assert interpreter_paths(str(venv / "bin" / "python")) == (str(venv), str(tmp_path / "base"))


def test_a_link_in_a_home_does_not_open_the_home(tmp_path: Path):
    base = make_python(tmp_path / "base")
    local = tmp_path / "home" / ".local"
    (local / "bin").mkdir(parents=True)
    (local / "bin" / "python3").symlink_to(base)
    assert interpreter_paths(str(local / "bin" / "python3")) == (str(local / "bin"), str(tmp_path / "base"))


def test_the_systems_python_needs_nothing_of_ours():
    assert interpreter_paths("/usr/bin/python3") == ()


def test_the_topmost_shut_folder_is_the_one_to_change(tmp_path: Path):
    (tmp_path / "shut" / "in" / "file").mkdir(parents=True)
    for folder in (tmp_path, *list(tmp_path.parents)[:-2]):
        folder.chmod(0o755)
    (tmp_path / "shut" / "in").chmod(0o700)
    (tmp_path / "shut").chmod(0o700)
    assert shut_folder(str(tmp_path / "shut" / "in" / "file")) == str(tmp_path / "shut")


def test_common_places_of_secrets_are_hidden():
    hidden = usual_secrets(home="/home/me", repository="/src", runner_temp="/temp")
    assert {"/home/me/.netrc", "/home/me/.config", "/src/.git", "/temp/_runner_file_commands"} < set(hidden)
    assert "/var/run/docker.sock" in hidden
