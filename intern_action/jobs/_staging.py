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
from pathlib import Path
from typing import cast

from intern_action.core.frozen import frozen
from intern_action.launches.claim import Claim, Standing
from intern_action.launches.said import asking

ARCHIVE, AS_TEXT = "tree.tar.gz", "tree.b64"
RESULT, LOG, OUTPUT = "result.json", "log.txt", "output"
_MOST_AS_TEXT = 3 << 20
_MOST_RESULT, _MOST_LOG = 8 << 20, 256 << 20


@frozen
class Staged:
    """An archive on the Hub: the commit, the digest, the name."""

    revision: str
    sha256: str
    name: str

    def __str__(self) -> str:
        return f"{self.revision} {self.sha256} {self.name}"


class Staging(Claim):
    """The staging repository of one launch key."""

    def stage(self, archive: str, *, parent: str = "") -> Staged | None:
        """Upload the archive; with `parent` only on top of that commit, None when something else stands there by now."""
        name, content, sha256 = packed(archive)
        note = {"staged.json": json.dumps({"on": parent}).encode()} if parent else {}
        revision = self.commit(
            {name: content, **note}, parent=parent, message="The approved tree", doing="stage the approved code"
        )
        return None if revision is None else Staged(revision=revision, sha256=sha256, name=name)

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


def has_checkpoint(standing: Standing | None) -> bool:
    """Whether another attempt can go on from here."""
    return standing is not None and any(name.startswith(f"{OUTPUT}/checkpoint/") for name in standing.files)


def packed(archive: str) -> tuple[str, bytes, str]:
    """Return name, content and digest of what is uploaded for a tar; the digest is of the gzip file."""
    squeezed = gzip.compress(Path(archive).read_bytes(), mtime=0)
    sha256 = hashlib.sha256(squeezed).hexdigest()
    if len(squeezed) <= _MOST_AS_TEXT:
        return AS_TEXT, base64.encodebytes(squeezed), sha256
    return ARCHIVE, squeezed, sha256
