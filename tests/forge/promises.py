"""What every forge promises, whichever it is: told once, kept by the folder and by GitHub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pytest

from intern_action.core.errors import ForgeError
from intern_action.core.ports import Forge
from intern_action.core.types import Check, Conclusion, Permission, PullRequest, Reaction, Standing, Verdict
from tests.fakes.git_world import ADA, GRACE, GitWorld


class People(Protocol):
    """What people do on a forge. ada may write, grace is an admin, eve may read; mallory and nobody are strangers."""

    def issue(self, title: str, body: str, by: str) -> int:
        """Open an issue."""
        ...

    def say(self, number: int, text: str, by: str) -> str:
        """Comment; return the comment's id."""
        ...

    def review(self, number: int, by: str, verdict: Verdict, body: str = "") -> str:
        """Review a pull request at its head; return the review's id."""
        ...

    def dismiss(self, number: int, review: str, by: str) -> None:
        """Dismiss a review."""
        ...

    def merge(self, number: int, by: str) -> None:
        """Merge a pull request."""
        ...

    def reactions(self, number: int, comment: str = "") -> list[str]:
        """Return what somebody's words were reacted to with."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """A forge, its people, its repository, and a branch of this test's own that has one commit more than `main`."""

    forge: Forge
    ours: str
    people: People
    git: GitWorld
    branch: str

    def pull(self, title: str = "Train it", body: str = "why") -> PullRequest:
        return self.forge.open_pull_request(title=title, body=body, head=self.branch, base="main")

    def push(self, **files: str) -> str:
        self.git.clock.wait(60)
        return self.git.push(self.branch, files or {"more": str(self.git.clock.now())}, by=GRACE)


