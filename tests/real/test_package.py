"""What is shipped is whole: a wheel carries the configuration, and an installed program finds it with no checkout around."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("intern_action", "configs", "tests/hub_server"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    made = tmp_path_factory.mktemp("wheel")
    told = run(
        "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(made), str(source)
    )
    assert told.returncode == 0, told.stderr
    [wheel] = made.glob("*.whl")
    return wheel


def run(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={"PATH": os.defpath, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_a_wheel_carries_every_file_of_the_package_and_of_the_configuration(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    configs = {f"intern_action/_configs/{path.relative_to(ROOT / 'configs')}" for path in files("configs")}
    hub = {f"intern_action/_hub/{path.relative_to(ROOT / 'tests')}" for path in files("tests/hub_server")}
    package = {str(path.relative_to(ROOT)) for path in files("intern_action")}
    assert configs | hub | package <= held


def files(folder: str) -> list[Path]:
    found = (ROOT / folder).rglob("*")
    return [
        path for path in found if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    ]


def test_an_installed_program_finds_its_configuration_with_no_checkout_around(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "site"
    told = run(
        "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile", "--target", str(place), str(wheel)
    )
    assert told.returncode == 0, told.stderr
    program = (
        f"import sys; sys.path.insert(0, {str(place)!r})\n"
        "from intern_action.settings.places import configs\n"
        "from intern_action.settings.words import prompt\n"
        "assert prompt('system')\n"
        "print(configs())"
    )
    told = run("-c", program, cwd=tmp_path)
    assert told.stdout.strip() == str(place / "intern_action" / "_configs"), told.stderr


def test_both_commands_answer(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "site"
    run("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(place), str(wheel))
    for command in ("intern-action", "ml-intern"):
        told = run(str(place / "bin" / command), "--help", cwd=tmp_path, PYTHONPATH=str(place))
        assert (told.returncode, "Usage" in told.stdout) == (0, True), told.stderr


def test_an_installed_program_is_a_hub_with_no_checkout_around(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "site"
    run("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(place), str(wheel))
    with subprocess.Popen(
        [sys.executable, str(place / "bin" / "intern-action"), "dev", "hub", "--root", str(tmp_path / "hub")],
        cwd=tmp_path,
        env={"PATH": os.defpath, "PYTHONPATH": str(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        lines = [program.stdout.readline() for _ in range(3)]
        program.terminate()
        assert program.wait(timeout=30) == 0
    assert [line.partition("=")[0] for line in lines] == [
        "export HF_ENDPOINT",
        "export HF_TOKEN",
        "export HF_HUB_DISABLE_XET",
    ]
