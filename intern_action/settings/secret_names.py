"""Which environment variables hold secrets, by their names. Imports nothing, so that whoever reports an error can ask."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_SECRET = re.compile(r"(?:^|_)(?:API_KEY|TOKEN|SECRET|PASSWORD|SECRET_KEY|ACCESS_KEY|CREDENTIALS|WEBHOOK_URL)$")
_NAMES = "INTERN_ACTION_SECRETS_NAMES"
_VALUES = ("INTERN_ACTION_REDACTION_VALUES", "INTERN_ACTION_REDACTION_CANARIES")


def holds_secret(variable: str) -> bool:
    """Whether an environment variable of this name is taken for a secret."""
    return _SECRET.search(variable.upper()) is not None


def secrets_in(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the secrets of an environment by name: those that their names tell, and those that our settings there name."""
    named = {*_words(environment.get(_NAMES, ""))}
    told = {name: value for name, value in environment.items() if name in named or holds_secret(name)}
    values = [value for name in _VALUES for value in _words(environment.get(name, ""))]
    return {**told, **{f"value {place}": value for place, value in enumerate(values)}}


def _words(line: str) -> Iterator[str]:
    return (word.strip() for word in line.split(",") if word.strip())
