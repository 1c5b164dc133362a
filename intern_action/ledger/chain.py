"""The lines of the ledger: canonical JSON, each with the hash of the one before and, where there is a key, an HMAC.

A line is read by writing it again: whatever would not be written byte for byte the same is not ours (RFC 2104 for the HMAC;
the canonical form is `core.digests.canonical`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, cast

from intern_action.core.digests import canonical, digest
from intern_action.core.entries import LedgerEvent
from intern_action.core.errors import LedgerError
from intern_action.core.frozen import frozen

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = 2
KNOWN = (1, 2)
FIRST = 1
"""The schema that the first line of every ledger hangs on, whatever came later."""
FIELDS = frozenset({"schema", "seq", "at", "before", "event", "mac", "hash"})


@frozen
class LedgerEntry:
    """One line.

    Args:
        seq: 0 for the first, then one more each.
        at: when it was decided, aware, UTC, never earlier than the line before.
        before: hash of the line before; of the ledger's origin for the first.
        mac: HMAC-SHA256 of `hash` under the ledger's key, "" where there is no key.
        hash: SHA-256 of schema, seq, at, before and event in canonical form.
    """

    schema: int
    seq: int
    at: datetime
    before: str
    event: LedgerEvent
    mac: str
    hash: str

    @property
    def line(self) -> bytes:
        """Return it as it is stored, with the line end."""
        return canonical(self) + b"\n"


@frozen
class Chain:
    """Makes and checks lines.

    Args:
        origin: what the ledger belongs to (a repository): lines of another one do not fit, whoever signed them.
        key: for the HMAC; b"" means that anybody who can write the branch can write a line.
        previous: the keys before it, newest first. They are good for reading alone, and only for lines that stand before the
            first one of a newer key: with a key that was taken away nobody goes on from a line that was signed after it.
    """

    origin: str = ""
    key: bytes = b""
    previous: tuple[bytes, ...] = ()

    @property
    def root(self) -> str:
        """What the first line names as its `before`."""
        return digest({"ledger": self.origin, "schema": FIRST})

    def link(self, last: LedgerEntry | None, event: LedgerEvent, at: datetime, *, schema: int = SCHEMA) -> LedgerEntry:
        """Return the line that follows `last`."""
        seq, before = (last.seq + 1, last.hash) if last else (0, self.root)
        body = digest({"schema": schema, "seq": seq, "at": at, "before": before, "event": event})
        return LedgerEntry(schema=schema, seq=seq, at=at, before=before, event=event, mac=self._mac(body), hash=body)

    def read(self, raw: bytes, last: LedgerEntry | None) -> tuple[LedgerEntry, ...]:
        """Return the lines that follow `last`, each checked.

        Raises:
            LedgerError: with the line's number (from 1) and what is wrong with it.
        """
        if raw and not raw.endswith(b"\n"):
            raise LedgerError("the ledger's last line is cut short; a person has to look at the branch's history")
        found: list[LedgerEntry] = []
        for line in raw.split(b"\n")[:-1]:
            last = self._read_line(line, last)
            found.append(last)
        return tuple(found)

    def _read_line(self, line: bytes, last: LedgerEntry | None) -> LedgerEntry:
        number = last.seq + 2 if last else 1
        raw = _decoded(line, number)
        schema = _schema(raw["schema"], number)
        written = _as_now(raw["event"]) if schema == FIRST else raw["event"]
        entry = self.link(last, _event(written, number), _time(raw["at"], number), schema=schema)
        if last and entry.at < last.at:
            raise LedgerError(f"line {number} of the ledger is older than the line before; a person has to look")
        if raw["before"] != entry.before or raw["seq"] != entry.seq:
            raise LedgerError(f"line {number} of the ledger does not follow the line before: the chain is broken")
        entry = self._as_signed(entry, str(raw["mac"]), last)
        if not hmac.compare_digest(str(raw["mac"]), entry.mac):
            raise LedgerError(f"line {number} of the ledger is not signed with our key; {self._about_keys(raw['mac'])}")
        if line + b"\n" != entry.line:
            raise LedgerError(f"line {number} of the ledger was changed: its hash does not fit")
        return entry

    def _as_signed(self, entry: LedgerEntry, mac: str, last: LedgerEntry | None) -> LedgerEntry:
        """Return the line with the signature it bears, where that is of a key that was still good there."""
        good = self.previous[: self._age(last)]
        return next((replace(entry, mac=mac) for key in good if hmac.compare_digest(mac, _mac(key, entry.hash))), entry)

    def _age(self, last: LedgerEntry | None) -> int:
        """Return how many keys ago a line was signed; 0 is with today's."""
        if last is None:
            return len(self.previous)
        keys = (self.key, *self.previous)
        return next((age for age, key in enumerate(keys) if hmac.compare_digest(last.mac, _mac(key, last.hash))), 0)

    def _mac(self, body: str) -> str:
        return _mac(self.key, body)

    def _about_keys(self, mac: object) -> str:
        if not self.key:
            return "it is signed and no key is configured here"
        return "somebody wrote it without the key" if mac else "it is not signed at all"


def _mac(key: bytes, body: str) -> str:
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest() if key else ""


def _decoded(line: bytes, number: int) -> dict[str, object]:
    try:
        raw: object = json.loads(line)
    except ValueError as error:
        raise LedgerError(f"line {number} of the ledger is not JSON: {error}") from error
    if not isinstance(raw, dict) or cast("dict[str, object]", raw).keys() != FIELDS:
        raise LedgerError(f"line {number} of the ledger does not have the fields {', '.join(sorted(FIELDS))}")
    return cast("dict[str, object]", raw)


def _schema(raw: object, number: int) -> int:
    if not isinstance(raw, int) or raw not in KNOWN:
        raise LedgerError(
            f"line {number} of the ledger has the schema {raw!r} and this program knows up to {SCHEMA}; use a newer one"
        )
    return raw


def _as_now(raw: object) -> object:
    """Return an event of schema 1 with today's fields: its plans were all of a job. Their digests stay what they were."""
    match raw:
        case {"kind": "plan-made", "plan": {"job": object()}}:
            event = cast("dict[str, dict[str, object]]", raw)
            plan = dict(event["plan"])
            asks = {"kind": "spends", "job": plan.pop("job")}
            return event | {"plan": plan | {"asks": asks, "schema": FIRST}}
        case _:
            return raw


def _event(raw: object, number: int) -> LedgerEvent:
    from pydantic import ValidationError

    try:
        return _events().validate_python(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise LedgerError(f"line {number} of the ledger holds no event we know: {where}: {first['msg']}") from error


def _time(raw: object, number: int) -> datetime:
    try:
        at = datetime.fromisoformat(str(raw))
    except ValueError as error:
        raise LedgerError(f"line {number} of the ledger has no time: {error}") from error
    if at.tzinfo is None:
        raise LedgerError(f"line {number} of the ledger has a time without a zone")
    return at


@cache
def _events() -> TypeAdapter[LedgerEvent]:
    from pydantic import Field, TypeAdapter

    return TypeAdapter(Annotated[LedgerEvent, Field(discriminator="kind")])
