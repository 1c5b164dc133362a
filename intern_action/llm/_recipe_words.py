"""The words of the built-in planner: templates in `configs/prompts/recipes`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from intern_action.core.errors import Misconfigured

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = Path(__file__).resolve().parent.parent
_PLACES = (_PACKAGE / "_configs", _PACKAGE.parent / "configs")


def words(name: str, **values: object) -> str:
    """Return a text with its values filled in; every value it names must be given."""
    text = _environment().get_template(f"{name}.md.j2").render(**values)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def lines(name: str, **values: object) -> tuple[str, ...]:
    """Return the lines of a text that have words."""
    return tuple(line.strip() for line in words(name, **values).splitlines() if line.strip())


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = next((place for place in _PLACES if (place / "prompts" / "recipes").is_dir()), None)
    if folder is None:
        raise Misconfigured(
            f"configs/prompts/recipes is neither in {_PLACES[0]} nor in {_PLACES[1]}; install intern-action again"
        )
    return Environment(
        loader=FileSystemLoader(folder / "prompts" / "recipes"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  # Markdown, not HTML: whoever renders it makes it harmless
    )
