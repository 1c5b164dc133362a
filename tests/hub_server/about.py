"""What the Hub says of a repository: sha, siblings, card, tags, and what it reads out of the files themselves."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias, cast

from .card import NotYaml, front_matter
from .content import Content
from .fields import Fields
from .objects import Commit, Entry, pointer
from .refusals import Refused
from .repositories import MAIN, Repositories, Repository

if TYPE_CHECKING:
    from .world import World

Facts: TypeAlias = "dict[str, object]"

_TAGS = {
    "license": "license:",
    "datasets": "dataset:",
    "base_model": "base_model:",
    "language": "",
    "tags": "",
    "library_name": "",
    "pipeline_tag": "",
    "task_categories": "task_categories:",
    "size_categories": "size_categories:",
}
_LONGEST_HEADER = 100_000_000


class About:
    """One repository at one commit, told as the Hub tells it."""

    def __init__(self, world: World, house: Repositories, repository: Repository, commit: Commit) -> None:
        self._world, self._house = world, house
        self.repository, self.commit = repository, commit
        self._content: Content = house.content

    def tell(self, *, blobs: bool = False, security: bool = False) -> Facts:
        """Return everything that an information request answers."""
        told = {**self.brief(), "siblings": self._siblings(blobs=blobs), "cardData": self.card, "disabled": False}
        told |= {"usedStorage": sum(one.size for one in self.commit.files.values())}
        if security:
            told["securityRepoStatus"] = {"scansDone": True, "filesWithIssues": []}
        if self.repository.type == "model":
            told |= self._of_a_model()
        if self.repository.type == "space":
            told |= self._of_a_space()
        return told

    def brief(self) -> Facts:
        """Return what a listing tells."""
        one = self.repository
        told: Facts = {"_id": one.uid, "id": one.id, "author": one.owner, "sha": self.commit.id}
        told |= {"lastModified": self.commit.date, "createdAt": one.created, "private": one.private}
        told |= {"gated": one.gated or False, "likes": 0, "trendingScore": 0, "downloads": 0, "tags": self.tags()}
        if one.type == "model":
            told |= {"modelId": one.id}
            told |= {name: self.card[name] for name in ("pipeline_tag", "library_name") if name in self.card}
        if one.type == "space":
            told |= {"sdk": one.space.get("sdk", "static")}
        return told

    @property
    def card(self) -> Facts:
        """What the README says in front; nothing when that cannot be read."""
        entry = self.commit.files.get("README.md")
        if entry is None:
            return {}
        try:
            return front_matter(self._content.read(entry).decode(errors="replace"))
        except NotYaml:
            return {}

    def tags(self) -> list[str]:
        """Return the tags: those of the card, and those the Hub adds."""
        found: list[str] = []
        for name, prefix in _TAGS.items():
            value = self.card.get(name)
            words = cast("list[object]", value) if isinstance(value, list) else [value]
            found.extend(f"{prefix}{word}" for word in words if isinstance(word, str))
        if any(path.endswith(".safetensors") for path in self.commit.files):
            found.append("safetensors")
        return [*dict.fromkeys(found), "region:us"]

    def _siblings(self, *, blobs: bool) -> list[Facts]:
        return [
            {"rfilename": path, **(_blob(entry) if blobs else {})} for path, entry in sorted(self.commit.files.items())
        ]

    def _of_a_model(self) -> Facts:
        told: Facts = {"spaces": [], "model-index": self.card.get("model-index"), "widgetData": []}
        if config := self._config():
            told["config"] = config
        if parameters := self._parameters():
            told["safetensors"] = {"parameters": parameters, "total": sum(parameters.values())}
        return told

    def _of_a_space(self) -> Facts:
        owner, _, name = self.repository.id.partition("/")
        subdomain = f"{owner}-{name}".lower().replace("_", "-").replace(".", "-")
        return {"subdomain": subdomain, "host": f"https://{subdomain}.hf.space", "models": [], "datasets": []}

    def _config(self) -> Facts:
        entry = self.commit.files.get("config.json")
        if entry is None or entry.sha256:
            return {}
        try:
            config = Fields.parse(self._content.read(entry))
        except Refused:
            return {}
        return {name: config.values[name] for name in ("architectures", "model_type") if name in config}

    def _parameters(self) -> Mapping[str, int]:
        counted: dict[str, int] = {}
        for path, entry in self.commit.files.items():
            if path.endswith(".safetensors") and "/" not in path:
                for kind, count in _tensors(self._content, entry).items():
                    counted[kind] = counted.get(kind, 0) + count
        return counted


def about(world: World, house: Repositories, repository: Repository, revision: str = MAIN) -> About:
    """Return a repository at a revision."""
    return About(world, house, repository, house.revision(repository, revision))


def only(told: Facts, expand: list[str]) -> Facts:
    """Return what was asked for; the ids always."""
    return {name: told[name] for name in told if name in {"_id", "id", *expand}}


def _blob(entry: Entry) -> Facts:
    told: Facts = {"blobId": entry.oid, "size": entry.size}
    if entry.sha256:
        size = len(pointer(entry.sha256, entry.size))
        told["lfs"] = {"sha256": entry.sha256, "size": entry.size, "pointerSize": size}
    return told


def _tensors(content: Content, entry: Entry) -> Mapping[str, int]:
    """Count the parameters of a file of weights by type; one that is none has none."""
    with content.path(entry).open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else _LONGEST_HEADER
        header = file.read(length) if length < _LONGEST_HEADER else b"-"
    counted: dict[str, int] = {}
    try:
        tensors = Fields.parse(header)
        for name in tensors:
            if name != "__metadata__":
                tensor = tensors.fields(name)
                kind = tensor.text("dtype")
                counted[kind] = counted.get(kind, 0) + math.prod(tensor.numbers("shape"))
    except Refused:
        return {}  # it only has the name of such a file
    return counted
