"""Addresses that carry their own permission, as those of a storage service do."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from .refusals import Refused
from .request import Request

if TYPE_CHECKING:
    from .world import World

_SECONDS = 3600


def signed(world: World, method: str, path: str) -> str:
    """Return an address of the storage for one method and one path, good for an hour."""
    until = int(time.time()) + _SECONDS
    where = quote(path)
    return f"{world.storage_url}{where}?X-Amz-Expires={until}&X-Amz-Signature={_signature(world, method, where, until)}"


def check_signed(world: World, request: Request) -> None:
    """Let those in who hold such an address, and nothing else.

    Raises:
        Refused: a token came along, or the signature is another's, or it is too late.
    """
    if "authorization" in request.headers:
        raise Refused(400, "InvalidArgument: only one auth mechanism allowed")
    method, until = "GET" if request.method == "HEAD" else request.method, int(request.asked("X-Amz-Expires", "0"))
    right = _signature(world, method, request.path, until)
    if until < time.time() or not hmac.compare_digest(request.asked("X-Amz-Signature"), right):
        raise Refused(403, "AccessDenied: Request has expired or its signature does not match")


def _signature(world: World, method: str, path: str, until: int) -> str:
    return hmac.new(_secret(world), f"{method} {path} {until}".encode(), hashlib.sha256).hexdigest()


def _secret(world: World) -> bytes:
    table = world.store.table("secrets")
    with table.lock:
        kept = table.get("storage")
        if kept is None:
            table.put("storage", {"key": secrets.token_hex(32)})
            kept = table.get("storage")
    assert kept is not None
    return kept.text("key").encode()
