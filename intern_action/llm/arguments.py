"""The arguments of a call, as a model wrote them: a JSON object, or a flaw with the reason."""

from __future__ import annotations

import json
import math
from typing import NoReturn, cast

from intern_action.core.types import EMPTY, JsonObject

_SHOWN_CHARS = 200


def read_arguments(written: str) -> tuple[JsonObject, str | None]:
    """Return the arguments and what is wrong with them (None when they are good). Nothing at all counts as `{}`."""
    if not written.strip():
        return {}, None
    try:
        value: object = json.loads(written, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        return EMPTY, f"the arguments are nested too deeply to be read; they begin {_shown(written)}"
    except ValueError as error:
        return EMPTY, f"the arguments are not JSON ({error}): {_shown(written)}. Send one JSON object"
    if not isinstance(value, dict):
        return EMPTY, f"the arguments are JSON but not an object: {_shown(written)}. Send one JSON object"
    arguments = cast("JsonObject", value)
    return (cast("JsonObject", _whole(arguments)) if "\\u" in written else arguments), None


def whole_text(text: str) -> str:
    """Return text that UTF-8 can hold: half of a surrogate pair, which models do emit, becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _whole(value: object) -> object:
    return json.loads(whole_text(json.dumps(value, ensure_ascii=False)))


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name[:20]} is no JSON number")


def _shown(written: str) -> str:
    text = whole_text(written)
    return repr(text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…")
