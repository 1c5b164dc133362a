"""Ids are git's own: git itself is the judge."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.hub_server.objects import Entry, blob_id, commit_id, folders

FILES = {
    "a.txt": b"a",
    "a/b.txt": b"not beside a file named a",
    "a.d/c": b"sorts between",
    "deep/er/still": b"x" * 1000,
    "é ü.txt": b"",
}
DATE = "2026-01-02T03:04:05.678Z"


def git(folder: Path, *words: str) -> str:
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in WHO.items()}
    environment = {"PATH": os.environ["PATH"], **who}  # noqa: TID251 -- git has to be found
    done = subprocess.run(["git", *words], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


WHO = {"NAME": "ada", "EMAIL": "ada@users.noreply.example.com", "DATE": "1767323045 +0000"}


def test_blobs_trees_and_commits_have_the_ids_git_gives_them(tmp_path: Path) -> None:
    files = {path: data for path, data in FILES.items() if path != "a.txt"}
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "Words")
    entries = {path: Entry(oid=blob_id(data), size=len(data)) for path, data in files.items()}
    assert folders(entries)[""] == git(tmp_path, "rev-parse", "HEAD^{tree}")
    assert folders(entries)["deep/er"] == git(tmp_path, "rev-parse", "HEAD:deep/er")
    assert commit_id(entries, [], "ada", DATE, "Words") == git(tmp_path, "rev-parse", "HEAD")
