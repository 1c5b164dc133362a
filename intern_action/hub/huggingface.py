"""The Hugging Face Hub as a `HubReader`: huggingface_hub fetches, we choose what, and say what went wrong.

The token is the narrow reading one, handed in; a login that lies about on this machine is never used. huggingface_hub takes
a quarter of a second to import, so it is imported at the first fetch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import HubSnapshot
from intern_action.hub._cache import Cache, check_room, list_files, listed_files, tell
from intern_action.hub._card import licence_of, read_card
from intern_action.hub._contents import chosen, refuse_remote_code
from intern_action.hub._names import Kind, check_id, check_revision, near
from intern_action.hub._said import Asked, said
from intern_action.hub.client import hub_client

if TYPE_CHECKING:
    from huggingface_hub import DatasetInfo, HfApi, ModelInfo

ENDPOINT = "https://huggingface.co"
MOST_BYTES = 60 * 10**9
_MOST_OF_AN_OWNER, _MOST_FOUND = 200, 20


class HuggingFace:
    """Reads the Hub into the shared cache.

    Args:
        cache: the shared cache, as HF_HUB_CACHE.
        endpoint: the Hub's address.
        token: a reading token, "" to read what is public.
        most_bytes: the largest repository that is fetched, counted after choosing.
    """

    def __init__(self, cache: str, *, endpoint: str = ENDPOINT, token: str = "", most_bytes: int = MOST_BYTES) -> None:
        self._cache = Cache(cache)
        self._endpoint = endpoint.rstrip("/")
        self._token = token
        self._most_bytes = most_bytes

    @property
    def cache(self) -> str:
        """The folder to name as HF_HUB_CACHE."""
        return str(self._cache.root)

    def fetch(self, kind: Kind, repository: str, revision: str = "") -> HubSnapshot:
        """Return the snapshot of a revision, of the newest one when none is given.

        Raises:
            ToolFailed: not there (near misses are named), gated, too big, only pickles, or it needs code of its own.
            HubError: the Hub cannot be reached, is out of order, or does not accept the token.
        """
        check_id(repository)
        check_revision(revision)
        asked = Asked(
            kind=kind,
            repository=repository,
            revision=revision,
            endpoint=self._endpoint,
            with_token=bool(self._token),
            near=self.near,
        )
        api = self._api()
        with said(asked):
            info = self._info(api, asked)
            sha = info.sha or ""
            sizes = {one.rfilename: one.size or 0 for one in info.siblings or []}
            names = chosen(kind, repository, sizes)
            self._refuse_big(asked, sum(sizes[name] for name in names))
            self._refuse_code(api, asked, sha, names)
            path = self._download(api, asked, sha, names)
        card, licence = read_card(path)
        named = licence_of(_card_data(info)) or licence
        gated = bool(info.gated)
        return HubSnapshot(id=info.id, kind=kind, revision=sha, path=str(path), licence=named, gated=gated, card=card)

    def near(self, kind: Kind, repository: str) -> tuple[str, ...]:
        """Return names on the Hub that come near one; none when the Hub does not say."""
        owner, _, word = repository.rpartition("/")
        api = self._api()
        listed = api.list_models if kind == "model" else api.list_datasets
        with said(Asked(kind=kind, repository=repository, endpoint=self._endpoint)):
            found = [one.id for one in listed(author=owner, limit=_MOST_OF_AN_OWNER)] if owner else []
            found += [one.id for one in listed(search=word, limit=_MOST_FOUND)]
        return near(repository, found)

    def _api(self) -> HfApi:
        return hub_client(self._endpoint, self._token)

    def _info(self, api: HfApi, asked: Asked) -> ModelInfo | DatasetInfo:
        if asked.kind == "model":
            return api.model_info(asked.repository, revision=asked.revision or None, files_metadata=True)
        return api.dataset_info(asked.repository, revision=asked.revision or None, files_metadata=True)

    def _refuse_big(self, asked: Asked, size_bytes: int) -> None:
        if size_bytes > self._most_bytes:
            raise ToolFailed(
                f"{asked.repository} has {size_bytes / 1e9:.1f} GB to fetch, and the most is {self._most_bytes / 1e9:.0f} GB; "
                "choose a smaller one"
            )
        check_room(self._cache.root, size_bytes)

    def _refuse_code(self, api: HfApi, asked: Asked, sha: str, names: Sequence[str]) -> None:
        """Look at the configuration before gigabytes are fetched."""
        if asked.kind == "model" and "config.json" in names:
            config = api.hf_hub_download(  # pyright: ignore[reportUnknownMemberType]  # its progress bar has no type
                asked.repository, "config.json", revision=sha, cache_dir=self.cache
            )
            refuse_remote_code(asked.repository, Path(config).read_text("utf-8", errors="replace"))

    def _download(self, api: HfApi, asked: Asked, sha: str, names: Sequence[str]) -> Path:
        path = api.snapshot_download(  # pyright: ignore[reportUnknownMemberType]  # the same
            asked.repository,
            repo_type=asked.kind,
            revision=sha,
            cache_dir=self.cache,
            allow_patterns=[_literally(name) for name in names],
        )
        place = self._cache.place(asked.kind, asked.repository)
        if asked.revision != sha:
            tell(
                place, asked.revision or "main", sha
            )  # asked by commit, the client does not remember what the branch was
        # offline, a snapshot that lacks a listed file counts as broken: list what was chosen
        listed = listed_files(place, sha)
        list_files(place, sha, {name: listed[name] for name in names if name in listed})
        return Path(path)


def _card_data(info: ModelInfo | DatasetInfo) -> Mapping[str, object]:
    data = info.card_data
    return cast("Mapping[str, object]", data.to_dict()) if data is not None else {}


def _literally(name: str) -> str:
    """Return the pattern that matches this name alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
