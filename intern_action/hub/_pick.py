"""Several readers as one: a folder of this machine, then the local hub, then Hugging Face."""

from __future__ import annotations

from intern_action.core.errors import Bug, HubError
from intern_action.core.ports import HubReader, HubSnapshot
from intern_action.hub._names import Kind, NotHere
from intern_action.hub.folders import Folders


class LayeredHub:
    """A `HubReader` that asks one after the other; all of them fill the same cache.

    Args:
        folders: what a path means; a name that is one is asked of nobody else.
        readers: hubs, the nearest first; one that does not know a name passes it on, one that refuses it has the last word.
    """

    def __init__(self, folders: Folders, readers: tuple[HubReader, ...]) -> None:
        if {reader.cache for reader in readers} - {folders.cache}:
            raise Bug("the readers of a layered hub share one cache")
        self._folders = folders
        self._readers = readers

    @property
    def cache(self) -> str:
        """The folder to name as HF_HUB_CACHE."""
        return self._folders.cache

    def fetch(self, kind: Kind, repository: str, revision: str = "") -> HubSnapshot:
        """Return the first snapshot that somebody has.

        Raises:
            ToolFailed: nobody has it; the message has everybody's words. HubError: nobody could be asked.
        """
        if self._folders.knows(repository) or not self._readers:
            return self._folders.fetch(kind, repository, revision)
        answers: list[NotHere | HubError] = []
        for reader in self._readers:
            try:
                return reader.fetch(kind, repository, revision)
            except (NotHere, HubError) as error:
                answers.append(error)
        words = "; ".join(str(answer) for answer in answers)
        if all(isinstance(answer, HubError) for answer in answers):
            raise HubError(words)
        raise NotHere(words)
