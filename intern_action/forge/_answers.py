"""What GitHub answers, as far as we read it: the fields and types of its OpenAPI description, checked at the door."""

from __future__ import annotations

from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from intern_action.core.errors import ForgeError
from intern_action.core.types import Comment, LineComment, Permission, Review, Verdict

GHOST = "ghost"
"""Who GitHub says wrote what somebody wrote whose account is gone."""

T = TypeVar("T")


class Recorded(BaseModel):
    """Something GitHub tells; what we do not name of it is let be."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)  # of thirty, a run reads five


class User(Recorded):
    """`simple-user`; commits have an empty object where GitHub knows nobody."""

    login: str = GHOST
    type: str = ""


class Issue(Recorded):
    """`issue`: also what a pull request is besides its commits."""

    number: int
    title: str
    body: str | None = None
    user: User | None = None
    state: str
    html_url: str
    updated_at: AwareDatetime


class IssueComment(Recorded):
    """`issue-comment`."""

    id: int
    body: str | None = None
    user: User | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    html_url: str

    def comment(self) -> Comment:
        """Return it in our words."""
        edited = self.updated_at if self.updated_at > self.created_at else None
        return Comment(id=str(self.id), by=login(self.user), text=self.body or "", at=self.created_at, edited_at=edited)


class PullComment(Recorded):
    """`pull-request-review-comment`."""

    id: int
    body: str | None = None
    user: User | None = None
    created_at: AwareDatetime
    path: str
    line: int | None = None
    original_line: int | None = None
    commit_id: str
    original_commit_id: str
    in_reply_to_id: int | None = None

    def comment(self) -> LineComment:
        """Return it in our words."""
        return LineComment(
            id=str(self.id),
            by=login(self.user),
            text=self.body or "",
            at=self.created_at,
            conversation=str(self.in_reply_to_id or self.id),
            path=self.path,
            line=self.line or self.original_line or 0,
            commit=self.original_commit_id,
            machine=self.user is not None and self.user.type == "Bot",
        )


class Run(Recorded):
    """`workflow-run`."""

    status: str | None = None


class Runs(Recorded):
    """A page of workflow runs."""

    workflow_runs: tuple[Run, ...]


class Repo(Recorded):
    """`repository`."""

    id: int
    private: bool


class End(Recorded):
    """One end of a pull request. The repository is None when its fork was deleted."""

    ref: str
    sha: str
    repo: Repo | None = None


class Pull(Recorded):
    """`pull-request`, and `pull-request-simple`."""

    number: int
    node_id: str
    title: str
    body: str | None = None
    user: User | None = None
    state: str
    draft: bool = False
    base: End
    head: End
    html_url: str
    merged_at: AwareDatetime | None = None


class PullReview(Recorded):
    """`pull-request-review`. One that was not submitted yet has no time."""

    id: int
    user: User | None = None
    body: str | None = None
    state: str
    commit_id: str | None = None
    submitted_at: AwareDatetime | None = None

    def review(self, *, ours: str) -> Review | None:
        """Return it in our words, None for one that was not submitted.

        Args:
            ours: our own name; what we say is nobody's review.

        Raises:
            ForgeError: a state that GitHub does not describe.
        """
        if self.state.upper() == "PENDING" or self.submitted_at is None:
            return None
        try:
            verdict = Verdict(self.state.lower())
        except ValueError as error:
            raise ForgeError(
                f"review {self.id} is {self.state!r}, which we do not know; update intern-action"
            ) from error
        who = login(self.user)
        return Review(
            id=str(self.id),
            by=who,
            verdict=verdict,
            body=self.body or "",
            commit_sha=self.commit_id or "",
            submitted_at=self.submitted_at,
            by_a_person=self.user is not None and self.user.type == "User" and who.casefold() != ours.casefold(),
        )


class Collaborator(Recorded):
    """`repository-collaborator-permission`: of the old four words, in which *maintain* is `write` and *triage* is `read`."""

    permission: Permission


class Move(Recorded):
    """`activity`: a branch was moved."""

    ref: str
    after: str
    timestamp: AwareDatetime


class Signature(Recorded):
    """`git-user`: what a commit itself says of its author."""

    name: str = ""
    email: str = ""


class GitCommit(Recorded):
    """The commit inside a `commit`."""

    author: Signature | None = None


class PullCommit(Recorded):
    """`commit`. The author is None when the e-mail belongs to no account."""

    sha: str
    author: User | None = None
    commit: GitCommit


class CheckRun(Recorded):
    """`check-run`."""

    id: int
    name: str
    external_id: str | None = None


class CheckRuns(Recorded):
    """A page of check runs."""

    check_runs: tuple[CheckRun, ...]


class Complaint(Recorded):
    """`basic-error`, `validation-error` and `validation-error-simple`: errors are words, or objects with words."""

    message: str = ""
    errors: tuple[object, ...] | str = ()


class Anything(Recorded):
    """An answer of which nothing is read."""


def login(user: User | None) -> str:
    """Return an account's name."""
    return user.login if user else GHOST


def parse(kind: type[T], text: str, asked: str) -> T:
    """Return an answer as what it should be.

    Raises:
        ForgeError: it is something else, or was cut; `asked` says what for.
    """
    try:
        return TypeAdapter(kind).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "as a whole"
        raise ForgeError(
            f"GitHub was asked to {asked} and its answer cannot be read (`{where}`: {first['msg']}); nothing was decided on it. "
            "Run again; if it stays so, the server at GITHUB_API_URL is not GitHub, or newer than we know"
        ) from error
