"""The Hugging Face Hub as a `HubWriter`: one folder becomes one commit on top of the revision that was looked at.

huggingface_hub sends the files; large ones that arrived before are not sent again, so an upload that was interrupted goes on
where it stood. Whether a commit of ours is there after all, when its answer was lost, `found` tells by the last line of its
message, also of a pull request where uploads are only proposed. The token is control's writing one, handed in.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Generator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from intern_action.core.errors import HubError, ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Uploaded
from intern_action.hub._names import Kind, NotHere, check_id
from intern_action.hub._said import Asked, said_of_writing
from intern_action.hub._source import Source
from intern_action.hub.client import hub_client
from intern_action.hub.huggingface import ENDPOINT

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, DatasetInfo, HfApi, ModelInfo

ITS_OWN = frozenset({".gitattributes"})
"""What the Hub itself puts into a new repository: one that holds nothing else is new."""

PIECE = 1 << 20


@frozen
class Standing:
    """What stands in a repository now."""

    revision: str
    names: frozenset[str]

    @property
    def new(self) -> bool:
        """Whether it was made and never written."""
        return not self.names


class HuggingFaceWriter:
    """Writes the Hub; control alone holds one.

    Args:
        endpoint: the Hub's address.
        token: a writing token.
        private: whether a repository that is made here is private.
        pull_request: propose the commit as a pull request of the Hub instead of writing the main branch.
    """

    def __init__(
        self, *, token: str, endpoint: str = ENDPOINT, private: bool = True, pull_request: bool = False
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._token = token
        self._private = private
        self._pull_request = pull_request

    def head(self, kind: Kind, repository: str) -> str | None:
        """Return the revision that stands there, None for a repository that is not there or was never written.

        Raises:
            HubError: the Hub cannot be reached, or does not let this token look. ToolFailed: the name cannot be one.
        """
        check_id(repository)
        found = self._standing(self._asked(kind, repository))
        return None if found is None or found.new else found.revision

    def upload(self, kind: Kind, repository: str, folder: str, *, message: str, parent: str | None) -> Uploaded:
        """Upload a folder as one commit on top of `parent`, which then holds the folder's files and no others.

        Raises:
            HubError: something else stands there, the folder has no files or holds links, or the Hub refused.
        """
        check_id(repository)
        asked = self._asked(kind, repository)
        source = Source(folder=Path(folder).resolve(), strict=True)
        _sizes(source)  # a folder that cannot be uploaded makes no repository
        found = self._standing(asked)
        standing = None if found is None or found.new else found.revision
        if standing != parent:
            raise HubError(
                f"{repository} is at {standing or 'nothing'}, not at {parent or 'nothing'}: somebody wrote there meanwhile; "
                "nothing was uploaded"
            )
        return self._commit(asked, source, message, found or self._make(asked))

    # --- looking -----------------------------------------------------------------------------------------------------

    def found(self, kind: Kind, repository: str, *, mark: str) -> Uploaded | None:
        """Return the commit whose message ends with the line `mark`, whatever came after it; None when there is none.

        Where commits are proposed, also one of a pull request of this account, open or not.
        """
        check_id(repository)
        asked = self._asked(kind, repository)
        try:
            revision = self._marked(asked, mark, "main")
            if revision is not None:
                return self._uploaded(asked, revision)
            return self._proposed(asked, mark) if self._pull_request else None
        except NotHere:
            return None

    def _marked(self, asked: Asked, mark: str, reference: str) -> str | None:
        with said_of_writing(asked):
            commits = self._api().list_repo_commits(asked.repository, repo_type=asked.kind, revision=reference)
        ours = (one.commit_id for one in commits if one.message.rstrip().rsplit("\n", 1)[-1] == mark)
        return next(ours, None)

    def _proposed(self, asked: Asked, mark: str) -> Uploaded | None:
        """Look through this account's pull requests, the newest first."""
        with said_of_writing(asked):
            me = str(cast("dict[str, object]", self._api().whoami())["name"])  # pyright: ignore[reportUnknownMemberType]  # a bare dict
            found = self._api().get_repo_discussions(
                asked.repository, repo_type=asked.kind, author=me, discussion_type="pull_request"
            )
            ours = sorted(found, key=lambda one: one.num, reverse=True)
        for one in ours:
            revision = self._marked(asked, mark, f"refs/pr/{one.num}")
            if revision is not None:
                return self._uploaded(asked, revision, one.url)
        return None

    def _standing(self, asked: Asked) -> Standing | None:
        try:
            with said_of_writing(asked):
                info = self._info(asked)
        except NotHere:
            return None
        names = frozenset(one.rfilename for one in info.siblings or [])
        return Standing(revision=info.sha or "", names=names - ITS_OWN)

    def _info(self, asked: Asked) -> ModelInfo | DatasetInfo:
        api = self._api()
        return api.model_info(asked.repository) if asked.kind == "model" else api.dataset_info(asked.repository)

    # --- writing -----------------------------------------------------------------------------------------------------

    def _make(self, asked: Asked) -> Standing:
        """Make the repository."""
        with said_of_writing(asked):
            self._api().create_repo(asked.repository, repo_type=asked.kind, private=self._private, exist_ok=True)
        made = self._standing(asked)
        if made is None:
            raise HubError(f"{asked.repository} was made and is not there; look at {asked.page}, then try again")
        return made

    def _commit(self, asked: Asked, source: Source, message: str, base: Standing) -> Uploaded:
        title, _, rest = message.partition("\n\n")
        removed = _removed(base.names - _sizes(source).keys())
        with _added(source, xet=self._endpoint == ENDPOINT) as added, said_of_writing(asked):
            done = self._api().create_commit(
                asked.repository,
                [*added, *removed],
                commit_message=title,
                commit_description=rest,
                repo_type=asked.kind,
                parent_commit=base.revision,
                create_pr=self._pull_request,
            )
        return self._uploaded(asked, done.oid, done.pr_url or "")

    # --- helpers -----------------------------------------------------------------------------------------------------

    def _asked(self, kind: Kind, repository: str) -> Asked:
        return Asked(kind=kind, repository=repository, endpoint=self._endpoint, with_token=bool(self._token))

    def _uploaded(self, asked: Asked, revision: str, url: str = "") -> Uploaded:
        """Say what was made; with the address of a pull request, it is proposed there."""
        return Uploaded(
            repository=asked.repository,
            revision=revision,
            url=url or f"{asked.page}/tree/{revision}",
            proposed=bool(url),
        )

    def _api(self) -> HfApi:
        return hub_client(self._endpoint, self._token)


