"""Digests of what people approve: canonical JSON (sorted keys, no spaces, ASCII), then SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import cast

from intern_action.core.errors import Bug
from intern_action.core.later import written
from intern_action.core.plan import Plan, form

NOT_APPROVED = frozenset({"made_at", "expires_at", "summary"})
"""Fields of a plan that its digest leaves out: when it was made, and words around it."""


def plain(value: object) -> object:
    """Turn our frozen types into what JSON can hold. Decimals become strings without an exponent: nothing is rounded."""
    match value:
        case Enum():
            return value.value
        case None | bool() | str() | int() | float():
            return value
        case Decimal():
            return format(value.normalize(), "f") if value else "0"
        case datetime():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(item) for key, item in cast("Mapping[object, object]", value).items()}
        case Sequence() | set() | frozenset():
            return [plain(item) for item in cast("Collection[object]", value)]
        case Plan():
            return plain(form(value))
        case _ if is_dataclass(value):
            return {name: plain(item) for name, item in written(value).items()}
        case _:
            raise Bug(f"{type(value).__name__} has no canonical form")


def canonical(value: object) -> bytes:
    """Return the one way to write `value` as JSON."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical form, as 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def plan_digest(plan: Plan) -> str:
    """Return what an approval is an approval *of*. Any change of bytes, effect, price, base or policy changes it."""
    return digest({name: value for name, value in form(plan).items() if name not in NOT_APPROVED})


def plan_code(plan_digest_hex: str) -> str:
    """Return the short code people write to approve a costly plan: `intern:1a2b3c4d`."""
    return f"intern:{plan_digest_hex[:8]}"


def launch_key(plan_digest_hex: str, attempt: int) -> str:
    """Return the label that makes a launch findable: one key per plan and attempt (attempts count from 1)."""
    return f"intern-{plan_digest_hex[:24]}-{attempt}"
