"""The claim of one launch: a private data set on the Hub that is made once, so making it is what nobody else can do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from intern_action.core.errors import HubError, JobError
from intern_action.core.frozen import frozen
from intern_action.launches.account import HubAccount
from intern_action.launches.said import CONFLICT, asking, starting, status_of

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi

LOCK = "lock.json"
"""Written by what runs under the claim, where it has a hand of its own in the repository."""

PREFIX = "intern-staging-"
"""How the repositories of launches are called."""

_NOT_THERE = 404


@frozen
class Standing:
    """What stands in the repository of a launch now."""

    head: str
    changed_at: datetime | None
    files: Mapping[str, int]

    @property
    def locked(self) -> bool:
        """Whether something of this launch runs, or ran."""
        return LOCK in self.files


class Claim:
    """The repository of one launch key. Nothing but this launch ever moves its head."""

    def __init__(self, api: HfApi, account: HubAccount, namespace: str, launch_key: str) -> None:
        self._api = api
        self._account = account
        self.name = f"{namespace}/{repository_of(launch_key)}"

    def make(self) -> bool:
        """Make the repository; False when it is there already, so that somebody else is about to launch, or was."""
        try:
            with starting("make a staging repository", self._account):
                self._api.create_repo(self.name, repo_type="dataset", private=True, exist_ok=False)
        except JobError as error:
            if status_of(error) in CONFLICT:
                return False
            raise
        return True

    def commit(self, files: Mapping[str, bytes], *, parent: str = "", message: str, doing: str) -> str | None:
        """Commit files and return the commit; with `parent` only on top of it, None when something else stands there by now."""
        from huggingface_hub import CommitOperationAdd

        adds: list[CommitOperationAdd] = [
            CommitOperationAdd(path_in_repo=name, path_or_fileobj=content) for name, content in files.items()
        ]
        try:
            with starting(doing, self._account):
                done = self._api.create_commit(
                    self.name, adds, commit_message=message, repo_type="dataset", parent_commit=parent or None
                )
        except JobError as error:
            if parent and status_of(error) in CONFLICT:
                return None
            raise
        return done.oid

    def standing(self) -> Standing | None:
        """Return what stands there, None when there is no such repository."""
        try:
            with asking("look at the staging repository", self._account):
                info = self._api.dataset_info(self.name, files_metadata=True)
        except HubError as error:
            if status_of(error.__cause__) == _NOT_THERE:
                return None
            raise
        files = {one.rfilename: one.size or 0 for one in info.siblings or []}
        return Standing(head=info.sha or "", changed_at=info.last_modified, files=files)

    def delete(self) -> None:
        """Delete the repository; no error when it is gone."""
        with asking("delete a staging repository", self._account):
            self._api.delete_repo(self.name, repo_type="dataset", missing_ok=True)


def repository_of(launch_key: str) -> str:
    """Return the name of a launch's repository."""
    return f"{PREFIX}{launch_key.removeprefix('intern-')}"


def claimed_in(api: HfApi, account: HubAccount) -> tuple[str, ...]:
    """Return the launch keys of all staging repositories, whoever launched them, by one listing."""
    with asking("list staging repositories", account):
        listed = list(api.list_datasets(author=account.staging, search=PREFIX))
    names = (one.id.partition("/")[2] for one in listed)
    return tuple(f"intern-{name.removeprefix(PREFIX)}" for name in names if name.startswith(PREFIX))
