"""The places settings come from, each read into the same shape: dotted path to value and origin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.settings.document import Document, near_miss, read_document
from intern_action.settings.fill import STRANGERS_PREFIX, fill
from intern_action.settings.keys import (
    NO_SETTINGS,
    POLICY_KEYS,
    REPOSITORY_MAY,
    SERVERS_VARIABLE,
    VARIABLE_PREFIX,
    is_known,
    is_policy,
    is_section,
    setting_paths,
    variables,
    well_known,
)

REPOSITORY_FILE = ".github/intern.yml"
HOME_FILE = ".config/intern-action/config.yaml"
ENV_FILE = ".env"


@frozen
class Given:
    """A value somebody gave, and where: `.github/intern.yml:3`, `--model`, `HF_TOKEN in the environment`."""

    value: object
    origin: str


Layer: TypeAlias = Mapping[str, Given]


@frozen
class EnvFile:
    """A `.env`: name to (value, line). `tracked` says that git has it, so that anybody may have written it."""

    lines: Mapping[str, tuple[str, int]]
    tracked: bool

    def trusted(self) -> Mapping[str, str]:
        """Return the variables that may be filled into files."""
        return {} if self.tracked else {name: value for name, (value, _) in self.lines.items()}


def from_flags(flags: Mapping[str, object]) -> Layer:
    """Return what was said on the command line; None is "not said"."""
    unknown = [path for path in flags if not is_known(path)]
    if unknown:
        raise Misconfigured(f"there is no setting `{unknown[0]}`{near_miss(unknown[0], setting_paths())}")
    return {
        path: Given(value=value, origin=f"--{path.replace('_', '-')} on the command line")
        for path, value in flags.items()
        if value is not None
    }


def from_environment(environment: Mapping[str, str], known: Mapping[str, str]) -> Layer:
    """Return what environment variables say; an empty one says nothing. `known` are those that may be filled in."""
    layer = _from_variables(environment, {name: f"{name} in the environment" for name in environment})
    return {**layer, **_servers(known.get(SERVERS_VARIABLE, ""), known, SERVERS_VARIABLE)}


def _servers(text: str, known: Mapping[str, str], name: str) -> Layer:
    """Return the section `mcp` that stands in one variable as YAML."""
    inside = read_document(text.encode(), name)
    values = {f"mcp.{path}": written for path, written in inside.values.items()}
    document = Document(name=name, values=values)
    _refuse_unknown(document, setting_paths())
    return _from_document(fill(document, known))


def from_named(names: Iterable[str], environment: Mapping[str, str], file: EnvFile) -> Layer:
    """Return the secrets that `secrets.names` points at, which their own names would not give away."""
    inside, outside = file.trusted(), {name: environment.get(name, "") for name in names}
    return {
        f"keys.{name}": Given(
            value=value or inside[name], origin=f"{name} in {'the environment' if value else ENV_FILE}"
        )
        for name, value in outside.items()
        if value or inside.get(name)
    }


def from_env_file(file: EnvFile) -> tuple[Layer, tuple[str, ...]]:
    """Return what `.env` says, and notes on what in it is not heeded."""
    origins = {name: f"{ENV_FILE}:{line} {name}" for name, (_, line) in file.lines.items()}
    layer = _from_variables({name: value for name, (value, _) in file.lines.items()}, origins)
    if not file.tracked:
        return layer, ()
    heeded = {path: given for path, given in layer.items() if path in REPOSITORY_MAY}
    ignored = [given.origin for path, given in layer.items() if path not in heeded]
    notes = [
        f"{origin} is not heeded: git tracks {ENV_FILE}, so anybody may have written it; untrack it"
        for origin in ignored
    ]
    return heeded, tuple(notes)


def from_repository(content: bytes, known: Mapping[str, str], name: str = REPOSITORY_FILE) -> Layer:
    """Return what a repository's own file sets. What it says to the gate is checked for its keys and left to the gate."""
    document = fill(_without_policy(read_repository_file(content, name)), known, only=STRANGERS_PREFIX)
    return _from_document(document)


