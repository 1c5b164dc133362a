"""GitHub: threads, pull requests, reviews, permissions and checks of one repository, by its REST API.

Facts are GitHub's own description of that API (`@octokit/openapi`); what it asks of clients is in `_wire`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from intern_action.core.errors import ForgeError, Misconfigured
from intern_action.core.ports import Clock
from intern_action.core.types import (
    Check,
    Comment,
    LineComment,
    Permission,
    PullRequest,
    Reaction,
    Review,
    Standing,
    Thread,
)
from intern_action.forge._answers import Collaborator, Issue, Pull, PullReview, Repo, Run, Runs, login
from intern_action.forge._bodies import GOES_ON, pieces
from intern_action.forge._checks import Checks
from intern_action.forge._commits import authors_of, last_push
from intern_action.forge._connection import API_URL, REPOSITORY, SERVER_URL
from intern_action.forge._lines import Lines
from intern_action.forge._pulls import Pulls
from intern_action.forge._recent import SETTLED, Recent
from intern_action.forge._refusals import HTTP_INVALID, HTTP_NOT_FOUND, Refused
from intern_action.forge._sticky import Desk
from intern_action.forge._wire import Wire
from intern_action.forge.early import permission_path

OUR_NAME = "github-actions[bot]"
"""Who a workflow's own token speaks as."""

LOGIN = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}")
"""A person's account: GitHub says letters, digits and single dashes between them, 39 at most."""

CONTINUED = "intern:description"
ENDED = "completed"
DISPATCHED = "agent"
HTTP_CREATED = 201
TITLE_MOST = 256
"""GitHub refuses a longer title with 422 ("title is too long (maximum is 256 characters)")."""


