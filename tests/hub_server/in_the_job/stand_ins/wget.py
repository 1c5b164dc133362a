"""Stands in for `wget` as far as a job's first step uses it: `wget -q -O FILE URL`."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen


def main() -> int:
    """Fetch one address into one file."""
    words = [word for word in sys.argv[1:] if word != "-q"]
    if len(words) != 3 or words[0] != "-O" or not words[2].startswith(("http://", "https://")):
        print("wget: only `wget -q -O FILE URL` is known here", file=sys.stderr)
        return 2
    try:
        with urlopen(words[2], timeout=60) as answer:  # noqa: S310 -- the schemes were looked at
            Path(words[1]).write_bytes(answer.read())
    except HTTPError as problem:
        print(f"wget: server returned error: HTTP/1.1 {problem.code} {problem.reason}", file=sys.stderr)
        return 8
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
