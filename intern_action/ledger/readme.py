"""The ledger as people read it: the branch's README, rendered anew with every entry and never read back.

It is written before a session's first request to the model, so no template library is imported for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from intern_action.core.frozen import frozen
from intern_action.core.states import State
from intern_action.ledger.budget import ZERO, Hold
from intern_action.ledger.view import View

CELL = 80
WHY = 200
CONDITION = re.compile(r"\[(some|each|no) (\w+)\] ")


@frozen
class SessionRow:
    """One session, as a line of the table."""

    session: str
    requester: str
    thread: int
    task: str
    state: str
    why: str
    held: Decimal
    spent: Decimal
    model: Decimal


@frozen
class MonthRow:
    """One month: dollars set aside and spent, and what the models cost."""

    month: str
    held: Decimal
    spent: Decimal
    model: Decimal


def render(template: str, view: View) -> bytes:
    """Return the README for a view.

    Args:
        template: a line that begins with `[each month]` or `[each session]` stands once for each, with the fields of
            `MonthRow` and `SessionRow` in braces; `[each waiting]` is for the sessions before their reviewers. One with
            `[some month]` stands if there are any, `[no month]` if not.
        view: what is shown.
    """
    rows: dict[str, Sequence[Mapping[str, object]]] = {
        "month": [
            {"month": row.month, "held": row.held, "spent": row.spent, "model": row.model} for row in month_rows(view)
        ],
        "session": [_cells(row) for row in session_rows(view)],
        "waiting": [_cells(row) for row in session_rows(view) if row.state == State.AWAITING_REVIEW],
    }
    return "".join(f"{line}\n" for raw in template.splitlines() for line in _lines(raw, rows)).encode()


def _lines(raw: str, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> Iterator[str]:
    found = CONDITION.match(raw)
    if found is None:
        yield raw
        return
    when, of, line = found[1], rows[found[2]], raw[found.end() :]
    if when == "each":
        yield from (line.format_map(row) for row in of)
    elif bool(of) == (when == "some"):
        yield line


def _cells(row: SessionRow) -> Mapping[str, object]:
    return {
        "session": cell(row.session),
        "state": row.state,
        "thread": row.thread,
        "requester": cell(row.requester),
        "task": cell(row.task),
        "why": cell(row.why, longest=WHY),
        "held": row.held,
        "spent": row.spent,
        "model": row.model,
    }


def session_rows(view: View) -> tuple[SessionRow, ...]:
    """Return the sessions, newest first."""
    rows: list[SessionRow] = []
    for session, founder in view.tables.founders.items():
        holds = [hold for hold in view.tables.holds.values() if hold.session == session]
        moved = view.session_state(session)
        rows.append(
            SessionRow(
                session=session,
                requester=founder.requester,
                thread=founder.thread,
                task=founder.task,
                state=str(moved.state) if moved else "new",
                why=moved.why if moved else "",
                held=_left(holds),
                spent=_spent(holds),
                model=view.model_usd(session),
            )
        )
    return tuple(reversed(rows))


def month_rows(view: View) -> tuple[MonthRow, ...]:
    """Return the months in which money was set aside or a model was paid, newest first."""
    holds, models = view.tables.holds.values(), view.tables.model.values()
    months = sorted({hold.month for hold in (*holds, *models)}, reverse=True)
    return tuple(
        MonthRow(
            month=month,
            held=_left(hold for hold in holds if hold.month == month),
            spent=_spent(hold for hold in holds if hold.month == month),
            model=_spent(one for one in models if one.month == month),
        )
        for month in months
    )


def cell(words: str, *, longest: int = CELL) -> str:
    """Return somebody's words so that they stay in one cell of a table and are nothing but words."""
    plain = " ".join(words.split())
    short = plain if len(plain) <= longest else f"{plain[: longest - 1]}…"
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#@!~&" else sign for sign in short)


def _left(holds: Iterable[Hold]) -> Decimal:
    return sum((hold.left for hold in holds), ZERO)


def _spent(holds: Iterable[Hold]) -> Decimal:
    return sum((hold.captured for hold in holds), ZERO)
