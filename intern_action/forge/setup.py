"""How a repository on GitHub is set up: settings, rules, workflows, people, names of secrets. It only reads.

What each question asks of a token: docs.github.com/rest, "Permissions required for fine-grained personal access tokens";
a token that may not see something is refused with 403, and what is not there, or may not be known to be, with 404.
"""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote

from intern_action.core.errors import ForgeError, Misconfigured
from intern_action.core.frozen import frozen
from intern_action.core.ports import Clock
from intern_action.core.types import Permission
from intern_action.forge._answers import Collaborator, parse
from intern_action.forge._connection import API_URL, REPOSITORY
from intern_action.forge._refusals import HTTP_FORBIDDEN, HTTP_GONE, HTTP_NOT_FOUND, HTTP_UNAUTHORIZED, Refused
from intern_action.forge._setup_answers import (
    ActionsRights,
    BranchRule,
    BranchState,
    ContentFile,
    Environment,
    Protection,
    RepositoryState,
    SecretPage,
    Workflow,
    WorkflowPage,
    WorkflowRights,
    Writer,
)
from intern_action.forge._wire import Wire

__all__ = [
    "ActionsRights",
    "BranchRule",
    "BranchState",
    "Environment",
    "GitHubSetup",
    "NotSeen",
    "Protection",
    "RepositoryState",
    "Seen",
    "TokenUnknown",
    "Workflow",
    "WorkflowRights",
]

T = TypeVar("T")

SCOPES = "x-oauth-scopes"
"""GitHub names a classic token's scopes in this header of every answer, and has none for other tokens.

docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps.
"""


class TokenUnknown(ForgeError):
    """GitHub does not know the token."""


class NotSeen(ForgeError):
    """The token may not see it."""


@frozen
class Seen:
    """The repository, and what kind of token saw it.

    Args:
        scopes: of a classic token; None for a fine-grained one or an App's, whose permissions GitHub does not tell.
    """

    repository: RepositoryState
    scopes: frozenset[str] | None


