"""The staging repository of one launch: a private data set on the Hub, where the job fetches its code and leaves its results.

One repository a launch, so that making it is the claim (the Hub makes a repository once), nothing but this launch ever moves
its head (the job's lock is a commit on top of what was staged), and it can be deleted without a loss to another.

tree.b64          the approved tree, as text while it is small: one request instead of four; else tree.tar.gz
lock.json         written by the job that runs
output/           what the script wrote, checkpoints while it runs
log.txt           everything it printed
result.json       how it ended, with size and digest of each file of the output
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from intern_action.core.errors import HubError, JobError
from intern_action.core.frozen import frozen
from intern_action.jobs._account import HubAccount
from intern_action.jobs._said import CONFLICT, asking, starting, status_of

if TYPE_CHECKING:
    from huggingface_hub import HfApi

ARCHIVE, AS_TEXT = "tree.tar.gz", "tree.b64"
LOCK, RESULT, LOG, OUTPUT = "lock.json", "result.json", "log.txt", "output"
_MOST_AS_TEXT = 3 << 20
_MOST_RESULT, _MOST_LOG = 8 << 20, 256 << 20
_NOT_THERE = 404
_OURS = "intern-staging-"


@frozen
class Staged:
    """An archive on the Hub: the commit, the digest, the name."""

    revision: str
    sha256: str
    name: str

    def __str__(self) -> str:
        return f"{self.revision} {self.sha256} {self.name}"


@frozen
class Standing:
    """What stands there now."""

    head: str
    changed_at: datetime | None
    files: Mapping[str, int]

    @property
    def locked(self) -> bool:
        """Whether a job of this launch runs, or ran."""
        return LOCK in self.files

    @property
    def checkpoint(self) -> bool:
        """Whether another attempt can go on from here."""
        return any(name.startswith(f"{OUTPUT}/checkpoint/") for name in self.files)


class Staging:
    """The staging repository of one launch key."""

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

    def stage(self, archive: str, *, parent: str = "") -> Staged | None:
        """Upload the archive; with `parent` only on top of that commit, None when something else stands there by now."""
        from huggingface_hub import CommitOperationAdd

        name, content, sha256 = packed(archive)
        add = CommitOperationAdd(path_in_repo=name, path_or_fileobj=content)
        note = CommitOperationAdd(path_in_repo="staged.json", path_or_fileobj=json.dumps({"on": parent}).encode())
        try:
            with starting("stage the approved code", self._account):
                done = self._api.create_commit(
                    self.name,
                    [add, note] if parent else [add],
                    commit_message="The approved tree",
                    repo_type="dataset",
                    parent_commit=parent or None,
                )
        except JobError as error:
            if parent and status_of(error) in CONFLICT:
                return None
            raise
        return Staged(revision=done.oid, sha256=sha256, name=name)

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

    def left(self) -> tuple[Standing | None, Mapping[str, object]]:
        """Return what stands there, with what the job says of its end: {} when it said nothing that can be read."""
        standing = self.standing()
        if standing is None:
            return None, {}
        try:
            found: object = json.loads(self.text(RESULT, standing, most=_MOST_RESULT) or "{}")
        except ValueError:
            found = {}
        return standing, cast("dict[str, object]", found) if isinstance(found, dict) else {}

    def log(self, standing: Standing) -> str:
        """Return everything the job printed, "" when it left no log."""
        return self.text(LOG, standing, most=_MOST_LOG)

    def text(self, name: str, standing: Standing, *, most: int) -> str:
        """Return a file as text, "" when it is not there or larger than anybody reads."""
        if not 0 < standing.files.get(name, 0) <= most:
            return ""
        import httpx
        from huggingface_hub.utils import get_session, hf_raise_for_status

        where = f"{self._account.endpoint}/datasets/{self.name}/resolve/{standing.head}/{name}"
        with asking(f"read {name} of a job", self._account):
            answer: httpx.Response = get_session().get(where, headers=self._account.headers)
            hf_raise_for_status(answer)
        return answer.content.decode("utf-8", errors="replace")

    def download(self, standing: Standing, target: Path) -> None:
        """Download the output at exactly this commit; its files come to lie beneath `target/output`."""
        with asking("download what the job made", self._account):
            self._api.snapshot_download(  # pyright: ignore[reportUnknownMemberType]  # its progress bar has no type
                self.name,
                repo_type="dataset",
                revision=standing.head,
                local_dir=target,
                allow_patterns=[f"{OUTPUT}/*"],
            )

    def delete(self) -> None:
        """Delete the repository; no error when it is gone."""
        with asking("delete a staging repository", self._account):
            self._api.delete_repo(self.name, repo_type="dataset", missing_ok=True)


def repository_of(launch_key: str) -> str:
    """Return the name of a launch's repository."""
    return f"{_OURS}{launch_key.removeprefix('intern-')}"


def staged_in(api: HfApi, account: HubAccount) -> tuple[str, ...]:
    """Return the launch keys of all staging repositories, whoever launched them, by one listing."""
    with asking("list staging repositories", account):
        listed = list(api.list_datasets(author=account.staging, search=_OURS))
    names = (one.id.partition("/")[2] for one in listed)
    return tuple(f"intern-{name.removeprefix(_OURS)}" for name in names if name.startswith(_OURS))


def packed(archive: str) -> tuple[str, bytes, str]:
    """Return name, content and digest of what is uploaded for a tar; the digest is of the gzip file."""
    squeezed = gzip.compress(Path(archive).read_bytes(), mtime=0)
    sha256 = hashlib.sha256(squeezed).hexdigest()
    if len(squeezed) <= _MOST_AS_TEXT:
        return AS_TEXT, base64.encodebytes(squeezed), sha256
    return ARCHIVE, squeezed, sha256
