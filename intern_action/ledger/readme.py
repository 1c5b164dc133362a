"""The ledger as people read it: the branch's README, rendered anew with every entry and never read back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from intern_action.ledger.budget import ZERO, Hold
from intern_action.ledger.view import View

if TYPE_CHECKING:
    from jinja2 import Template

CELL = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session, as a line of the table."""

    session: str
    requester: str
    thread: int
    task: str
    state: str
    held: Decimal
    spent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """One month: dollars set aside and spent."""

    month: str
    held: Decimal
    spent: Decimal


def render(template: str, view: View) -> bytes:
    """Return the README for a view; `template` is jinja2, given `sessions`, `months` and the function `cell`."""
    return _template(template).render(sessions=session_rows(view), months=month_rows(view), cell=cell).encode()


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
                held=_left(holds),
                spent=_spent(holds),
            )
        )
    return tuple(reversed(rows))


def month_rows(view: View) -> tuple[MonthRow, ...]:
    """Return the months in which money was set aside, newest first."""
    months = sorted({hold.month for hold in view.tables.holds.values()}, reverse=True)
    by_month = {month: [hold for hold in view.tables.holds.values() if hold.month == month] for month in months}
    return tuple(MonthRow(month=month, held=_left(holds), spent=_spent(holds)) for month, holds in by_month.items())


def cell(words: str) -> str:
    """Return somebody's words so that they stay in one cell of a table and are nothing but words."""
    plain = " ".join(words.split())
    short = plain if len(plain) <= CELL else f"{plain[: CELL - 1]}…"
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#@!~&" else sign for sign in short)


def _left(holds: Iterable[Hold]) -> Decimal:
    return sum((hold.left for hold in holds), ZERO)


def _spent(holds: Iterable[Hold]) -> Decimal:
    return sum((hold.captured for hold in holds), ZERO)


@cache
def _template(source: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown, not HTML; `cell` makes people's words harmless
    )
    return environment.from_string(source)