class GitHubSetup:
    """Asks one repository about its settings.

    Every question may raise:
        TokenUnknown: the token is wrong, expired or revoked.
        NotSeen: it may not see this.
        ForgeError: GitHub could not be asked.

    Args:
        repository: `OWNER/NAME`.
        token: somebody's, or a workflow's own.
        clock: what waits.
        api_url: `GITHUB_API_URL`.
    """

    def __init__(self, repository: str, token: str, *, clock: Clock, api_url: str = API_URL) -> None:
        if not REPOSITORY.fullmatch(repository):
            raise Misconfigured(f"GITHUB_REPOSITORY is {repository!r}; it has to be OWNER/NAME")
        self.name = repository
        self._wire = Wire(api_url=api_url, token=token, clock=clock)
        self._path = f"/repos/{repository}"

    def seen(self) -> Seen:
        """Return the repository as the token sees it. Raises NotSeen also where there is none."""
        asked = f"show {self.name}"
        try:
            answer = self._wire.read(self._path, asked)
        except Refused as error:
            raise _told(error, unseen=(HTTP_FORBIDDEN, HTTP_NOT_FOUND)) from error
        self._wire.judge_clocks()
        said = answer.headers.get(SCOPES)
        scopes = None if said is None else frozenset(filter(None, (one.strip() for one in said.split(","))))
        return Seen(repository=parse(RepositoryState, answer.text, asked), scopes=scopes)

    def refused(self, branch: str) -> tuple[str, ...]:
        """Return the permissions that the token lacks for reading what a session reads, as a workflow names them.

        Args:
            branch: one that is there.
        """
        asked = (
            ("contents", f"/branches/{quote(branch, safe='')}"),
            ("issues", "/issues?per_page=1"),
            ("pull-requests", "/pulls?per_page=1"),
            ("actions", "/actions/workflows?per_page=1"),
        )
        return tuple(name for name, path in asked if not self._may(path, name))

    def _may(self, path: str, name: str) -> bool:
        try:
            self._wire.read(f"{self._path}{path}", f"show {name}")
        except Refused as error:
            if error.status not in {HTTP_FORBIDDEN, HTTP_NOT_FOUND, HTTP_GONE}:
                raise _told(error) from error
            return error.status == HTTP_GONE
        return True

    # --- Actions --------------------------------------------------------------------------------------------------

    def actions(self) -> ActionsRights:
        """Return whether Actions run here, and which."""
        return self._get("/actions/permissions", ActionsRights, "say which actions may run")

    def workflow_rights(self) -> WorkflowRights:
        """Return what workflows may do when they do not say it, and whether they may open pull requests."""
        return self._get("/actions/permissions/workflow", WorkflowRights, "say what workflows may do")

    def workflows(self) -> tuple[Workflow, ...]:
        """Return every workflow GitHub knows, also those switched off."""
        asked = "list the workflows"
        return tuple(one for page in self._parts("/actions/workflows", WorkflowPage, asked) for one in page.workflows)

    def secrets(self) -> frozenset[str]:
        """Return the names of the secrets that workflows here can read: the repository's and its organisation's."""
        asked = "list the names of secrets"
        where = ("/actions/secrets", "/actions/organization-secrets")
        return frozenset(
            one.name for path in where for page in self._parts(path, SecretPage, asked) for one in page.secrets
        )

    def environment_secrets(self, name: str) -> frozenset[str]:
        """Return the names of an environment's own secrets; none where there is no such environment."""
        path, asked = f"/environments/{quote(name, safe='')}/secrets", f"list the names of secrets of {name}"
        try:
            return frozenset(one.name for page in self._parts(path, SecretPage, asked) for one in page.secrets)
        except Refused as error:
            if error.status != HTTP_NOT_FOUND:
                raise
            return frozenset()

    def environment(self, name: str) -> Environment | None:
        """Return an environment, None when there is none."""
        return self._if_there(f"/environments/{quote(name, safe='')}", Environment, f"show the environment {name}")

    # --- branches and files ---------------------------------------------------------------------------------------

    def file(self, path: str, ref: str) -> bytes | None:
        """Return a file of a branch, None when it is not there. Its path is one part of the address, as GitHub describes it."""
        found = self._if_there(f"/contents/{quote(path, safe='')}", ContentFile, f"show {path} of {ref}", ref=ref)
        return None if found is None else found.data

    def rules(self, branch: str) -> tuple[BranchRule, ...]:
        """Return the active rules for a branch of this name, which need not be there. Exceptions for some are not told."""
        path, asked = f"/rules/branches/{quote(branch, safe='')}", f"list the rules for {branch}"
        try:
            return tuple(self._wire.all(f"{self._path}{path}", BranchRule, asked))
        except Refused as error:
            raise _told(error) from error

    def branch(self, name: str) -> BranchState | None:
        """Return a branch, None when it is not there."""
        return self._if_there(f"/branches/{quote(name, safe='')}", BranchState, f"show the branch {name}")

    def protection(self, name: str) -> Protection | None:
        """Return the classic protection of a branch, None when it has none."""
        path = f"/branches/{quote(name, safe='')}/protection"
        return self._if_there(path, Protection, f"show how {name} is protected")

    # --- people ---------------------------------------------------------------------------------------------------

    def writers(self) -> tuple[str, ...]:
        """Return the people who may push; bots and Apps are left out."""
        path, asked = f"{self._path}/collaborators", "list who may write"
        try:
            found = self._wire.all(path, Writer, asked, permission="push")
        except Refused as error:
            raise _told(error, unseen=(HTTP_FORBIDDEN, HTTP_NOT_FOUND)) from error
        return tuple(one.login for one in found if one.type == "User")

    def permission(self, person: str) -> Permission:
        """Return what somebody may do here."""
        path = f"/collaborators/{quote(person, safe='')}/permission"
        found = self._if_there(path, Collaborator, f"say what {person} may do")
        return Permission.NONE if found is None else found.permission

    # --- asking ---------------------------------------------------------------------------------------------------

    def _get(self, path: str, kind: type[T], asked: str, **parameters: object) -> T:
        try:
            return self._wire.get(f"{self._path}{path}", kind, asked, **parameters)
        except Refused as error:
            raise _told(error) from error

    def _if_there(self, path: str, kind: type[T], asked: str, **parameters: object) -> T | None:
        try:
            return self._get(path, kind, asked, **parameters)
        except Refused as error:
            if error.status != HTTP_NOT_FOUND:
                raise
            return None

    def _parts(self, path: str, kind: type[T], asked: str) -> list[T]:
        try:
            return self._wire.parts(f"{self._path}{path}", kind, asked)
        except Refused as error:
            raise _told(error) from error


def _told(error: Refused, *, unseen: tuple[int, ...] = (HTTP_FORBIDDEN,)) -> ForgeError:
    """Return a refusal as what it says of the token; any other as it is."""
    if error.status == HTTP_UNAUTHORIZED:
        return TokenUnknown(str(error))
    return NotSeen(str(error)) if error.status in unseen else error
