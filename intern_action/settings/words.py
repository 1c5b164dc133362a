"""Words of the house: `prompt` is what the model reads, `text` is what people read; both lie in `configs/`, as files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from intern_action.core.errors import Bug
from intern_action.settings.places import configs


def prompt(name: str, **values: object) -> str:
    """Return what the model reads, with the values filled in; without any, as it stands in the file.

    Args:
        name: a file of `configs/prompts` without its suffix: `system`, `tools/bash`.
        values: the names that the template uses.

    Raises:
        Bug: there is no such file, or the template uses a name that was not given.
    """
    return _filled("prompts", name, values) if values else _read("prompts", name)


def text(name: str, /, **values: object) -> str:
    """Return what people read, with the values filled in.

    Nothing is escaped: a value that a stranger wrote must be made harmless for its place (Markdown, HTML) beforehand.

    Args:
        name: a file of `configs/texts` without its suffix.
        values: the names that the template uses.

    Raises:
        Bug: there is no such file, or the template uses a name that was not given.
    """
    return _filled("texts", name, values)


def _filled(folder: str, name: str, values: Mapping[str, object]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError

    page = Environment(
        loader=FileSystemLoader(configs() / folder),  # texts share their macros
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown
    )
    try:
        return page.from_string(_read(folder, name)).render(values)
    except UndefinedError as missing:
        raise Bug(f"configs/{folder}/{name}.md: {missing.message}") from missing


@cache
def _read(folder: str, name: str) -> str:
    path: Path = configs() / folder / f"{name}.md"
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError as missing:
        raise Bug(f"configs/{folder}/{name}.md is missing; add the file, or ask for one that is there") from missing
