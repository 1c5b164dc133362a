"""The key that signs the ledger can be changed: old lines stay readable, and the old key is good for nothing new."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from intern_action.core.errors import LedgerError
from intern_action.ledger.chain import Chain, LedgerEntry
from intern_action.ledger.ledger import GitLedger
from tests.fakes.git_world import StillClock
from tests.fakes.memory_branch import MemoryBranch, admitted

OLD, NEW, NEWEST = b"the old one", b"the new one", b"the newest one"


def ledger(branch: MemoryBranch, key: bytes, *previous: bytes) -> GitLedger:
    return GitLedger(branch, clock=StillClock(), key=key, previous=previous)


def write(branch: MemoryBranch, session: str, key: bytes, *previous: bytes) -> None:
    ledger(branch, key, *previous).decide(lambda _view: (admitted(session),))


@pytest.fixture
def branch() -> MemoryBranch:
    branch = MemoryBranch()
    write(branch, "s1", OLD)
    return branch


def test_lines_of_the_key_before_are_read_and_new_ones_signed_with_the_new_one(branch: MemoryBranch) -> None:
    write(branch, "s2", NEW, OLD)
    write(branch, "s3", NEWEST, NEW, OLD)
    assert len(ledger(branch, NEWEST, NEW, OLD).read().admissions()) == 3


def test_a_reader_who_was_there_before_reads_on(branch: MemoryBranch) -> None:
    reader = ledger(branch, NEW, OLD)
    reader.read()
    write(branch, "s2", NEW, OLD)
    write(branch, "s3", NEW, OLD)
    assert len(reader.read().admissions()) == 3


def test_without_the_key_before_its_lines_are_refused(branch: MemoryBranch) -> None:
    with pytest.raises(LedgerError, match="line 1 of the ledger is not signed with our key"):
        ledger(branch, NEW).read()


def test_nobody_goes_on_with_the_old_key_after_a_line_of_the_new_one(branch: MemoryBranch) -> None:
    write(branch, "s2", NEW, OLD)
    reader = ledger(branch, NEW, OLD)
    reader.read()
    forge(branch, OLD)
    for whoever in (reader, ledger(branch, NEW, OLD)):
        with pytest.raises(LedgerError, match="line 3 of the ledger is not signed with our key"):
            whoever.read()


def forge(branch: MemoryBranch, key: bytes) -> None:
    """Add a line as somebody would who has a key that was taken away: he can read the others, and needs no other key."""
    *_, raw = branch.text().splitlines()
    told = json.loads(raw)
    last = LedgerEntry(
        schema=told["schema"],
        seq=told["seq"],
        at=datetime.fromisoformat(told["at"]),
        before=told["before"],
        event=admitted("s2"),
        mac=told["mac"],
        hash=told["hash"],
    )
    line = Chain(key=key).link(last, admitted("s3"), last.at).line
    branch.commit({"entries.jsonl": branch.text() + line})


def test_the_old_key_is_good_for_nothing_on_a_ledger_that_began_with_the_new_one() -> None:
    branch = MemoryBranch()
    write(branch, "s1", NEW)
    write(branch, "s2", NEW)
    forge(branch, OLD)
    with pytest.raises(LedgerError, match="line 3 of the ledger is not signed with our key"):
        ledger(branch, NEW, OLD).read()


def test_an_unsigned_line_is_refused_whatever_keys_there_were() -> None:
    unsigned = MemoryBranch()
    write(unsigned, "s1", b"")
    with pytest.raises(LedgerError, match="it is not signed at all"):
        ledger(unsigned, NEW, OLD).read()
