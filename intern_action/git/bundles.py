"""Git bundles between the halves: written with one ref, read by hand, imported behind a wall.

Git 2.39 does not check the objects of a bundle, whatever `fetch.fsckObjects` says, so the header is read here and the pack
goes through `git index-pack --strict` into a quarantine that only opens when everything in it was judged.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from intern_action.core.errors import NotAllowed
from intern_action.core.frozen import frozen
from intern_action.git.objects import COMMIT
from intern_action.git.run import Git, GitFailed

REF = "refs/intern/bundle"
SIGNATURES = {b"# v2 git bundle\n", b"# v3 git bundle\n"}
HEADER_LINES = 64
LINE_BYTES = 1_000
MEMORY_BYTES = 2 << 30
"""A delta of a kilobyte can describe a file of gigabytes; git would make it in memory."""
OBJECT_LINE = re.compile(r"([0-9a-f]{40}) (\S+) (\d+)")


def write_bundle(git: Git, target: str, *, commit: str, base_sha: str) -> None:
    """Write what `commit` needs beyond `base_sha`; for the base itself, a bundle without objects."""
    if commit == base_sha:
        empty = b"PACK" + (2).to_bytes(4, "big") + bytes(4)
        digest = hashlib.sha1(empty, usedforsecurity=False).digest()
        header = f"# v2 git bundle\n-{base_sha} base\n{commit} {REF}\n\n".encode()
        Path(target).write_bytes(header + empty + digest)
        return
    git.run("update-ref", REF, commit)
    git.run("bundle", "create", "--quiet", "--version=2", str(Path(target).absolute()), REF, f"^{base_sha}")


def open_pack(file: IO[bytes], *, commit: str, base_sha: str) -> None:
    """Read a bundle's header, up to its pack.

    Raises:
        NotAllowed: it is not a bundle, or carries another ref or commit, or builds on something else than the base.
    """
    if file.readline(LINE_BYTES) not in SIGNATURES:
        raise NotAllowed("what the agent half handed over is not a git bundle")
    for _ in range(HEADER_LINES):
        line = file.readline(LINE_BYTES)
        if line == b"\n":
            return
        _judge_line(line.decode("utf-8", "backslashreplace").rstrip("\n"), commit=commit, base_sha=base_sha)
    raise NotAllowed("the bundle names more refs than the one it may carry")


def _judge_line(line: str, *, commit: str, base_sha: str) -> None:
    if line == "@object-format=sha1":
        return
    if line.startswith("-"):
        if line[1:41] != base_sha:
            raise NotAllowed(f"the bundle builds on {line[1:41]!r}, not on the commit the session started from")
        return
    oid, _, ref = line.partition(" ")
    if not COMMIT.fullmatch(oid) or ref != REF:
        raise NotAllowed(f"the bundle carries {line[:200]!r}; it may carry {REF} and nothing else")
    if oid != commit:
        raise NotAllowed(f"the bundle carries the commit {oid}, its words say {commit}")


@frozen
class Quarantine:
    """Objects that are not ours yet. `env` shows them to a git call, on top of ours."""

    folder: str
    env: Mapping[str, str]


@contextmanager
def quarantine(git: Git) -> Generator[Quarantine]:
    """Open a quarantine; whatever is not released is gone at the end."""
    with tempfile.TemporaryDirectory(dir=git.git_dir, prefix="quarantine-") as folder:
        Path(folder, "pack").mkdir()
        yield Quarantine(
            folder=folder,
            env={
                "GIT_OBJECT_DIRECTORY": folder,
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(Path(git.git_dir, "objects")),
            },
        )


def unpack(git: Git, file: IO[bytes], into: Quarantine, *, most_bytes: int) -> None:
    """Index a pack into the quarantine with git's own object checks.

    Raises:
        NotAllowed: an object is broken, forbidden or missing, or the pack is too large.
    """
    pack = file.read(most_bytes + 1)
    if len(pack) > most_bytes:
        raise NotAllowed(f"the bundle is larger than {most_bytes:,} bytes")
    if pack[8:12] == bytes(4):
        return  # no objects: index-pack calls that an error
    careful = replace(git, config={**git.config, "core.packedGitWindowSize": "32m", "core.packedGitLimit": "256m"})
    args = ("index-pack", "--stdin", "--fix-thin", "--strict", "--threads=1")
    done = careful.ask(*args, stdin=pack, env=into.env, memory_bytes=MEMORY_BYTES)
    if done.code:
        raise NotAllowed(f"git does not accept the bundle's objects: {done.words or f'exit code {done.code}'}")


def release(git: Git, held: Quarantine) -> None:
    """Make the quarantined objects ours: packs before their indexes, so that nobody sees an index without its pack."""
    target = Path(git.git_dir, "objects", "pack")
    target.mkdir(parents=True, exist_ok=True)
    for suffix in (".pack", ".rev", ".idx"):
        for file in Path(held.folder, "pack").glob(f"*{suffix}"):
            shutil.move(file, target / file.name)


def judge_commits(git: Git, held: Quarantine, *, commit: str, base_sha: str, most_bytes: int) -> None:
    """Refuse commits that do not build on the base alone, and any object that is too large, in the newest tree or before.

    Raises:
        NotAllowed: with the commit or object it is about.
    """
    kind = git.ask("cat-file", "-t", commit, env=held.env)
    if kind.code or kind.text != "commit":
        raise NotAllowed(f"the bundle does not hold the commit {commit}")
    roots = git.run("rev-list", "--boundary", "--parents", f"{base_sha}..{commit}", env=held.env).text.splitlines()
    if git.ask("merge-base", "--is-ancestor", base_sha, commit, env=held.env).code:
        raise NotAllowed(f"the commit {commit} does not build on {base_sha}, the one the session started from")
    for line in roots:
        own, *parents = line.split()
        if not own.startswith("-") and len(parents) != 1:
            raise NotAllowed(f"the commit {own} has {len(parents)} parents; snapshots have one")
    listed = git.run("rev-list", "--objects", "--no-object-names", f"{base_sha}..{commit}", env=held.env).out
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
    for line in git.run("cat-file", form, stdin=listed, env=held.env).text.splitlines():
        facts = OBJECT_LINE.fullmatch(line)
        if facts is None:
            raise GitFailed(f"git lists an object it cannot read: {line[:200]!r}")
        if int(facts[3]) > most_bytes:
            raise NotAllowed(f"the bundle holds a {facts[2]} of {int(facts[3]):,} bytes; {most_bytes:,} are allowed")
