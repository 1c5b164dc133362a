"""Takes secrets out of what comes in at the door: known values in every usual spelling, and what has the shape of a token.

This is the second wall. The first is that nothing the model steers can reach a secret; no list of spellings is complete.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import cast

from intern_action.core.types import JsonObject
from intern_action.trace._named import masked_by_name, secret_by_name
from intern_action.trace._private_keys import masked_keys
from intern_action.trace._spellings import spellings

MASK = "[redacted]"
DEEPEST = 64
"""Data nested deeper than this is not looked through but dropped."""

_SHAPES: Mapping[str, str] = {
    "hf_": r"hf_[A-Za-z0-9]{24,}",
    "api_org_": r"api_org_[A-Za-z0-9]{24,}",
    "ghp_": r"ghp_[A-Za-z0-9]{20,}",
    "gho_": r"gho_[A-Za-z0-9]{20,}",
    "ghu_": r"ghu_[A-Za-z0-9]{20,}",
    "ghr_": r"ghr_[A-Za-z0-9]{20,}",
    "ghs_": r"ghs_[A-Za-z0-9_.-]{20,}",
    "github_pat_": r"github_pat_[A-Za-z0-9_]{20,}",
    "glpat-": r"glpat-[A-Za-z0-9_-]{20,}",
    "sk-ant-": r"sk-ant-[A-Za-z0-9_-]{16,}",
    # a long run without a dash and with a digit: `sk-estimator-doc-link` is a style sheet's word
    "sk-": r"sk-(?:(?<=\\[nrt]sk-)|(?<![A-Za-z0-9_-]sk-))(?=[A-Za-z0-9_-]*[A-Za-z0-9]{16})(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{20,}",
    "AKIA": r"AKIA(?<![A-Z0-9]AKIA)[A-Z0-9]{16}(?![A-Z0-9])",
    "ASIA": r"ASIA(?<![A-Z0-9]ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
    "xox": r"xox[abceoprs]-[A-Za-z0-9-]{10,}",
    "xapp-": r"xapp-[A-Za-z0-9-]{20,}",
    "hooks.slack": r"hooks\.slack\.com/services/(?P<secret>[A-Za-z0-9/]{20,})",
    "AIza": r"AIza[A-Za-z0-9_-]{35}",
    "ya29.": r"ya29\.[A-Za-z0-9_-]{20,}",
    "pypi-": r"pypi-[A-Za-z0-9_-]{32,}",
    "npm_": r"npm_[A-Za-z0-9]{30,}",
    "eyJ": r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    "earer ": r"earer (?P<secret>(?=[A-Za-z._~+/-]*[0-9])[A-Za-z0-9._~+/-]{16,}=*)",
    "asic ": r"asic (?P<login>[A-Za-z0-9+/]{8,4000}={0,2})",
    "://": r"://[^\s/:@'\"<>]*:(?P<secret>[^\s/:@'\"<>{}$*\[\]]{3,})@",
    "http": r"https?://(?P<secret>[A-Za-z0-9_-]{20,})@",
}
"""What tokens look like, by the letters they begin with: asking for the letters first is many times faster."""


class SecretRedactor:
    """Masks secrets.

    Args:
        secrets: the known ones, value by name (`{"HF_TOKEN": "hf_…"}`). Values under six characters are left alone: a
            mask over `true` or `1` would hide nothing and spoil everything.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        forms = {form for value in secrets.values() for form in spellings(value)}
        self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))

    def text(self, text: str) -> str:
        """Return the text with every known secret and token pattern masked."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        text = masked_keys(text, MASK)
        for mark in _SHAPES:
            if mark in text:
                text = _shape(mark).sub(_mask, text)
        return masked_by_name(text, MASK)

    def data(self, data: JsonObject) -> JsonObject:
        """The same for nested data, keys included; a value under a telling key (`api_key`) is judged by that key."""
        return {self.text(key): self._value(key, value, 1) for key, value in data.items()}

    def finds(self, text: str) -> bool:
        """Whether the text holds a secret."""
        return self.text(text) != text

    def _value(self, name: str, value: object, depth: int) -> object:
        match value:
            case str():
                return MASK if secret_by_name(name, value) else self.text(value)
            case Mapping() | list() | tuple() if depth > DEEPEST:
                return f"(nested deeper than {DEEPEST} levels)"
            case Mapping():
                items = cast("Mapping[str, object]", value).items()
                return {self.text(str(key)): self._value(str(key), item, depth + 1) for key, item in items}
            case list() | tuple():
                return [self._value(name, item, depth + 1) for item in cast("Sequence[object]", value)]
            case _:
                return value


@cache
def _shape(mark: str) -> re.Pattern[str]:
    """Compile a shape when its letters are met first: most runs meet few of them."""
    return re.compile(_SHAPES[mark])


def _mask(found: re.Match[str]) -> str:
    """Mask the secret of one find: its one group, or all of it."""
    if "login" in found.re.groupindex and not _is_login(found["login"]):
        return found[0]
    group = next(iter(found.re.groupindex), 0)
    start, end = found.span(group)
    return found.string[found.start() : start] + MASK + found.string[end : found.end()]


def _is_login(word: str) -> bool:
    """Whether a word after "Basic" is a name and a password, not the beginning of a sentence."""
    try:
        return ":" in base64.b64decode(word.rstrip("=") + "==").decode()
    except ValueError:
        return False
