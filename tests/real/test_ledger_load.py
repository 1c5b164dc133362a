"""Fifty processes write one ledger at once: nothing is lost, no budget is ever exceeded, and it is soon over."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from subprocess import PIPE

import pytest

from intern_action.ledger.chain import Chain, LedgerEntry
from intern_action.ledger.fold import fold
from intern_action.ledger.view import Tables
from tests.fakes.git_world import GitWorld, make_world
from tests.fakes.starts import started

ROOT = Path(__file__).parents[2]
WRITERS = 50
AT_MOST_SECONDS = 60
BUDGET = Decimal(170)
CAP, COSTS = Decimal(7), Decimal(4)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> GitWorld:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def seconds(world: GitWorld) -> float:
    """Let all writers begin at once: each claims the event that all claim and one of its own, holds money for a job and pays it.

    Returns:
        how long that took, all together.
    """
    money = ("1", str(BUDGET), str(COSTS))
    alone = {"PATH": os.defpath, "HOME": str(world.folder)}
    hands = [
        started(*_command(world, number), *money, cwd=ROOT, env=alone, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        for number in range(WRITERS)
    ]
    assert all(hand.stdout and hand.stdout.readline() == "here\n" for hand in hands)
    began = time.monotonic()
    for hand in hands:
        assert hand.stdin
        hand.stdin.write("go\n")
        hand.stdin.flush()
    words = [hand.communicate(timeout=300)[1] for hand in hands]
    took = time.monotonic() - began
    assert [hand.returncode for hand in hands] == [0] * WRITERS, "\n".join(words)
    return took


@pytest.fixture(scope="module")
def entries(world: GitWorld, seconds: float) -> tuple[LedgerEntry, ...]:
    """The chain as somebody reads it who has seen nothing of it before: each line checked against the one before."""
    assert seconds
    return Chain().read(f"{world.git('cat-file', 'blob', 'intern/ledger:entries.jsonl')}\n".encode(), None)


def _command(world: GitWorld, number: int) -> list[str]:
    mirror = str(Path(world.folder) / f"mirror-{number}.git")
    return ["-m", "tests.fakes.ledger_hand", mirror, world.url, f"s{number}"]


def _growing(entries: tuple[LedgerEntry, ...]) -> Iterator[Tables]:
    """Yield the tables as they stood after each line."""
    tables = Tables()
    for entry in entries:
        tables = fold(tables, (entry,))
        yield tables


@pytest.mark.timeout(400)
def test_fifty_writers_are_done_within_a_minute(seconds: float) -> None:
    assert seconds < AT_MOST_SECONDS


@pytest.mark.timeout(400)
def test_none_of_their_claims_is_lost_and_what_all_claim_is_one_of_theirs(entries: tuple[LedgerEntry, ...]) -> None:
    *_, last = _growing(entries)
    assert set(last.claims) == {"shared", *(f"key-s{number}" for number in range(WRITERS))}
    assert [entry.event.kind for entry in entries].count("admitted") == WRITERS + 1


@pytest.mark.timeout(400)
def test_after_no_line_is_more_held_and_spent_than_the_budget(entries: tuple[LedgerEntry, ...]) -> None:
    sums = [sum((one.counts for one in tables.holds.values()), Decimal(0)) for tables in _growing(entries)]
    assert max(sums) <= BUDGET
    assert max(sums) > BUDGET - CAP  # it was really tried


@pytest.mark.timeout(400)
def test_each_hold_was_paid_once_and_the_rest_is_free_again(entries: tuple[LedgerEntry, ...]) -> None:
    *_, last = _growing(entries)
    assert {(one.captured, one.left) for one in last.holds.values()} == {(COSTS, Decimal(0))}
    assert len(last.holds) >= BUDGET // CAP
    kinds = [entry.event.kind for entry in entries]
    assert (
        kinds.count("money-held") == kinds.count("money-captured") == kinds.count("money-released") == len(last.holds)
    )


@pytest.mark.timeout(400)
def test_time_only_goes_forward_in_the_chain(entries: tuple[LedgerEntry, ...]) -> None:
    times = [entry.at for entry in entries]
    assert times == sorted(times)
    assert times[-1] - times[0] < timedelta(seconds=AT_MOST_SECONDS)
