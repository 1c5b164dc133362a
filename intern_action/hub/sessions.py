"""Where the traces of all sessions are kept on the Hub: one private data set, a file a session, and a page that lists them.

    sessions/session_<id>.jsonl     the trace, as Claude Code writes its own
    index.json                      what the page is made of
    README.md                       the page

Each time is one commit on top of what was looked at; whoever loses the race looks again. It is never made public, and one that
somebody has made public gets nothing more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

from intern_action.core.errors import HubError
from intern_action.core.frozen import frozen
from intern_action.core.ports import Clock
from intern_action.hub._names import NotHere
from intern_action.hub._said import Asked, said_of_writing
from intern_action.hub.client import hub_client

if TYPE_CHECKING:
    from huggingface_hub import DatasetInfo, HfApi

INDEX, PAGE = "index.json", "README.md"
TRIES = 4
FIRST_WAIT_SECONDS = 0.5


@frozen
class SessionRow:
    """One session on the page. Times are ISO 8601, money is in dollars."""

    session: str
    task: str
    requester: str
    model: str
    state: str
    began: str
    usd: str
    pull_request: str = ""


Page = Callable[[Sequence[SessionRow]], str]
"""The words of the page: newest session first."""


class SessionShelf:
    """Keeps traces; control alone holds one.

    Args:
        repository: `owner/name` of the data set; `{user}` is whoever the token belongs to.
        token: a writing token.
    """

    def __init__(self, *, endpoint: str, token: str, repository: str, page: Page, clock: Clock) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._token = token
        self._name = repository
        self._page = page
        self._clock = clock

    def keep(self, row: SessionRow, trace: Path) -> str:
        """Upload a trace and renew the page; return the trace's address. The same again makes no further commit.

        Raises:
            HubError: it could not be done, also not when tried again; the words say why.
        """
        for number in range(1, TRIES):
            try:
                return self._keep(row, trace)
            except HubError:
                self._clock.wait(FIRST_WAIT_SECONDS * 2**number)
        return self._keep(row, trace)

    def drop(self, session: str) -> str:
        """Take a session's trace and its row away, and what earlier commits still hold of them; return the data set's address.

        The data set's history is squashed to one commit for that: a deleted file stays readable in the commits before it.
        "" when there is no such data set.

        Raises:
            HubError: it could not be done, and can be asked for again.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        api, asked = self._api(), self._asked()
        try:
            with said_of_writing(asked):
                info = api.dataset_info(asked.repository)
        except NotHere:
            return ""
        rows = self._rows(info, asked)
        name = _file_of(session)
        there = any(one.rfilename == name for one in info.siblings or [])
        left = self._pages({key: row for key, row in rows.items() if key != session})
        changes = [
            *([CommitOperationDelete(path_in_repo=name)] if there else []),
            *(CommitOperationAdd(path_in_repo=path, path_or_fileobj=data) for path, data in left.items()),
        ]
        with said_of_writing(asked):
            if there or session in rows:
                api.create_commit(
                    asked.repository,
                    changes,
                    commit_message="A session was forgotten",
                    repo_type="dataset",
                    parent_commit=info.sha,
                )
            # also when the file was gone already: an earlier try may have failed here
            api.super_squash_history(asked.repository, repo_type="dataset", commit_message="Sessions")
        return asked.page

    def _keep(self, row: SessionRow, trace: Path) -> str:
        from huggingface_hub import CommitOperationAdd

        api, asked = self._api(), self._asked()
        head, rows = self._standing(asked)
        name = _file_of(row.session)
        files = {name: trace.read_bytes(), **self._pages({**rows, row.session: row})}
        with said_of_writing(asked):
            api.create_commit(
                asked.repository,
                [CommitOperationAdd(path_in_repo=path, path_or_fileobj=data) for path, data in files.items()],
                commit_message=f"Session {row.session}: {row.state}",
                repo_type="dataset",
                parent_commit=head,
            )
        return f"{asked.page}/blob/main/{name}"

    def _standing(self, asked: Asked) -> tuple[str, Mapping[str, SessionRow]]:
        """Return the newest commit and the rows of the page; make the data set the first time."""
        api = self._api()
        try:
            with said_of_writing(asked):
                info = api.dataset_info(asked.repository)
        except NotHere:
            with said_of_writing(asked):
                api.create_repo(asked.repository, repo_type="dataset", private=True, exist_ok=True)
                info = api.dataset_info(asked.repository)
        if not info.private:
            raise HubError(
                f"{asked.repository} is public, and traces are not; make it private at {asked.page}/settings"
            )
        return info.sha or "", self._rows(info, asked)

    def _rows(self, info: DatasetInfo, asked: Asked) -> Mapping[str, SessionRow]:
        if not any(one.rfilename == INDEX for one in info.siblings or []):
            return {}
        with said_of_writing(asked):
            index = self._api().hf_hub_download(  # pyright: ignore[reportUnknownMemberType]  # its progress bar has no type
                asked.repository, INDEX, repo_type="dataset", revision=info.sha
            )
        return _rows(Path(index).read_text("utf-8"))

    def _pages(self, rows: Mapping[str, SessionRow]) -> Mapping[str, bytes]:
        """Return the index and the page of these sessions."""
        newest_first = sorted(rows.values(), key=lambda one: one.began, reverse=True)
        return {
            INDEX: json.dumps({key: asdict(one) for key, one in sorted(rows.items())}, indent=1).encode(),
            PAGE: self._page(newest_first).encode(),
        }

    def _asked(self) -> Asked:
        from intern_action.hub.tokens import of_user  # it reads answers with pydantic, which takes its time

        repository = of_user(self._name, self._endpoint, self._token)
        return Asked(kind="dataset", repository=repository, endpoint=self._endpoint, with_token=True)

    def _api(self) -> HfApi:
        return hub_client(self._endpoint, self._token)


def _file_of(session: str) -> str:
    return f"sessions/session_{session}.jsonl"


def _rows(index: str) -> Mapping[str, SessionRow]:
    """Read the index; one that somebody broke is begun anew, for every row in it comes again with its session."""
    try:
        found = cast("dict[str, dict[str, str]]", json.loads(index))
        return {session: SessionRow(**row) for session, row in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