class ForgePromises:
    """Inherit it, and say in a fixture `there` which forge it is about."""

    # --- threads --------------------------------------------------------------------------------------------------

    def test_a_thread_has_its_words_and_its_comments_in_order(self, there: There) -> None:
        number = there.people.issue("Fine-tune it", "/intern fine-tune X", by="ada")
        there.people.say(number, "please", by="eve")
        said = there.forge.comment(number, "On it.")
        seen = there.forge.thread(number)
        assert (seen.number, seen.title, seen.body, seen.by, seen.open) == (
            number,
            "Fine-tune it",
            "/intern fine-tune X",
            "ada",
            True,
        )
        assert [(one.by, one.text) for one in seen.comments] == [("eve", "please"), (there.ours, "On it.")]
        assert seen.comments[1] == said
        assert seen.url

    def test_many_comments_come_whole(self, there: There) -> None:
        number = there.people.issue("long", "", by="ada")
        wanted = [there.people.say(number, f"word {place}", by="ada") for place in range(103)]
        assert [one.id for one in there.forge.thread(number).comments] == wanted

    def test_the_kept_comment_is_one_and_ours_whoever_copies_its_mark(self, there: There) -> None:
        number = there.people.issue("t", "b", by="ada")
        there.people.say(number, "a copy <!-- intern:s1 -->", by="eve")
        first = there.forge.keep_comment(number, marker="intern:s1", text="running")
        second = there.forge.keep_comment(number, marker="intern:s1", text="done")
        there.forge.keep_comment(number, marker="intern:s10", text="another session")
        assert first.id == second.id
        assert [(one.by, one.text) for one in there.forge.thread(number).comments] == [
            ("eve", "a copy <!-- intern:s1 -->"),
            (there.ours, "done\n\n<!-- intern:s1 -->"),
            (there.ours, "another session\n\n<!-- intern:s10 -->"),
        ]

    def test_a_reaction_is_given_once(self, there: There) -> None:
        number = there.people.issue("t", "b", by="ada")
        comment = there.people.say(number, "/intern why", by="ada")
        for _ in range(2):
            there.forge.react(number, Reaction.EYES, comment=comment)
            there.forge.react(number, Reaction.ROCKET)
        assert there.people.reactions(number, comment) == ["eyes"]
        assert there.people.reactions(number) == ["rocket"]

    def test_what_is_not_there_is_an_error(self, there: There) -> None:
        with pytest.raises(ForgeError, match="99999"):
            there.forge.thread(99999)
        with pytest.raises(ForgeError, match="99999"):
            there.forge.pull_request(99999)
        with pytest.raises(ForgeError):
            there.forge.react(there.people.issue("t", "b", by="ada"), Reaction.EYES, comment="99999")

    # --- pull requests --------------------------------------------------------------------------------------------

    def test_a_pull_request_is_a_draft_of_ours_with_the_live_head(self, there: There) -> None:
        pull = there.pull()
        assert (pull.by, pull.draft, pull.open, pull.same_repository) == (there.ours, True, True, True)
        assert (pull.title, pull.body, pull.base, pull.head) == ("Train it", "why", "main", there.branch)
        assert pull.head_sha == there.git.bare.head(there.branch)
        assert there.push() == there.forge.pull_request(pull.number).head_sha

    def test_opening_it_again_adopts_the_open_one(self, there: There) -> None:
        first, again = there.pull(), there.pull("Better", "new")
        assert (again.number, again.title, again.body) == (first.number, "Better", "new")
        there.forge.close_pull_request(first.number)
        assert there.pull().number > first.number

    def test_a_pull_request_of_no_branch_is_refused(self, there: There) -> None:
        with pytest.raises(ForgeError):
            there.forge.open_pull_request(title="t", body="b", head="gone", base="main")

    def test_ready_describe_and_close_are_seen(self, there: There) -> None:
        number = there.pull().number
        there.forge.ready(number)
        there.forge.ready(number)
        there.forge.describe_pull_request(number, title="T2", body="B2")
        there.forge.close_pull_request(number)
        pull = there.forge.pull_request(number)
        assert (pull.draft, pull.title, pull.body, pull.open) == (False, "T2", "B2", False)

    def test_what_became_of_a_pull_request_is_told_and_which_are_open(self, there: There) -> None:
        number = there.pull().number
        assert (there.forge.standing(number), number in there.forge.open_numbers()) == (Standing.OPEN, True)
        there.forge.close_pull_request(number)
        assert (there.forge.standing(number), number in there.forge.open_numbers()) == (Standing.CLOSED, False)
        with pytest.raises(ForgeError, match="99999"):
            there.forge.standing(99999)

    def test_a_pull_request_that_was_merged_is_not_taken_for_withdrawn(self, there: There) -> None:
        number = there.pull().number
        there.forge.ready(number)
        there.people.merge(number, by="grace")
        assert (there.forge.standing(number), number in there.forge.open_numbers()) == (Standing.MERGED, False)
        assert not there.forge.pull_request(number).open

    def test_open_pull_requests_of_one_commit_are_all_named(self, there: There) -> None:
        pull, twin = there.pull(), f"{there.branch}-twin"
        there.git.git("update-ref", f"refs/heads/{twin}", pull.head_sha)
        other = there.forge.open_pull_request(title="twin", body="", head=twin, base="main")
        assert there.forge.with_twins(pull.number) == (there.forge.pull_request(pull.number), (other.number,))
        there.forge.close_pull_request(pull.number)
        assert there.forge.with_twins(pull.number) == (there.forge.pull_request(pull.number), (other.number,))
        assert there.forge.with_twins(other.number)[1] == ()

    def test_a_push_there_and_back_again_shows_in_the_time_of_the_last_push(self, there: There) -> None:
        before = there.pull()
        moved = there.push()
        there.git.clock.wait(60)
        back = ADA.stamp(there.git.clock.now())
        there.git.ask("update-ref", f"refs/heads/{there.branch}", before.head_sha, moved, env=back)
        after = there.forge.pull_request(before.number)
        assert after.head_sha == before.head_sha
        assert before.pushed_at is not None
        assert after.pushed_at is not None
        assert after.pushed_at > before.pushed_at

    def test_authors_are_those_of_every_commit(self, there: There) -> None:
        number = there.pull().number
        there.push(late="1")
        found = {one.casefold() for one in there.forge.authors(there.forge.pull_request(number))}
        assert {"ada", "grace"} <= found

    def test_people_are_asked_for_review_and_who_cannot_be_is_named(self, there: There) -> None:
        number = there.pull().number
        assert there.forge.ask_for_review(number, ("ada", "mallory", "grace", "ada")) == ("mallory",)
        assert there.forge.ask_for_review(number, (there.ours,)) == ()
        assert there.forge.ask_for_review(number, ("nobody",)) == ("nobody",)

    def test_a_check_is_made_and_renewed(self, there: There) -> None:
        head = there.pull().head_sha
        running = Check(name="metrics", head_sha=head, title="running", summary="so far")
        ended = Check(name="metrics", head_sha=head, title="worse", summary="0.9", conclusion=Conclusion.FAILURE)
        there.forge.keep_check(running)
        there.forge.keep_check(ended)
        there.forge.keep_check(ended)

    # --- reviews and people ---------------------------------------------------------------------------------------

    def test_reviews_come_oldest_first_each_pinned_to_its_commit(self, there: There) -> None:
        pull = there.pull()
        there.people.review(pull.number, "grace", Verdict.APPROVED, "intern:1a2b3c4d")
        moved = there.push()
        there.people.review(pull.number, "ada", Verdict.CHANGES_REQUESTED, "no")
        assert [(one.by, one.verdict, one.body, one.commit_sha) for one in there.forge.reviews(pull.number)] == [
            ("grace", Verdict.APPROVED, "intern:1a2b3c4d", pull.head_sha),
            ("ada", Verdict.CHANGES_REQUESTED, "no", moved),
        ]
        assert all(one.by_a_person for one in there.forge.reviews(pull.number))

    def test_a_dismissal_stands_in_place_of_the_review(self, there: There) -> None:
        number = there.pull().number
        given = there.people.review(number, "grace", Verdict.APPROVED)
        there.people.dismiss(number, given, by="ada")
        assert [(one.id, one.by, one.verdict) for one in there.forge.reviews(number)] == [
            (given, "grace", Verdict.DISMISSED)
        ]

    def test_permissions_are_what_the_forge_says_now(self, there: There) -> None:
        found = [there.forge.permission(who) for who in ("ada", "Grace", "eve", "mallory", "nobody")]
        assert found == [Permission.WRITE, Permission.ADMIN, Permission.READ, Permission.NONE, Permission.NONE]