def _sizes(source: Source) -> Mapping[str, int]:
    try:
        sizes = source.sizes()
    except ToolFailed as failure:
        raise HubError(str(failure)) from failure
    if not sizes:
        raise HubError(f"{source.folder} holds no files; nothing was uploaded")
    return {name: size for name, size in sizes.items() if name not in ITS_OWN}


@contextlib.contextmanager
def _added(source: Source, *, xet: bool) -> Generator[list[CommitOperationAdd]]:
    """Hand the files to the client: by path where it may use Xet (https://huggingface.co/docs/hub/xet), else opened.

    Opened files go by Git LFS, which every Hub understands; the client would otherwise insist on Xet.
    """
    from huggingface_hub import CommitOperationAdd

    with contextlib.ExitStack() as held:
        yield [
            CommitOperationAdd(
                path_in_repo=name,
                path_or_fileobj=source.folder / name if xet else _opened(source, name, size, held),
            )
            for name, size in sorted(_sizes(source).items())
        ]


def _opened(source: Source, name: str, size: int, held: contextlib.ExitStack) -> BinaryIO:
    """Open a file; a small one is read at once, so that a folder of thousands needs no thousands of descriptors."""
    file = held.enter_context(source.opened(name))
    return file if size > PIECE else io.BytesIO(file.read())


def _removed(names: AbstractSet[str]) -> list[CommitOperationDelete]:
    from huggingface_hub import CommitOperationDelete

    return [CommitOperationDelete(path_in_repo=name) for name in sorted(names)]
