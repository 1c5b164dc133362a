"""What people read of a turn."""

from __future__ import annotations

from decimal import Decimal

from intern_action.core.events import Folded, Heard, Spent
from intern_action.core.types import Reply
from intern_action.trace.turns import story
from tests.trace import stories


def test_a_summary_is_on_the_bill_of_the_turn_it_came_after():
    told = story(
        stories.entries_of(
            [
                stories.beginning("x"),
                Heard(reply=Reply(text="looked", model="m")),
                Spent(usd=Decimal("0.10"), why="m"),
                Spent(usd=Decimal("0.02"), why="m, a summary"),
                Folded(turns=1, note="looked"),
                Heard(reply=Reply(text="done", model="m")),
                Spent(usd=Decimal("0.05"), why="m"),
            ]
        )
    )

    assert [turn.usd for turn in told.turns] == [Decimal("0.12"), Decimal("0.05")]
    assert [turn.total_usd for turn in told.turns] == [Decimal("0.12"), Decimal("0.17")]
