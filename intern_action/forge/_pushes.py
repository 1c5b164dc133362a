"""When a branch was last pushed to, so that a push there and back again is not forgotten.

The bare repository logs every push, but whoever pushes can name any time (`GIT_COMMITTER_DATE`). So the forge remembers how
much of the log it has seen, and when; a line that is new since then and claims an earlier time is dated with now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from intern_action.core.errors import ForgeError
from intern_action.core.ports import Push
from intern_action.forge._folder import Folder
from intern_action.forge._heads import Time

FILE = ".pushes.json"


class Seen(BaseModel):
    """What was seen of one branch's log, and the time of its newest push."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: int
    digest: str
    seen_at: Time
    pushed_at: Time


_BOOK: TypeAdapter[dict[str, Seen]] = TypeAdapter(Annotated[dict[str, Seen], "by pull request"])


def pushed_at(folder: Folder, number: int, log: Sequence[Push], now: datetime) -> datetime:
    """Return when the head of pull request `number` was last pushed, and remember the log. The folder is locked by the caller."""
    book = _read(folder)
    before = book.get(str(number))
    after = look(before, log, now)
    if after != before:
        _write(folder, {**book, str(number): after})
    return after.pushed_at


def look(before: Seen | None, log: Sequence[Push], now: datetime) -> Seen:
    """Return what is known of a log after looking at it at the time `now`."""
    if before is not None and before.lines == len(log) and before.digest == _digest(log):
        return before.model_copy(update={"seen_at": now})
    if before is None:
        newest = max((push.at for push in log), default=now)
        return _seen(log, now, min(newest, now))
    if before.lines >= len(log) or before.digest != _digest(log[: before.lines]):
        return _seen(log, now, now)  # deleted and made again, or the log was tampered with
    dated = [push.at if before.seen_at < push.at <= now else now for push in log[before.lines :]]
    return _seen(log, now, max(before.pushed_at, *dated))


def _seen(log: Sequence[Push], now: datetime, pushed: datetime) -> Seen:
    return Seen(lines=len(log), digest=_digest(log), seen_at=now, pushed_at=pushed)


def _digest(log: Sequence[Push]) -> str:
    return hashlib.sha256("".join(f"{push.sha} {push.at.isoformat()}\n" for push in log).encode()).hexdigest()


def _read(folder: Folder) -> dict[str, Seen]:
    raw = folder.read(FILE)
    try:
        return _BOOK.validate_json(raw) if raw else {}
    except ValidationError as error:
        raise ForgeError(
            f"{folder.path / FILE} is not what we wrote there; remove it if nothing waits for approval"
        ) from error


def _write(folder: Folder, book: Mapping[str, Seen]) -> None:
    folder.write(FILE, _BOOK.dump_json(dict(book), indent=1).decode() + "\n")
