"""All settings of a run, from the strongest word to the weakest, each with where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.settings.places import configs
from intern_action.settings.settings import Settings
from intern_action.settings.sources import (
    HOME_FILE,
    REPOSITORY_FILE,
    Layer,
    from_env_file,
    from_environment,
    from_file,
    from_flags,
    from_named,
    from_repository,
    read_env_file,
    read_optional,
)


@frozen
class Loaded:
    """The settings, the origin of each by dotted path, and notes people should see."""

    settings: Settings
    origins: Mapping[str, str]
    notes: tuple[str, ...] = ()


def load(flags: Mapping[str, object], environment: Mapping[str, str], repo: Path, home: Path) -> Loaded:
    """Read the settings: flags, environment, `.env`, `.github/intern.yml`, the home file, the defaults, in that order.

    Args:
        flags: by dotted path (`max_turns`, `jobs.local.python`); None is "not said".
        environment: the environment variables, handed in.
        repo: the user's own folder (never a checkout that a model works in).
        home: the user's home folder.

    Raises:
        Misconfigured: an unknown key, a wrong value, a variable that is not set, a key a repository may not set; the
            message names file and line, and the near miss.
    """
    env_file = read_env_file(repo, environment.get("PATH", ""))
    known = {**env_file.trusted(), **environment}
    env_layer, notes = from_env_file(env_file)
    layers = (
        from_file((configs() / "default.yaml").read_bytes(), known, "configs/default.yaml"),
        from_file(read_optional(home / HOME_FILE, f"~/{HOME_FILE}") or b"", known, f"~/{HOME_FILE}"),
        from_repository(read_optional(repo / REPOSITORY_FILE, REPOSITORY_FILE) or b"", known),
        env_layer,
        from_environment(environment, known),
        from_flags(flags),
    )
    merged = {path: given for layer in layers for path, given in layer.items()}
    named = from_named(_validated(merged).secrets.names, environment, env_file)
    whole = {**named, **merged}
    origins = {path: given.origin for path, given in whole.items()}
    return Loaded(settings=_validated(whole), origins=origins, notes=notes)


def _validated(merged: Layer) -> Settings:
    """Turn paths into settings; say of every wrong value where it stands."""
    try:
        return Settings.model_validate(_nested(merged))
    except ValidationError as error:
        flaws = [
            _flaw(merged, ".".join(map(str, flaw["loc"])), flaw["msg"])
            for flaw in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Misconfigured("; ".join(flaws)) from None


def _flaw(merged: Layer, path: str, message: str) -> str:
    """Return the words for one wrong value; an item of a list is found under the list, a section where it begins."""
    below = path
    while below and below not in merged:
        below = below.rpartition(".")[0]
    below = below or next((one for one in merged if one.startswith(f"{path}.")), "")
    where = f"{merged[below].origin}: " if below else ""
    return f"{where}`{path}`: {message.removeprefix('Value error, ')}"


def _nested(merged: Layer) -> dict[str, object]:
    """Turn `budget.month_usd` into a mapping in a mapping."""
    root: dict[str, object] = {}
    for path, given in merged.items():
        _section(root, path.split(".")[:-1])[path.rpartition(".")[2]] = given.value
    return root


def _section(root: dict[str, object], names: list[str]) -> dict[str, object]:
    section = root
    for name in names:
        section = cast("dict[str, object]", section.setdefault(name, {}))
    return section
