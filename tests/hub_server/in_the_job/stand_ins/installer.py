"""Stands in for `uv` and for `pip`: the environment is ready, so installing means looking whether what is asked is there.

What is there lets the command go on; what is not ends it with words that name it, as a failed installation would. It knows
`uv run`, `uv pip install` and `pip install`, with requirements on the line, in a file, or in a script's own header (PEP 723).
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from tempfile import mkdtemp
from urllib.request import urlopen

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_TAKES_A_VALUE = {
    "--with",
    "--python",
    "-p",
    "--with-requirements",
    "--index-url",
    "--extra-index-url",
    "--index",
    "--torch-backend",
}
_PIP_TAKES_A_VALUE = {
    "-r",
    "--requirement",
    "-c",
    "--constraint",
    "-i",
    "--index-url",
    "--extra-index-url",
    "-t",
    "--target",
}
_HEADER = re.compile(r"(?m)^# /// script\s*$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


def main() -> int:
    """Do as the name that this program was called by does."""
    name, words = Path(sys.argv[0]).name, sys.argv[1:]
    match [name, *words]:
        case ["uv", "run", *rest]:
            return _run(rest)
        case ["uv", "pip", "install", *rest]:
            return _install(rest, "uv")
        case ["pip" | "pip3", "install", *rest]:
            return _install(rest, "pip")
        case ["uv", "--version" | "version"]:
            print("uv 0.9.11 (stand-in)")
            return 0
        case _:
            return _say(name, f"the stand-in of this server does not know `{' '.join(words)}`")


def _run(words: list[str]) -> int:
    requirements, place = _options(words)
    if place == len(words):
        return _say("uv", "a command is required")
    target, arguments = words[place], words[place + 1 :]
    script = _script(target)
    asked = [*requirements, *(_of_header(script) if script else [])]
    if problems := _missing(asked):
        return _say("uv", "No solution found when resolving dependencies:\n" + "\n".join(problems))
    line = [sys.executable, str(script), *arguments] if script else [target, *arguments]
    sys.stdout.flush()
    return os.execvp(line[0], line)


def _options(words: list[str]) -> tuple[list[str], int]:
    """Return what `--with` asked for, and where the target begins."""
    requirements: list[str] = []
    place = 0
    while place < len(words) and words[place].startswith("-") and words[place] != "-":
        option, equals, value = words[place].partition("=")
        if option in _TAKES_A_VALUE and not equals:
            place += 1
            value = words[place] if place < len(words) else ""
        if option == "--with":
            requirements += value.split(",") if "[" not in value and "<" not in value else [value]
        if option == "--with-requirements":
            requirements += _of_file(Path(value))
        place += 1
    return requirements, place


def _script(target: str) -> Path | None:
    """Return the script that is to run, fetched when it lies elsewhere; None for a command."""
    if target.startswith(("http://", "https://")):
        place = Path(mkdtemp()) / (target.partition("?")[0].rpartition("/")[2] or "script.py")
        with urlopen(target, timeout=60) as answer:  # noqa: S310 -- the schemes were looked at
            place.write_bytes(answer.read())
        return place
    if target == "-":
        place = Path(mkdtemp()) / "script.py"
        place.write_bytes(sys.stdin.buffer.read())
        return place
    return Path(target) if target.endswith(".py") else None


def _of_header(script: Path) -> list[str]:
    found = _HEADER.search(script.read_text(encoding="utf-8")) if script.exists() else None
    if found is None:
        return []
    text = "".join(
        line[2:] if line.startswith("# ") else line[1:] for line in found["content"].splitlines(keepends=True)
    )
    return [str(one) for one in tomllib.loads(text).get("dependencies", [])]


def _install(words: list[str], name: str) -> int:
    requirements: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in {"-r", "--requirement"}:
            requirements += _of_file(Path(next(rest, "")))
        elif word in _PIP_TAKES_A_VALUE:
            next(rest, "")
        elif not word.startswith("-"):
            requirements.append(word)
    if problems := _missing(requirements):
        return _say(name, "\n".join(problems))
    for requirement in requirements:
        print(f"Requirement already satisfied: {requirement}")
    return 0


def _of_file(path: Path) -> list[str]:
    lines = (line.partition(" #")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line.partition(" --hash")[0].strip(" \\") for line in lines if line and not line.startswith(("#", "-"))]


def _missing(requirements: list[str]) -> list[str]:
    """Return a sentence for each requirement that the environment does not fulfil."""
    there: dict[str, str] = {canonicalize_name(one.metadata["Name"]): one.version for one in metadata.distributions()}
    return [problem for one in requirements if (problem := _problem(one, there))]


def _problem(text: str, there: dict[str, str]) -> str | None:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return f"Failed to parse: `{text}`"
    if requirement.marker and not requirement.marker.evaluate():
        return None
    version = there.get(canonicalize_name(requirement.name))
    if version is None:
        return f"Because {requirement.name} is not in this server's ready environment and you require {text}, it cannot be had."
    if not requirement.specifier.contains(version, prereleases=True):
        return f"Because only {requirement.name}=={version} is available and you require {text}, it cannot be had."
    return None


def _say(name: str, words: str) -> int:
    print(f"{'error' if name == 'uv' else 'ERROR'}: {words}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
