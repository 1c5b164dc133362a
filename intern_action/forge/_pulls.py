"""Pull requests of one repository on GitHub: found, opened as drafts, changed."""

from __future__ import annotations

from intern_action.core.frozen import frozen
from intern_action.forge._answers import Pull
from intern_action.forge._refusals import AnswerLost, Refused
from intern_action.forge._wire import Wire

NO_DRAFTS = "draft pull requests are not supported"
READY = """
mutation Ready($input: MarkPullRequestReadyForReviewInput!) {
  markPullRequestReadyForReview(input: $input) { pullRequest { isDraft } }
}
"""
"""REST cannot take a pull request out of draft: `draft` is no field of `PATCH /repos/{owner}/{repo}/pulls/{pull_number}`."""


@frozen
class Pulls:
    """Pull requests of one repository.

    Args:
        wire: the line to GitHub.
        repository: the path of the repository's API, `/repos/OWNER/NAME`.
    """

    wire: Wire
    repository: str

    def get(self, number: int) -> Pull:
        """Return one as it is now."""
        return self.wire.get(f"{self.repository}/pulls/{number}", Pull, f"show pull request #{number}")

    def open(self) -> list[Pull]:
        """Return all that are open."""
        return self.wire.all(f"{self.repository}/pulls", Pull, "list the open pull requests", state="open")

    def opened(self, *, title: str, body: str, head: str, base: str) -> tuple[Pull, bool]:
        """Return the open one of a head, or open a draft; and whether it was opened now."""
        wanted: dict[str, object] = {"title": title, "body": body, "head": head, "base": base, "draft": True}
        there = self._of(head, base)
        if there is not None:
            return there, False
        return self.wire.make_once(lambda: self._create(wanted), look=lambda: self._of(head, base)), True

    def edit(self, number: int, changes: dict[str, object], asked: str) -> None:
        """Change an open or closed one."""
        self.wire.change("PATCH", f"{self.repository}/pulls/{number}", changes, asked)

    def ready(self, number: int) -> None:
        """Take it out of draft."""
        pull = self.get(number)
        if pull.draft:
            self.wire.mutate(
                READY, {"input": {"pullRequestId": pull.node_id}}, f"take pull request #{number} out of draft"
            )

    def ask_for_review(self, number: int, people: tuple[str, ...]) -> None:
        """Ask people, and teams (`ORG/TEAM`), for a review. GitHub refuses all for one it cannot ask."""
        teams = [person.partition("/")[2] for person in people if "/" in person]
        body = {"reviewers": [person for person in people if "/" not in person], "team_reviewers": teams}
        path, asked = (
            f"{self.repository}/pulls/{number}/requested_reviewers",
            f"ask {', '.join(people)} to review #{number}",
        )
        self.wire.change("POST", path, body, asked)

    def _of(self, head: str, base: str) -> Pull | None:
        owner = self.repository.split("/")[2]
        asked = f"list the open pull requests of {head}"
        found = self.wire.all(f"{self.repository}/pulls", Pull, asked, state="open", head=f"{owner}:{head}", base=base)
        return next((pull for pull in found if (pull.head.ref, pull.base.ref) == (head, base)), None)

    def _create(self, wanted: dict[str, object]) -> Pull:
        path, asked = f"{self.repository}/pulls", f"open a pull request of {wanted['head']} to {wanted['base']}"
        try:
            return self.wire.create(path, wanted, Pull, asked)
        except Refused as error:
            if "already exists" in error.said:
                raise AnswerLost(str(error)) from error  # somebody was faster; whoever asks looks
            if NO_DRAFTS not in error.said.casefold() or not wanted["draft"]:
                raise
        return self._create({**wanted, "draft": False})  # private repositories of free plans have no drafts