class GitHubForge:
    """Implements `core.ports.Forge` on a GitHub server: github.com, or GitHub Enterprise.

    Args:
        repository: `GITHUB_REPOSITORY`, as `OWNER/NAME`.
        token: needs `contents: read`, `issues: write`, `pull-requests: write`, and `checks: write` for checks.
        clock: what waits.
        name: who the token speaks as.
        api_url: `GITHUB_API_URL`.
        server_url: `GITHUB_SERVER_URL`.
        wire: the line, where one with this token is open already.
    """

    def __init__(
        self,
        repository: str,
        token: str,
        *,
        clock: Clock,
        name: str = OUR_NAME,
        api_url: str = API_URL,
        server_url: str = SERVER_URL,
        wire: Wire | None = None,
    ) -> None:
        if not REPOSITORY.fullmatch(repository):
            raise Misconfigured(f"GITHUB_REPOSITORY is {repository!r}; it has to be OWNER/NAME")
        self._wire = wire or Wire(api_url=api_url, token=token, clock=clock)
        self._path = f"/repos/{repository}"
        self._name = name
        self._desk = Desk(wire=self._wire, repository=self._path, name=name)
        self._pulls = Pulls(wire=self._wire, repository=self._path)
        self._checks = Checks(wire=self._wire, repository=self._path)
        self._lines = Lines(wire=self._wire, repository=self._path, name=name)
        self.recent = Recent(wire=self._wire, repository=self._path)
        self._undivided = set[int]()  # pull requests whose description is known to go on in no comment
        self.git_url = f"{server_url.rstrip('/')}/{repository}.git"

    def public(self) -> bool:
        """Return whether anybody may read the repository."""
        return not self._wire.get(self._path, Repo, "look at the repository").private

    # --- threads --------------------------------------------------------------------------------------------------

    def thread(self, number: int) -> Thread:
        issue = self._wire.get(f"{self._path}/issues/{number}", Issue, f"show #{number}")
        return Thread(
            number=issue.number,
            title=issue.title,
            body=issue.body or "",
            by=login(issue.user),
            open=issue.state == "open",
            comments=tuple(one.comment() for one in self._desk.all(number)),
            url=issue.html_url,
            edited_at=issue.updated_at - SETTLED,  # not told; something was changed, at the latest then
        )

    def open_issue(self, *, title: str, body: str, marker: str) -> int:
        """Open an issue of ours, once for each hidden `marker`; return its number."""
        words = {"title": _one_line(title), "body": f"{pieces(body)[0]}\n\n{marker}"}
        path = f"{self._path}/issues"

        def there() -> Issue | None:
            asked = "list the newest issues"
            newest = self._wire.first(path, Issue, asked, state="all", sort="created", direction="desc")
            ours = (one for one in newest if login(one.user).casefold() == self._name.casefold())
            return next((one for one in ours if marker in (one.body or "")), None)

        found = there()
        if found is None:
            found = self._wire.make_once(lambda: self._wire.create(path, words, Issue, "open an issue"), look=there)
        return found.number

    def comment(self, number: int, text: str) -> Comment:
        return self._desk.say(number, text)

    def keep_comment(self, number: int, *, marker: str, text: str) -> Comment:
        return self._desk.keep(number, marker=marker, text=text)

    def react(self, number: int, reaction: Reaction, *, comment: str = "") -> bool:
        what = f"issues/comments/{quote(comment, safe='')}" if comment else f"issues/{number}"
        asked = f"react to #{number} with {reaction.value}"
        told = self._wire.change("POST", f"{self._path}/{what}/reactions", {"content": reaction.value}, asked)
        return told.status == HTTP_CREATED

    def line_comments(self, number: int) -> tuple[LineComment, ...]:
        return self._lines.all(number)

    def reply(self, number: int, conversation: str, text: str, *, marker: str) -> None:
        self._lines.reply(number, conversation, text, marker=marker)

    # --- pull requests --------------------------------------------------------------------------------------------

    def open_pull_request(self, *, title: str, body: str, head: str, base: str) -> PullRequest:
        pull, made = self._pulls.opened(title=_one_line(title), body=pieces(body)[0], head=head, base=base)
        if made:
            self._undivided.add(pull.number)
        if not made or len(pieces(body)) > 1:
            self.describe_pull_request(pull.number, title=title, body=body)
        return self.pull_request(pull.number)

    def describe_pull_request(self, number: int, *, title: str, body: str) -> None:
        first, *rest = pieces(body)
        self._pulls.edit(number, {"title": _one_line(title), "body": first}, f"describe pull request #{number}")
        if rest:
            self._undivided.discard(number)
            self._desk.keep(
                number, marker=CONTINUED, text="".join(piece.removesuffix(GOES_ON) + "\n" for piece in rest)
            )
        elif number not in self._undivided:
            self._desk.drop(number, marker=CONTINUED)
            self._undivided.add(number)

    def ready(self, number: int) -> None:
        self._pulls.ready(number)

    def close_pull_request(self, number: int) -> None:
        self._pulls.edit(number, {"state": "closed"}, f"close pull request #{number}")

    def pull_request(self, number: int) -> PullRequest:
        return self._whole(self._pulls.get(number))

    def standing(self, number: int) -> Standing:
        pull = self._pulls.get(number)
        if pull.state == "open":
            return Standing.OPEN
        return Standing.MERGED if pull.merged_at else Standing.CLOSED

    def open_numbers(self) -> frozenset[int]:
        return frozenset(pull.number for pull in self._pulls.open())

    def with_twins(self, number: int) -> tuple[PullRequest, tuple[int, ...]]:
        """Look at every open pull request: a list by commit leaves out those whose commit is on the default branch."""
        opened = {pull.number: pull for pull in self._pulls.open()}
        pull = opened.get(number) or self._pulls.get(number)
        twins = sorted(one for one, other in opened.items() if one != number and other.head.sha == pull.head.sha)
        return self._whole(pull), tuple(twins)

    def authors(self, pull: PullRequest) -> tuple[str, ...]:
        return authors_of(self._wire, self._path, pull.number, head_sha=pull.head_sha)

    def ask_for_review(self, number: int, people: tuple[str, ...]) -> tuple[str, ...]:
        opener = login(self._pulls.get(number).user).casefold()
        wanted = tuple(person for person in dict.fromkeys(people) if person.casefold() != opener)
        if not wanted:
            return ()
        try:
            self._pulls.ask_for_review(number, wanted)
        except Refused as error:
            if error.status != HTTP_INVALID:
                raise
            return wanted if len(wanted) == 1 else self._ask_each(number, wanted)
        return ()

    def _ask_each(self, number: int, people: tuple[str, ...]) -> tuple[str, ...]:
        """Ask one by one: GitHub refuses all of them for one it cannot ask."""
        return tuple(person for one in people for person in self.ask_for_review(number, (one,)))

    def keep_check(self, check: Check) -> None:
        self._checks.keep(check)

    def _whole(self, pull: Pull) -> PullRequest:
        """Add to a pull request what GitHub tells elsewhere."""
        self._wire.judge_clocks()
        here = pull.head.repo is not None and pull.base.repo is not None and pull.head.repo.id == pull.base.repo.id
        return PullRequest(
            number=pull.number,
            title=pull.title,
            body=pull.body or "",
            by=login(pull.user),
            open=pull.state == "open",
            draft=pull.draft,
            base=pull.base.ref,
            base_sha=pull.base.sha,
            head=pull.head.ref,
            head_sha=pull.head.sha,
            same_repository=here,
            pushed_at=last_push(self._wire, self._path, pull.head.ref, pull.head.sha) if here else None,
            url=pull.html_url,
        )

    def runs(self, run: str) -> bool:
        """Return whether a workflow run still runs; where that cannot be told, it does.

        Needs `actions: read`. A run that is gone (deleted after it ended) runs no more. "agent" is any that was dispatched.
        """
        if run == DISPATCHED:
            path, asked = f"{self._path}/actions/runs", "list the dispatched runs"
            return any(
                one.status != ENDED
                for one in self._wire.get(path, Runs, asked, event="workflow_dispatch").workflow_runs
            )
        try:
            found = self._wire.get(f"{self._path}/actions/runs/{quote(run, safe='')}", Run, f"show run {run}")
        except Refused as error:
            return error.status != HTTP_NOT_FOUND
        return found.status != ENDED

    def dispatch(self, event: str) -> None:
        """Send a `repository_dispatch`; needs `contents: write`. A second one only makes somebody look again."""
        self._wire.change("POST", f"{self._path}/dispatches", {"event_type": event}, f"send {event}")

    def start_workflow(self, file: str, ref: str, inputs: Mapping[str, str]) -> None:
        """Start a workflow by the name of its file; needs `actions: write`. A workflow's own token may do this."""
        path = f"{self._path}/actions/workflows/{quote(file, safe='')}/dispatches"
        self._wire.change("POST", path, {"ref": ref, "inputs": dict(inputs)}, f"start the workflow {file}")

    def switch_on(self, file: str) -> None:
        """Switch a workflow on by the name of its file, also one that GitHub put to sleep; needs `actions: write`."""
        path = f"{self._path}/actions/workflows/{quote(file, safe='')}/enable"
        self._wire.change("PUT", path, None, f"switch the workflow {file} on")

    def switch_off(self, file: str) -> None:
        """Switch a workflow off by the name of its file; needs `actions: write`."""
        path = f"{self._path}/actions/workflows/{quote(file, safe='')}/disable"
        self._wire.change("PUT", path, None, f"switch the workflow {file} off")

    # --- reviews and people ---------------------------------------------------------------------------------------

    def reviews(self, number: int) -> tuple[Review, ...]:
        path, asked = f"{self._path}/pulls/{number}/reviews", f"list the reviews of pull request #{number}"
        given = (one.review(ours=self._name) for one in self._wire.all(path, PullReview, asked))
        return tuple(sorted((one for one in given if one is not None), key=lambda review: review.submitted_at))

    def permission(self, person: str) -> Permission:
        path, asked = permission_path(self._path, person), f"say what {person} may do"
        if not person.strip():
            raise ForgeError("nobody's permission was asked for; a name is missing")
        try:
            return self._wire.get(path, Collaborator, asked).permission
        except Refused as error:
            if error.status != HTTP_NOT_FOUND:
                raise
        self._wire.get(
            self._path, Repo, f"show {self._path}"
        )  # 404 also means that the token may not see the repository
        return Permission.NONE


def _one_line(title: str) -> str:
    return " ".join(title.split())[:TITLE_MOST] or "(no title)"
