"""A ledger that was tampered with is not believed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from intern_action.core.digests import canonical, plan_digest
from intern_action.core.entries import LedgerEvent, LedgerView
from intern_action.core.errors import LedgerError, NotAllowed
from intern_action.core.types import JobSpec
from intern_action.ledger.claims import admission, event_key
from intern_action.ledger.ledger import GitLedger
from tests.fakes.git_world import StillClock
from tests.fakes.memory_branch import MemoryBranch, admitted, approved, made, make_plan, running

PLAN = make_plan()
KEY = b"only we know it"


def book(key: bytes = b"", origin: str = "") -> tuple[MemoryBranch, GitLedger]:
    """A ledger with a few lines."""
    branch = MemoryBranch()
    ledger = GitLedger(branch, clock=StillClock(), key=key, origin=origin)
    ledger.decide(lambda _view: approved(PLAN))
    ledger.decide(lambda _view: running(PLAN))
    return branch, ledger


def fresh(branch: MemoryBranch, key: bytes = b"", origin: str = "") -> GitLedger:
    return GitLedger(branch, clock=StillClock(), key=key, origin=origin)


def rewrite(branch: MemoryBranch, old: bytes, new: bytes) -> None:
    before = branch.text()
    assert old in before
    branch.commit({"entries.jsonl": before.replace(old, new, 1)})


def test_every_line_names_schema_place_time_and_the_line_before() -> None:
    branch, _ = book()
    lines = [json.loads(line) for line in branch.text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(6))
    assert {line["schema"] for line in lines} == {2}
    assert [line["before"] for line in lines[1:]] == [line["hash"] for line in lines[:-1]]
    assert all(line["at"].endswith("+00:00") for line in lines)
    assert {line["mac"] for line in lines} == {""}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"usd":"10"', b'"usd":"99"', "hash does not fit"),
        (b'"by":["grace"]', b'"by":["eve"]', "hash does not fit"),
        (b'"seq":1', b'"seq":7', "does not follow"),
        (b'"schema":2,"seq":2', b'"schema":3,"seq":2', "schema 3 and this program knows up to 2"),
        (b'"schema":2,"seq":2', b'"schema":1,"seq":2', "hash does not fit"),
        (b'"kind":"plan-consumed"', b'"kind":"plan-eaten"', "no event we know"),
        (b'"kind":"money-held"', b'"kind":"money-held","extra":1', "was changed"),
        (b'{"at"', b'{ "at"', "was changed"),
        (b'"reviews":["r1"]', b'"reviews":["r1"],"reviews":["r1"]', "was changed"),
        (b"\n", b"\n\n", "not JSON"),
        (b"\n", b"", "not JSON"),
        (b'"mac":""', b'"mac":"00"', "no key is configured"),
        (b'"mac":"",', b"", "does not have the fields"),
    ],
)
def test_a_changed_line_is_not_believed(old: bytes, new: bytes, why: str) -> None:
    branch, _ = book()
    rewrite(branch, old, new)
    with pytest.raises(LedgerError, match=why):
        fresh(branch).read()


def test_a_line_taken_out_or_put_in_another_place_breaks_the_chain() -> None:
    branch, _ = book()
    lines = branch.text().splitlines(keepends=True)
    for others in (
        [*lines[:2], *lines[3:]],
        [lines[0], lines[2], lines[1], *lines[3:]],
        lines[1:],
        [*lines, lines[-1]],
    ):
        branch.commit({"entries.jsonl": b"".join(others)})
        with pytest.raises(LedgerError, match="does not follow"):
            fresh(branch).read()


@pytest.mark.parametrize("cut", [1, 2, 100])
def test_a_last_line_cut_short_is_not_believed(cut: int) -> None:
    branch, _ = book()
    branch.commit({"entries.jsonl": branch.text()[:-cut]})
    with pytest.raises(LedgerError, match="cut short"):
        fresh(branch).read()


def test_a_forged_line_with_a_right_hash_still_has_to_keep_the_rules() -> None:
    branch, ledger = book()
    last = ledger._last
    assert last is not None
    forged = ledger._chain.link(last, approved(PLAN)[2], last.at)
    branch.commit({"entries.jsonl": branch.text() + forged.line})
    with pytest.raises(LedgerError, match=r"line 7.*was used before"):
        fresh(branch).read()
    with pytest.raises(LedgerError, match="was used before"):
        ledger.read()


def test_with_a_key_every_line_is_signed_and_reads_back() -> None:
    branch, ledger = book(KEY)
    assert b'"mac":""' not in branch.text()
    assert fresh(branch, KEY).read() == ledger.read()


def test_without_the_key_nobody_can_write_a_line_we_believe() -> None:
    branch, ledger = book(KEY)
    last = ledger._last
    for forger in (fresh(branch, b"another key"), fresh(branch)):
        forged = forger._chain.link(last, admitted("s2"), StillClock().now())
        branch.commit({"entries.jsonl": ledger._raw + forged.line})
        with pytest.raises(LedgerError, match="not signed with our key"):
            fresh(branch, KEY).read()


def test_a_ledger_stripped_of_its_signatures_is_not_believed() -> None:
    branch, _ = book()
    with pytest.raises(LedgerError, match="it is not signed at all"):
        fresh(branch, KEY).read()
    branch, _ = book(KEY)
    with pytest.raises(LedgerError, match="no key is configured here"):
        fresh(branch).read()


def test_signed_lines_of_another_repository_do_not_fit_here() -> None:
    branch, _ = book(KEY, "team/one")
    with pytest.raises(LedgerError, match="does not follow"):
        fresh(branch, KEY, "team/two").read()


def test_what_was_read_before_has_to_be_there_still() -> None:
    branch, ledger = book()
    other, _ = book(origin="elsewhere")
    branch.commit({"entries.jsonl": other.text()})
    with pytest.raises(LedgerError, match="does not begin with what was read before"):
        ledger.read()
    branch.commit({"README.md": b""})
    with pytest.raises(LedgerError, match=r"has no entries\.jsonl"):
        ledger.read()
    branch.tip = None
    with pytest.raises(LedgerError, match="its branch is gone"):
        ledger.read()


def test_a_clock_that_is_a_little_late_writes_no_earlier_time_and_one_far_off_nothing() -> None:
    branch = MemoryBranch()
    early, late = StillClock(), StillClock()
    early.wait(60)
    GitLedger(branch, clock=early).decide(lambda _view: (admitted(),))
    GitLedger(branch, clock=late).decide(lambda _view: (admitted("s2"),))
    times = [json.loads(line)["at"] for line in branch.text().splitlines()]
    assert times[0] == times[1] == early.now().isoformat()
    early.wait(timedelta(hours=1).total_seconds())
    GitLedger(branch, clock=early).decide(lambda _view: (admitted("s3"),))
    with pytest.raises(LedgerError, match="set the clock right"):
        GitLedger(branch, clock=late).decide(lambda _view: (admitted("s4"),))


def test_a_line_older_than_the_one_before_is_not_believed() -> None:
    branch, ledger = book()
    assert ledger._last is not None
    back = ledger._chain.link(ledger._last, admitted("s2"), StillClock().now() - timedelta(hours=1))
    branch.commit({"entries.jsonl": branch.text() + back.line})
    with pytest.raises(LedgerError, match="older than the line before"):
        fresh(branch).read()


@pytest.mark.parametrize("raw", [b"[]\n", b"null\n", b"{}\n", b"\xff\n", b'{"at":NaN}\n'])
def test_what_is_no_ledger_at_all_is_not_believed(raw: bytes) -> None:
    branch = MemoryBranch()
    branch.commit({"entries.jsonl": raw})
    with pytest.raises(LedgerError, match="line 1"):
        fresh(branch).read()


def test_a_lost_race_is_decided_again_on_what_the_winner_wrote() -> None:
    branch = MemoryBranch()
    ledger, winner = fresh(branch), fresh(branch)
    asked: list[str] = []

    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        asked.append(view.head)
        if len(asked) == 1:
            winner.decide(admission(admitted("s1")))
        return () if view.admitted("key-s1") else (admitted("s1"),)

    view = ledger.decide(decide)
    assert len(asked) == 2
    assert view.admitted("key-s1") == admitted("s1")
    assert branch.text().count(b"\n") == 1


def test_a_decision_that_reads_the_ledger_itself_is_still_about_the_view_it_was_given() -> None:
    branch = MemoryBranch()
    ledger, winner = fresh(branch), fresh(branch)
    asked: list[str] = []

    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        asked.append(view.head)
        if len(asked) == 1:
            winner.decide(admission(admitted("s1")))
            ledger.read()
        return () if view.admitted("key-s1") else (admitted("s1", key="decided on the old view"),)

    ledger.decide(decide)
    assert len(asked) == 2
    assert branch.text().count(b"\n") == 1


def test_races_that_never_end_are_given_up() -> None:
    branch = MemoryBranch()
    ledger = GitLedger(branch, clock=StillClock(), tries=3)
    counted: list[int] = []

    def decide(_view: object) -> tuple[LedgerEvent, ...]:
        counted.append(1)
        fresh(branch).decide(lambda _view: (admitted(f"w{len(counted)}"),))
        return (admitted("mine"),)

    with pytest.raises(LedgerError, match="quicker 3 times in a row"):
        ledger.decide(decide)
    assert len(counted) == 3


def test_a_decision_that_says_no_writes_nothing() -> None:
    branch, ledger = book()
    before = branch.tip

    def no(_view: object) -> tuple[LedgerEvent, ...]:
        raise NotAllowed("no")

    with pytest.raises(NotAllowed):
        ledger.decide(no)
    ledger.decide(lambda _view: ())
    assert branch.tip == before


def test_an_event_key_is_the_same_for_a_delivery_and_another_for_other_words() -> None:
    key = event_key(repository="team/x", event="issue_comment", comment="7", body="/intern go")
    assert key == event_key(repository="team/x", event="issue_comment", comment="7", body="/intern go")
    assert len({key, event_key(repository="team/x", event="issue_comment", comment="7", body="/intern stop")}) == 2
    assert key != event_key(repository="team/xi", event="ssue_comment", comment="7", body="/intern go")
    assert len(key) == 64


def test_what_is_written_is_canonical() -> None:
    branch, _ = book()
    for line in branch.text().splitlines():
        assert canonical(json.loads(line)) == line


# --- ledgers of earlier versions -------------------------------------------------------------------------------------

FIRST = Path(__file__).parents[1] / "transcripts" / "ledgers" / "schema-1.jsonl"


def of_schema_1() -> MemoryBranch:
    """A ledger as the first version wrote it: a plan of a job, approved, paid for and running."""
    branch = MemoryBranch()
    branch.commit({"entries.jsonl": FIRST.read_bytes()})
    return branch


def test_a_ledger_of_schema_1_is_read_and_its_plan_keeps_the_digest_people_approved() -> None:
    view = fresh(of_schema_1(), KEY, "local").read()
    newest = view.newest_plan("s1")
    assert newest is not None
    assert newest.plan.job == JobSpec(
        script="train.py",
        flavor="a100",
        parameters={"batch": "16"},
        variations=({"batch": "8"},),
        model="some/encoder",
    )
    assert (
        plan_digest(newest.plan) == newest.digest == "c73edf0377c6f7f3576829aa9be789d163a0cdb307c25e903ec096bdc0b3cd70"
    )
    assert view.consumed(newest.digest) is not None


def test_a_ledger_of_schema_1_goes_on_in_schema_2() -> None:
    branch = of_schema_1()
    fresh(branch, KEY, "local").decide(lambda _view: (admitted("s2"), made(make_plan("s2"))))
    assert [json.loads(line)["schema"] for line in branch.text().splitlines()] == [1] * 6 + [2] * 2
    assert branch.text().startswith(FIRST.read_bytes())
    assert fresh(branch, KEY, "local").read().newest_plan("s2") is not None


def test_a_field_that_came_later_is_left_out_while_it_says_nothing() -> None:
    named = replace(running(PLAN)[0], holder="this machine")
    assert b"holder" not in canonical(running(PLAN)[0])
    assert b'"holder":"this machine"' in canonical(named)


def test_a_changed_plan_of_schema_1_is_not_believed() -> None:
    branch = of_schema_1()
    rewrite(branch, b'"batch":"16"', b'"batch":"64"')
    with pytest.raises(LedgerError, match="not signed with our key"):
        fresh(branch, KEY, "local").read()
