"""A repository with twenty thousand commits behind it, made in seconds."""

from __future__ import annotations

import random

from intern_action.git.run import Git

COMMITS = 20_000
FILES = 400
"""Of 1,200 bytes each, which hardly pack."""


def age(bare: Git, commits: int = COMMITS, files: int = FILES) -> str:
    """Give the repository a long history with many files; return its head."""
    dice = random.Random(1)  # noqa: S311 -- a draw that anyone can repeat, not a secret
    stream: list[bytes] = []
    for number in range(commits):
        stream += [b"commit refs/heads/main\ncommitter A <a@x> %d +0000\ndata 3\nold" % (1_600_000_000 + number)]
        stream += [b"from refs/heads/main^0" if number == 0 else b""]
        for place in range(files) if number == 0 else [dice.randrange(files)]:
            text = dice.randbytes(600).hex().encode()
            stream += [b"M 100644 inline src/%d/%d.py\ndata %d\n%s" % (place % 20, place, len(text), text)]
    bare.run("fast-import", "--quiet", stdin=b"\n".join([one for one in stream if one] + [b""]))
    return bare.run("rev-parse", "refs/heads/main").text


def go_on(bare: Git, number: int) -> None:
    """Somebody pushes one more commit to the default branch."""
    text = f"commit refs/heads/main\ncommitter A <a@x> {1_700_000_000 + number} +0000\ndata 3\nnew\n"
    text += f"from refs/heads/main^0\nM 100644 inline news.md\ndata 2\n{number:02}\n\n"
    bare.run("fast-import", "--quiet", stdin=text.encode())
