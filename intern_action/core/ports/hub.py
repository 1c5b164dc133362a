"""Models and data sets, read and written."""

from __future__ import annotations

from typing import Literal, Protocol

from intern_action.core.frozen import frozen


@frozen
class HubSnapshot:
    """A repository of the Hub at one revision, as files on this machine that the tool user can read."""

    id: str
    kind: Literal["model", "dataset"]
    revision: str
    path: str
    licence: str = ""
    gated: bool = False
    card: str = ""


class HubReader(Protocol):
    """Reads the Hub (or a folder in its layout) into a shared, read-only cache.

    The cache has huggingface_hub's own layout.
    """

    @property
    def cache(self) -> str:
        """The folder to name as HF_HUB_CACHE."""
        ...

    def fetch(self, kind: Literal["model", "dataset"], repository: str, revision: str = "") -> HubSnapshot:
        """Return the snapshot; no remote code, no pickles.

        Raises:
            ToolFailed: not there, gated, too big; the message says what to change and names near misses.
        """
        ...


@frozen
class Uploaded:
    """What an upload made. `proposed`: as a pull request of the Hub, which is still to be merged there."""

    repository: str
    revision: str
    url: str
    proposed: bool = False


class HubWriter(Protocol):
    """Writes the Hub; control alone holds one."""

    def head(self, kind: Literal["model", "dataset"], repository: str) -> str | None:
        """Return the revision that stands there, None for a new repository."""
        ...

    def found(self, kind: Literal["model", "dataset"], repository: str, *, mark: str) -> Uploaded | None:
        """Return the upload whose message ends with the line `mark`, whatever came after it, also one that was only proposed.

        None when there is none.

        Raises:
            HubError: it cannot be told.
        """
        ...

    def upload(
        self, kind: Literal["model", "dataset"], repository: str, folder: str, *, message: str, parent: str | None
    ) -> Uploaded:
        """Upload a folder as one commit on top of `parent`, or propose it; HubError when something else stands there."""
        ...
