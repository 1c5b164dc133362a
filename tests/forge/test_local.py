"""The local forge: what people and we do, as files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from intern_action.core.errors import ForgeError
from intern_action.core.types import Permission, Verdict
from tests.fakes.git_world import ADA, GRACE
from tests.forge.conftest import ForgeWorld


def test_an_issue_is_a_file_people_can_read(house: ForgeWorld) -> None:
    issue = house.forge.open_issue("Fine-tune the filter", "/intern fine-tune X on Y", by="ada")
    house.forge.comment(issue.number, "On it.")
    house.forge.comment(issue.number, "Thanks", by="ada")
    assert house.page(f"issues/{issue.number}.md").read_text() == (
        "---\n"
        "by: ada\n"
        "at: '2026-11-23T12:00:00Z'\n"
        "title: Fine-tune the filter\n"
        "state: open\n"
        "---\n\n"
        "/intern fine-tune X on Y\n\n"
        "--- comment\n"
        "by: intern-action[bot]\n"
        "at: '2026-11-23T12:00:00Z'\n"
        "id: 2-1\n"
        "---\n\n"
        "On it.\n\n"
        "--- comment\n"
        "by: ada\n"
        "at: '2026-11-23T12:00:00Z'\n"
        "id: 2-2\n"
        "---\n\n"
        "Thanks\n"
    )
    seen = house.again().thread(issue.number)
    assert (seen.title, seen.body, seen.by, seen.open) == (issue.title, issue.body, "ada", True)
    assert [(comment.by, comment.text) for comment in seen.comments] == [
        ("intern-action[bot]", "On it."),
        ("ada", "Thanks"),
    ]


def test_issues_and_pull_requests_share_one_row_of_numbers(house: ForgeWorld) -> None:
    assert [house.pull().number, *(house.forge.open_issue("t", "b", by="ada").number for _ in range(2))] == [1, 2, 3]
    house.git.push("other", {"x": "1"})
    assert house.forge.open_pull_request(title="t", body="", head="other", base="main").number == 4


def test_a_pull_request_is_a_draft_of_ours_with_the_live_head(house: ForgeWorld) -> None:
    pull = house.pull()
    assert (pull.by, pull.draft, pull.open, pull.same_repository) == ("intern-action[bot]", True, True, True)
    assert pull.head_sha == house.git.bare.head("topic")
    assert pull.base_sha == house.git.base
    moved = house.git.push("topic", {"y": "1"})
    assert house.pull().head_sha == moved


def test_opening_it_again_renews_title_and_body_and_keeps_the_number(house: ForgeWorld) -> None:
    again = house.forge.open_pull_request(title="Better", body="new", head="topic", base="main")
    assert (again.number, again.title, again.body) == (1, "Better", "new")
    house.forge.close_pull_request(1)
    assert house.forge.open_pull_request(title="Anew", body="", head="topic", base="main").number == 2


def test_a_pull_request_of_no_branch_is_refused(house: ForgeWorld) -> None:
    with pytest.raises(ForgeError, match="no branch gone"):
        house.forge.open_pull_request(title="t", body="", head="gone", base="main")


def test_ready_describe_and_close_are_seen(house: ForgeWorld) -> None:
    house.forge.ready(1)
    house.forge.describe_pull_request(1, title="T2", body="B2")
    house.forge.close_pull_request(1)
    pull = house.again().pull_request(1)
    assert (pull.draft, pull.title, pull.body, pull.open) == (False, "T2", "B2", False)


def test_open_pull_requests_of_one_commit_are_all_named(house: ForgeWorld) -> None:
    head = house.pull().head_sha
    house.git.git("update-ref", "refs/heads/twin", head)
    house.forge.open_pull_request(title="twin", body="", head="twin", base="main")
    assert house.forge.with_twins(1)[1] == (2,)
    house.git.git("update-ref", "-d", "refs/heads/twin")
    assert house.forge.with_twins(1)[1] == ()
    assert house.forge.with_twins(2)[1] == ()


def test_a_review_is_pinned_to_the_head_it_was_given_on(house: ForgeWorld) -> None:
    old = house.pull().head_sha
    given = house.forge.review(1, "grace", Verdict.APPROVED, "intern:1a2b3c4d")
    house.git.push("topic", {"late": "1"})
    [seen] = house.again().reviews(1)
    assert seen == given
    assert (seen.by, seen.verdict, seen.commit_sha, seen.body) == ("grace", Verdict.APPROVED, old, "intern:1a2b3c4d")
    assert (seen.submitted_at, seen.by_a_person) == (house.git.clock.now(), True)


def test_reviews_come_oldest_first_with_a_dismissal_in_place(house: ForgeWorld) -> None:
    first = house.forge.review(1, "grace", Verdict.APPROVED)
    house.git.clock.wait(1)
    house.forge.review(1, "ada", Verdict.CHANGES_REQUESTED, "no")
    house.forge.dismiss(1, first.id, by="ada")
    assert [(one.by, one.verdict) for one in house.forge.reviews(1)] == [
        ("grace", Verdict.DISMISSED),
        ("ada", Verdict.CHANGES_REQUESTED),
    ]
    with pytest.raises(ForgeError, match="takes write access"):
        house.forge.dismiss(1, first.id, by="eve")
    with pytest.raises(ForgeError, match="has no review"):
        house.forge.dismiss(1, "9-9", by="ada")


def test_nobody_judges_the_own_pull_request_or_a_closed_one(house: ForgeWorld) -> None:
    with pytest.raises(ForgeError, match="cannot judge it"):
        house.forge.review(1, "Intern-Action[bot]", Verdict.APPROVED)
    house.forge.close(1, by="ada")
    with pytest.raises(ForgeError, match="is closed"):
        house.forge.review(1, "grace", Verdict.APPROVED)


def test_a_review_of_a_machine_is_not_a_persons(house: ForgeWorld) -> None:
    house.forge.set_permission("ci", Permission.WRITE, bot=True)
    house.forge.review(1, "CI", Verdict.APPROVED)
    assert [(one.by, one.by_a_person) for one in house.forge.reviews(1)] == [("ci", False)]


def test_the_comment_that_is_kept_is_one_and_ours(house: ForgeWorld) -> None:
    house.forge.comment(1, "a copy of the mark <!-- intern:s1 -->", by="eve")
    first = house.forge.keep_comment(1, marker="<!-- intern:s1 -->", text="running")
    second = house.forge.keep_comment(1, marker="<!-- intern:s1 -->", text="done")
    house.forge.keep_comment(1, marker="<!-- intern:s2 -->", text="another session")
    assert first.id == second.id
    texts = [comment.text for comment in house.forge.thread(1).comments]
    assert texts == [
        "a copy of the mark <!-- intern:s1 -->",
        "done\n\n<!-- intern:s1 -->",
        "another session\n\n<!-- intern:s2 -->",
    ]


def test_permissions_are_what_the_file_says_now(house: ForgeWorld) -> None:
    assert [house.forge.permission(who) for who in ("ada", "Grace", "eve", "mallory")] == [
        Permission.WRITE,
        Permission.ADMIN,
        Permission.READ,
        Permission.NONE,
    ]
    house.page("people.yaml").write_text("ada: none\ngrace:\n  permission: write\n  email: [g@x]\n")
    assert house.forge.permission("ada") is Permission.NONE
    assert house.forge.people() == {"ada": Permission.NONE, "grace": Permission.WRITE}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ada: owner\n", "ada `permission`"),
        ("ada: {permission: write, rank: 1}\n", "`rank`"),
        ("- ada\n", "name: permission"),
        ("ada: [\n", "is not YAML"),
        ("ada: write\nAda: admin\n", "differ only in case"),
        ("ada: true\n", "ada `permission`"),
    ],
)
def test_people_that_cannot_be_meant_are_an_error_and_not_nobody(house: ForgeWorld, text: str, why: str) -> None:
    house.page("people.yaml").write_text(text)
    with pytest.raises(ForgeError, match=why):
        house.forge.permission("ada")


def test_authors_are_found_by_mail_and_by_name(house: ForgeWorld) -> None:
    assert house.pull().commit_authors == ("ada",)
    house.forge.set_permission("grace", Permission.ADMIN, email=("GRACE@example.com",))
    house.git.push("topic", {"z": "1"}, by=GRACE)
    assert house.pull().commit_authors == ("ada", "grace")


def test_who_asked_for_the_work_is_no_author_of_it(house: ForgeWorld) -> None:
    tree = house.git.work_tree()
    control = house.git.publisher()
    (house.git.folder / "work/tree/new").write_text("1")
    taken = tree.snapshot("s")
    tree.bundle(str(house.git.folder / "b"), taken.commit)
    made = control.take_in(str(house.git.folder / "b"), taken.commit, base_sha=house.git.base)
    control.publish("intern/x", made, base_sha=house.git.base, message="m", co_author="grace")
    pull = house.forge.open_pull_request(title="t", body="", head="intern/x", base="main")
    assert pull.commit_authors == ("intern-action[bot]",)


def test_many_who_write_at_once_lose_nothing(house: ForgeWorld) -> None:
    def talk(number: int) -> None:
        house.again().comment(1, f"word {number}", by="ada")
        house.again().open_issue(f"issue {number}", "", by="ada")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(talk, range(24)))
    comments = house.forge.thread(1).comments
    assert sorted(comment.text for comment in comments) == sorted(f"word {number}" for number in range(24))
    assert len({comment.id for comment in comments}) == 24
    assert {house.forge.thread(number).title for number in range(2, 26)} == {f"issue {number}" for number in range(24)}
    assert not list(house.folder.rglob(".new-*"))


def test_a_number_that_is_not_there_is_said(house: ForgeWorld) -> None:
    with pytest.raises(ForgeError, match="no issue or pull request 9"):
        house.forge.thread(9)
    house.forge.open_issue("t", "b", by="ada")
    with pytest.raises(ForgeError, match="no pull request 2"):
        house.forge.pull_request(2)


def test_the_commit_of_a_first_push_is_dated_by_the_push(house: ForgeWorld) -> None:
    assert house.pull().pushed_at == house.git.clock.now()
    house.git.clock.wait(60)
    house.git.push("topic", {"late": "1"}, by=ADA)
    house.git.clock.wait(60)
    pushed = house.pull().pushed_at
    assert pushed is not None
    assert (house.git.clock.now() - pushed).total_seconds() == 60
