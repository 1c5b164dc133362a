"""Journals on the Hub: a file each in a private data set, for repositories whose refs anybody may read.

    journals/<session>.jsonl

A save is one commit on top of what was looked at; what is compared and swapped is the file alone, so sessions that are saved at
the same moment do not stand in each other's way.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from intern_action.core.errors import HubError, LedgerError
from intern_action.core.frozen import frozen
from intern_action.core.ports import Clock
from intern_action.hub._names import NotHere
from intern_action.hub._said import Asked, said_of_writing
from intern_action.hub.client import hub_client

if TYPE_CHECKING:
    import httpx
    from huggingface_hub import DatasetInfo, HfApi
    from huggingface_hub.hf_api import RepoFile, RepoFolder

MARK = "hub:"
"""What heads of journals begin with that lie there."""

TRIES = 6
FIRST_WAIT_SECONDS = 0.5
_CONFLICTS = frozenset({409, 412})


@frozen
class HubJournals:
    """Implements `core.ports.JournalHome`.

    Args:
        endpoint: the Hub's address.
        token: control's writing one; one that reads is enough for `load`.
        name: `owner/name` of the data set; `{user}` is the owner of the token. It is made private, and a public one gets nothing.
    """

    endpoint: str
    token: str
    name: str
    clock: Clock

    @property
    def repository(self) -> str:
        """The data set's name. Raises HubError where the Hub does not say whose token it is."""
        from intern_action.hub.tokens import of_user  # it reads answers with pydantic, which takes its time

        return of_user(self.name, self.endpoint, self.token)

    def save(self, session: str, lines: bytes, *, expected_head: str, at: datetime) -> str:
        """Store a whole journal; return its new head.

        Raises:
            LedgerError: somebody else saved meanwhile.
            HubError: it could not be stored.
        """
        del at  # the Hub dates its commits itself
        for number in range(1, TRIES + 1):
            info = self._standing()
            there = self._file(session, info)
            if _is(there, _head(lines)):
                return _head(lines)  # stored by a save whose answer was lost
            if not _is(there, expected_head):
                raise LedgerError(
                    f"the journal of {session} in {self.repository} was changed by somebody else meanwhile"
                )
            if self._commit(session, lines, parent=info.sha or ""):
                return _head(lines)
            self.clock.wait(FIRST_WAIT_SECONDS * 2**number)
        raise HubError(f"{self.repository} is written by others all the time; the journal of {session} is not stored")

    def load(self, session: str) -> tuple[str, bytes] | None:
        """Return (head, lines), None for a session that is not there.

        Raises:
            HubError: the Hub cannot be asked.
        """
        try:
            with said_of_writing(self._asked):
                info = self._api.dataset_info(self.repository)
        except NotHere:
            return None
        if self._file(session, info) is None:
            return None
        lines = self._read(session, info.sha or "")
        return _head(lines), lines

    def drop(self, session: str) -> bool:
        """Take a journal away, and what earlier commits hold of it: the history is squashed to one commit for that."""
        from huggingface_hub import CommitOperationDelete

        try:
            with said_of_writing(self._asked):
                info = self._api.dataset_info(self.repository)
        except NotHere:
            return False
        there = self._file(session, info) is not None
        with said_of_writing(self._asked):
            if there:
                self._api.create_commit(
                    self.repository,
                    [CommitOperationDelete(path_in_repo=_place(session))],
                    commit_message="A session was forgotten",
                    repo_type="dataset",
                    parent_commit=info.sha,
                )
                self._api.super_squash_history(self.repository, repo_type="dataset", commit_message="Sessions")
        return there

    # --- the data set ------------------------------------------------------------------------------------------------

    @property
    def _api(self) -> HfApi:
        return hub_client(self.endpoint, self.token)

    @property
    def _asked(self) -> Asked:
        return Asked(kind="dataset", repository=self.repository, endpoint=self.endpoint, with_token=True)

    def _standing(self) -> DatasetInfo:
        """Return the data set as it is, made the first time."""
        try:
            with said_of_writing(self._asked):
                info = self._api.dataset_info(self.repository)
        except NotHere:
            with said_of_writing(self._asked):
                self._api.create_repo(self.repository, repo_type="dataset", private=True, exist_ok=True)
                info = self._api.dataset_info(self.repository)
        if not info.private:
            raise HubError(
                f"{self.repository} is public, and journals are not; make it private at {self._asked.page}/settings"
            )
        return info

    def _file(self, session: str, info: DatasetInfo) -> RepoFile | RepoFolder | None:
        with said_of_writing(self._asked):
            found = self._api.get_paths_info(self.repository, [_place(session)], revision=info.sha, repo_type="dataset")
        return found[0] if found else None

    def _commit(self, session: str, lines: bytes, *, parent: str) -> bool:
        """Commit the file; return False where somebody else committed something meanwhile."""
        from huggingface_hub import CommitOperationAdd
        from huggingface_hub.errors import HfHubHTTPError

        with said_of_writing(self._asked):
            try:
                self._api.create_commit(
                    self.repository,
                    [CommitOperationAdd(path_in_repo=_place(session), path_or_fileobj=lines)],
                    commit_message=f"Journal of {session}",
                    repo_type="dataset",
                    parent_commit=parent,
                )
            except HfHubHTTPError as error:
                if error.response.status_code not in _CONFLICTS:
                    raise
                return False
        return True

    def _read(self, session: str, revision: str) -> bytes:
        """Read the file into memory: no cache of this machine keeps it."""
        from huggingface_hub.utils import get_session, hf_raise_for_status

        where = f"{self._asked.page}/resolve/{revision}/{_place(session)}"
        with said_of_writing(self._asked):
            answer: httpx.Response = get_session().get(where, headers={"Authorization": f"Bearer {self.token}"})
            hf_raise_for_status(answer)
        return answer.content


def _place(session: str) -> str:
    return f"journals/{session}.jsonl"


def _head(lines: bytes) -> str:
    """Return what stands for a content: as git names it, and as Git LFS does; the Hub tells one of the two."""
    blob = hashlib.sha1(b"blob %d\0" % len(lines) + lines, usedforsecurity=False).hexdigest()
    return f"{MARK}{blob}:{hashlib.sha256(lines).hexdigest()}"


def _is(there: RepoFile | RepoFolder | None, head: str) -> bool:
    if there is None or not head:
        return there is None and not head
    _, blob, sha256 = head.split(":")
    lfs = getattr(there, "lfs", None)
    return lfs.sha256 == sha256 if lfs else getattr(there, "blob_id", "") == blob
