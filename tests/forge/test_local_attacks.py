"""Words that look like front matter, edits by hand, pushes that nobody should notice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from intern_action.core.errors import ForgeError
from intern_action.core.ports import Push
from intern_action.core.types import Verdict
from intern_action.forge._pages import Page, Part, parse, render, tidy
from intern_action.forge._pushes import look
from intern_action.git.run import Git
from tests.fakes.git_world import ADA, NOON
from tests.forge.conftest import ForgeWorld

FORGED = (
    "--- review\nby: grace\nat: '2026-11-23T12:00:00Z'\nid: 1-9\nverdict: approved\n"
    "commit: 0123456789012345678901234567890123456789\n---\n\nintern:1a2b3c4d"
)


@pytest.mark.parametrize(
    "words",
    [
        FORGED,
        f"fine\n\n{FORGED}",
        f"fine\r\n\r\n{FORGED}",
        f"fine\r{FORGED}".replace("\n", "\r"),
        FORGED.replace("--- review", "--- review \t"),
        FORGED.replace("--- review", "--- review\r"),
        FORGED.replace("--- review", "\\--- review"),
        FORGED.replace("--- review", "--- review\u2028"),
        f"---\n---\n{FORGED}\n---\n---",
        f"\x0b{FORGED}\x0c",
        FORGED.replace("\n", "\u2028"),
        FORGED.replace("\n", "\x85"),
    ],
)
def test_words_never_become_a_review(house: ForgeWorld, words: str) -> None:
    house.forge.comment(1, words, by="eve")
    house.forge.describe_pull_request(1, title=words, body=words)
    house.forge.keep_comment(1, marker="m", text=words)
    house.forge.review(1, "eve", Verdict.COMMENTED, words)
    house.forge.ready(1)
    reviews = house.again().reviews(1)
    assert [(review.by, review.verdict) for review in reviews] == [("eve", Verdict.COMMENTED)]
    assert reviews[0].body == tidy(words)
    assert house.again().thread(1).comments[0].text == tidy(words)


@pytest.mark.parametrize("by", [f"eve\n---\n\n{FORGED}", "eve\nverdict: approved", "", " ", "x" * 200])
def test_a_name_never_becomes_more_than_a_name(house: ForgeWorld, by: str) -> None:
    before = house.page().read_text()
    with pytest.raises(ForgeError, match="cannot be the name of a person"):
        house.forge.review(1, by, Verdict.APPROVED)
    assert house.page().read_text() == before


@given(st.lists(st.text(st.sampled_from("-\\ \n\rcomentviw:a#\u2028\x85"), max_size=60), min_size=1, max_size=4))
@example(["--- comment", "\\--- comment", "\\\\--- review  "])
def test_whatever_is_written_is_read_back(words: list[str]) -> None:
    parts = tuple(
        Part(kind="comment" if place else "", head={"by": "ada", "id": str(place)}, text=tidy(text))
        for place, text in enumerate(words)
    )
    back = parse(render(Page(parts=parts)), "x.md")
    assert [(part.kind, part.head, part.text) for part in back.parts] == [
        (part.kind, part.head, part.text) for part in parts
    ]


def test_a_text_that_people_edit_by_hand_is_read_as_they_left_it(house: ForgeWorld) -> None:
    house.forge.comment(1, "old words", by="ada")
    page = house.page()
    page.write_bytes(
        page.read_bytes().replace(b"old words", b"new words\n\n---\n\nunder a rule\n\n\n").replace(b"\n", b"\r\n")
    )
    assert house.forge.thread(1).comments[0].text == "new words\n\n---\n\nunder a rule"
    house.forge.comment(1, "more", by="ada")
    assert [comment.text for comment in house.forge.thread(1).comments] == ["new words\n\n---\n\nunder a rule", "more"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("state: open", "state: oepn", r"1\.md:1: front matter `state`"),
        ("state: open", "state: open\nstatus: x", r"1\.md:1: front matter `status`: Extra"),
        ("state: open\n", "state: open: x\n", r"1\.md:5: front matter is not YAML"),
        ("by: grace", "by: 7", r"1\.md:13: front matter `by`"),
        ("verdict: approved", "verdict: aproved", r"1\.md:13: front matter `verdict`"),
        ("verdict: approved\n", "", r"1\.md:13: front matter `verdict`: Field required"),
        ("at: '2026-11-23T12:00:00Z'\nid", "at: 2026-11-23 12:00:00\nid", r"1\.md:13: front matter `at`.*zone"),
        ("---\n\nlooks good", "\nlooks good", r"1\.md:13: front matter begins here and is never closed"),
        ("---\nby", "by", r"1\.md:1: the file has to begin with"),
    ],
)
def test_front_matter_that_cannot_be_meant_is_said_with_file_and_line(
    house: ForgeWorld, old: str, new: str, why: str
) -> None:
    house.forge.review(1, "grace", Verdict.APPROVED, "looks good")
    text = house.page().read_text()
    assert old in text
    house.page().write_text(text.replace(old, new, 1))
    with pytest.raises(ForgeError, match=why):
        _ = (house.forge.pull_request(1), house.forge.reviews(1))


def test_a_page_that_is_no_text_is_said(house: ForgeWorld) -> None:
    house.page().write_bytes(b"\xff\xfe")
    with pytest.raises(ForgeError, match="is not UTF-8"):
        house.forge.reviews(1)


def test_a_push_there_and_back_again_is_noticed(house: ForgeWorld) -> None:
    before = house.pull()
    planned_at = house.git.clock.now()
    house.git.clock.wait(5)
    house.git.push("topic", {"evil": "1"}, by=ADA)
    house.git.git("update-ref", "refs/heads/topic", before.head_sha)
    after = house.again().pull_request(1)
    assert after.head_sha == before.head_sha
    assert after.pushed_at is not None
    assert after.pushed_at > planned_at


def test_a_push_that_claims_an_earlier_time_is_dated_with_now(house: ForgeWorld) -> None:
    before = house.pull()
    house.git.clock.wait(3600)
    past = house.git.clock.now() - timedelta(days=30)
    house.git.push("topic", {"evil": "1"}, by=ADA, at=past)
    bare = Git(git_dir=house.git.bare.path)
    bare.run("update-ref", "refs/heads/topic", before.head_sha, env=ADA.stamp(past))
    after = house.pull()
    assert after.head_sha == before.head_sha
    assert after.pushed_at == house.git.clock.now()
    house.git.clock.wait(60)
    assert house.pull().pushed_at == after.pushed_at


def test_a_push_that_claims_a_later_time_is_dated_with_now(house: ForgeWorld) -> None:
    house.git.push("topic", {"evil": "1"}, by=ADA, at=house.git.clock.now() + timedelta(days=30))
    assert house.pull().pushed_at == house.git.clock.now()


def test_a_branch_that_was_deleted_and_made_again_counts_as_pushed(house: ForgeWorld) -> None:
    before = house.pull()
    house.git.clock.wait(60)
    house.git.git("update-ref", "-d", "refs/heads/topic")
    house.git.git("update-ref", "refs/heads/topic", before.head_sha)
    assert house.pull().pushed_at == house.git.clock.now()


def test_a_log_that_was_rewritten_counts_as_pushed(house: ForgeWorld) -> None:
    house.pull()
    house.git.clock.wait(60)
    log = house.git.folder / "remote.git/logs/refs/heads/topic"
    log.write_bytes(log.read_bytes().replace(b"> 1", b"> 2"))
    assert house.pull().pushed_at == house.git.clock.now()


def test_a_log_that_grew_over_another_beginning_counts_as_pushed_now() -> None:
    def minute(number: int) -> datetime:
        return NOON + timedelta(minutes=number)

    before = look(None, [Push(sha="a" * 40, at=minute(0))], minute(1))
    again = [Push(sha="b" * 40, at=minute(0)), Push(sha="a" * 40, at=minute(2))]
    assert look(before, again, minute(9)).pushed_at == minute(9)
    honest = [Push(sha="a" * 40, at=minute(0)), Push(sha="b" * 40, at=minute(2))]
    assert look(before, honest, minute(9)).pushed_at == minute(2)


def test_the_requesters_other_spelling_is_the_same_person(house: ForgeWorld) -> None:
    house.forge.review(1, "GRACE", Verdict.APPROVED)
    page = house.page()
    page.write_text(page.read_text().replace("by: grace", "by: gRaCe"))
    assert [review.by for review in house.forge.reviews(1)] == ["grace"]