def read_repository_file(content: bytes, name: str = REPOSITORY_FILE) -> Document:
    """Read `.github/intern.yml`: all keys known, none that a repository may not set.

    Raises:
        Misconfigured: names file, line, and what may be meant.
    """
    document = read_document(content, name)
    said = {path for path in document.values if is_policy(path)}
    _refuse_unknown(document, frozenset({*setting_paths(), *POLICY_KEYS, *said}))
    for path, written in document.values.items():
        if path not in REPOSITORY_MAY and not is_policy(path) and not _empty_section(path, written.value):
            raise Misconfigured(
                f"{name}:{written.line}: a repository may not set `{path}`: anybody can propose a change of this file, and "
                f"it must not say where secrets go or what is run; set it in ~/{HOME_FILE} or in the environment"
            )
    return document


def from_file(content: bytes, known: Mapping[str, str], name: str) -> Layer:
    """Return what a trusted file sets: the user's own, or the defaults."""
    document = read_document(content, name)
    _refuse_unknown(document, setting_paths())
    return _from_document(fill(document, known))


def read_optional(file: Path, name: str) -> bytes | None:
    """Return a file's bytes, None when it is not there.

    Raises:
        Misconfigured: it is there and cannot be read.
    """
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Misconfigured(
            f"{name} cannot be read ({error.strerror}); make it a readable file, or take it away"
        ) from error


def read_env_file(repo: Path, search_path: str) -> EnvFile:
    """Read `.env` of a folder; without one, nothing.

    Args:
        repo: the user's own folder, never a checkout that a model works in.
        search_path: PATH, to find git by.
    """
    content = read_optional(repo / ENV_FILE, ENV_FILE)
    if content is None:
        return EnvFile(lines={}, tracked=False)
    return EnvFile(lines=_env_lines(content), tracked=_is_tracked(repo, search_path))


def _env_lines(content: bytes) -> dict[str, tuple[str, int]]:
    from io import StringIO

    from dotenv.parser import parse_stream

    lines: dict[str, tuple[str, int]] = {}
    for binding in parse_stream(StringIO(content.decode(errors="replace"))):
        text = binding.original.string
        line = binding.original.line + len(text[: len(text) - len(text.lstrip())].splitlines())
        if binding.error:
            raise Misconfigured(f"{ENV_FILE}:{line}: this is no `NAME=value`; correct the line")
        if binding.key and binding.value is not None:
            lines[binding.key] = (binding.value, line)
    return lines


def _is_tracked(repo: Path, search_path: str) -> bool:
    """Whether git has the `.env`. Where git cannot say, it might: then nobody trusts it."""
    import subprocess

    argv = ["git", "-C", str(repo), "-c", "core.fsmonitor=false", "ls-files", "--error-unmatch", "--", ENV_FILE]
    try:
        asked = subprocess.run(argv, env={"PATH": search_path}, capture_output=True, check=False)
    except OSError:
        return True
    outside_of_git = not any((folder / ".git").exists() for folder in (repo.absolute(), *repo.absolute().parents))
    return asked.returncode != 1 and not outside_of_git


def _from_variables(values: Mapping[str, str], origins: Mapping[str, str]) -> Layer:
    layer: dict[str, Given] = {}
    for name, value in values.items():
        path = variables().get(name) or well_known(name)
        if path is None and name.startswith(VARIABLE_PREFIX) and name not in NO_SETTINGS:
            raise Misconfigured(f"{origins[name]}: there is no such setting{near_miss(name, variables())}")
        if path is not None and value:
            layer[path] = Given(value=value, origin=origins[name])
    return layer


def _from_document(document: Document) -> Layer:
    return {
        path: Given(value=written.value, origin=f"{document.name}:{written.line}")
        for path, written in document.values.items()
        if not _empty_section(path, written.value)
    }


def _without_policy(document: Document) -> Document:
    return Document(
        name=document.name,
        values={path: written for path, written in document.values.items() if not is_policy(path)},
    )


def _empty_section(path: str, value: object) -> bool:
    return value is None and is_section(path)


def _refuse_unknown(document: Document, known: frozenset[str]) -> None:
    for path, written in document.values.items():
        if path in known or is_known(path) or _empty_section(path, written.value):
            continue
        if is_section(path):
            raise Misconfigured(
                f"{document.name}:{written.line}: `{path}` is a section; put its keys below it, indented"
            )
        above = path.rpartition(".")[0]
        hint = f"; `{above}` takes a value, no keys" if above in known else near_miss(path, known)
        raise Misconfigured(f"{document.name}:{written.line}: there is no key `{path}`{hint}")
