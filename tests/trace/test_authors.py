"""What the agent half may write."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from intern_action.core.events import AGENT_KINDS, Answered, Event, Heard, Held, Noted, Spent, Started
from intern_action.core.types import Reply, ToolResult
from intern_action.trace.authors import foreign
from tests.trace.kinds import KINDS


def answer(call_id: str) -> Answered:
    return Answered(call_id=call_id, result=ToolResult(text="done"))


def test_an_ordinary_segment_is_the_agent_halfs_own():
    segment = (
        Heard(reply=Reply()),
        Spent(usd=Decimal("0.1"), why="m"),
        Started(call_id="1"),
        answer("1"),
        Noted(text=""),
    )
    assert foreign(segment, ()) is None


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - AGENT_KINDS))
def test_every_kind_of_controls_is_foreign(kind: str):
    @settings(max_examples=5, deadline=None)
    @given(event=KINDS[kind])
    def is_foreign(event: Event) -> None:
        said = foreign((Noted(text=""), event), ())
        assert said is not None
        assert f"event 2 of the segment is not the agent half's to write: `{kind}`" in said

    is_foreign()


def test_the_answer_to_a_call_held_earlier_is_foreign():
    assert "control answers what is held" in (foreign((answer("1"),), {"1"}) or "")


def test_the_answer_to_a_call_held_in_the_same_segment_is_foreign():
    assert foreign((Held(call_id="1", why="spends"), answer("2")), ()) is None
    assert "1 is held" in (foreign((Held(call_id="1", why="spends"), answer("1")), ()) or "")


def test_what_a_job_cost_is_controls_to_say():
    assert "the job of 1" in (foreign((Spent(usd=Decimal(1), why="job", call_id="1"),), ()) or "")


def test_nobody_earns_money_by_asking_a_model():
    assert foreign((Spent(usd=None, why="m"),), ()) is None
    assert "cannot be spent" in (foreign((Spent(usd=Decimal(-5), why="m"),), ()) or "")
