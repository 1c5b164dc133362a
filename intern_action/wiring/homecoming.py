"""Traces on their way home: uploaded when a session waits or is over; what could not be is owed, and paid by a later run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

from intern_action.core.errors import HubError
from intern_action.hub.sessions import SessionRow, SessionShelf
from intern_action.ledger.readme import cell
from intern_action.settings.words import text
from intern_action.trace.report import ReportData
from intern_action.trace.whole import write_whole
from intern_action.wiring.premises import Premises

MOST_OWED = 5
"""How many older traces one run brings home besides its own: nobody waits long for somebody else's."""


def bring_traces_home(premises: Premises, told: ReportData, trace: Path) -> str:
    """Upload a session's trace and what earlier runs owe; return what people are told of it, "" for nothing to tell.

    A failure is told and owed, and fails nothing: the work is done, whether or not its trace has arrived.
    """
    shelf = shelf_for(premises)
    if shelf is None or not (told.state.waiting or told.state.over):
        return ""
    desk = premises.world.control / "traces"
    desk.mkdir(parents=True, exist_ok=True)
    write_whole(desk / f"{told.session}.owed", json.dumps({**asdict(_row(told)), "trace": str(trace)}))
    lines = [_pay(shelf, desk, note) for note in _owed(desk, told.session)]
    return lines[0] if lines else ""


def pay_debts(premises: Premises) -> Sequence[str]:
    """Upload every trace that earlier runs owe; return what people are told. Where nothing is owed the Hub is not asked."""
    desk = premises.world.control / "traces"
    notes = sorted(desk.glob("*.owed"))
    shelf = shelf_for(premises) if notes else None
    told = [_pay(shelf, desk, note) for note in notes] if shelf else []
    return [line for line in told if line]


def shelf_for(premises: Premises) -> SessionShelf | None:
    """Return where traces are kept, None where nobody wants it or no token can write there."""
    settings = premises.settings
    token = settings.keys.get("HF_WRITE_TOKEN")
    if not settings.traces.upload or settings.hub.folder or token is None:
        return None
    return SessionShelf(
        endpoint=settings.hub.endpoint,
        token=token.get_secret_value(),
        repository=settings.traces.repository,
        page=_page,
        clock=premises.clock,
    )


def _owed(desk: Path, own: str) -> Sequence[Path]:
    """Return the notes of what is owed: this session's first, then the oldest."""
    notes = sorted(desk.glob("*.owed"), key=lambda note: (note.stem != own, note.stat().st_mtime))
    return notes[: MOST_OWED + 1]


def _pay(shelf: SessionShelf, desk: Path, note: Path) -> str:
    fields = cast("dict[str, str]", json.loads(note.read_text("utf-8")))
    trace = Path(fields.pop("trace"))
    if not trace.exists():
        note.unlink()
        return ""
    sent = desk / f"{note.stem}.sent"
    digest = hashlib.sha256(trace.read_bytes()).hexdigest()
    if sent.exists() and sent.read_text("utf-8") == digest:
        note.unlink()
        return ""
    try:
        address = shelf.keep(SessionRow(**fields), trace)
    except HubError as error:
        return f"the trace is not uploaded yet: {error}; a later run tries again"
    write_whole(sent, digest)
    note.unlink()
    return f"trace kept at {address}"


def _row(told: ReportData) -> SessionRow:
    return SessionRow(
        session=told.session,
        task=told.task,
        requester=told.requester,
        model=told.model,
        state=told.state,
        began=told.started_at.isoformat(),
        usd=f"{told.spend.total_usd:.2f}",
        pull_request=told.pull_request_url,
    )


def _page(rows: Sequence[SessionRow]) -> str:
    harmless = [replace(row, task=cell(row.task), requester=cell(row.requester), model=cell(row.model)) for row in rows]
    return text("sessions", rows=harmless)
