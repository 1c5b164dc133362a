"""Real repositories for tests: somebody's own one, the bare remote, a clock that stands still until told."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from intern_action.git.checkout import WorkTree
from intern_action.git.publisher import GitPublisher
from intern_action.git.repository import BareRepository
from intern_action.git.run import Git, Identity

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADA = Identity(name="Ada", email="ada@example.com")
GRACE = Identity(name="Grace", email="grace@example.com")
FILES: Mapping[str, str] = {
    "README.md": "# mails\n",
    "src/train.py": "print('train')\n",
    ".gitignore": "*.log\nbuild/\n",
}


class StillClock:
    """A clock that moves when somebody waits, or says so."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._began = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._began).total_seconds()

    def wait(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitWorld:
    """A team's repository with one commit on `main`, its bare remote, and room for our own git directories."""

    folder: Path
    repository: Path
    bare: BareRepository
    clock: StillClock
    base: str
    far: bool = False
    """Whether the bare repository is spoken to as one of another machine."""

    @property
    def url(self) -> str:
        """Return how our own git directories name the bare repository."""
        return f"file://{self.bare.path}" if self.far else self.bare.path

    def work_tree(self, name: str = "work") -> WorkTree:
        """Return a checkout of the base commit."""
        return WorkTree.make(
            str(self.folder / f"{name}.git"),
            str(self.folder / name / "tree"),
            source=self.bare.path,
            base_sha=self.base,
            clock=self.clock,
        )

    def publisher(self, name: str = "control") -> GitPublisher:
        """Return control's git for the bare remote."""
        return GitPublisher.at(str(self.folder / f"{name}.git"), self.url, clock=self.clock)

    def git(self, *args: str) -> str:
        """Ask the bare repository."""
        return Git(git_dir=self.bare.path).run(*args).text

    def ask(self, *args: str, env: Mapping[str, str]) -> str:
        """Ask the bare repository, with more in the environment."""
        return Git(git_dir=self.bare.path).run(*args, env=env).text

    def push(
        self, branch: str, files: Mapping[str, str | None], *, by: Identity = GRACE, at: datetime | None = None
    ) -> str:
        """Somebody pushes one more commit to a branch (made from main if new); None removes a file. Returns its head."""
        clone = self.folder / f"clone-{os.urandom(4).hex()}"
        stamp = by.stamp(at or self.clock.now())
        Git().run("clone", "--quiet", self.bare.path, str(clone))
        start = f"origin/{branch}" if self.bare.head(branch) else "origin/HEAD"
        Git().run("checkout", "--quiet", "-B", branch, start, cwd=str(clone))
        change(clone, files)
        Git().run("add", "--all", "--force", cwd=str(clone))
        Git().run("commit", "--quiet", "--allow-empty", "-m", "by hand", env=stamp, cwd=str(clone))
        Git().run("push", "--quiet", "origin", branch, env=stamp, cwd=str(clone))
        return Git().run("rev-parse", "HEAD", cwd=str(clone)).text


def change(folder: Path, files: Mapping[str, str | None]) -> None:
    """Write files; None removes one."""
    for name, text in files.items():
        place = folder / name
        if text is None:
            place.unlink()
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def make_repository(folder: Path, files: Mapping[str, str] = FILES) -> str:
    """Make somebody's repository with one commit on `main`; return the commit."""
    folder.mkdir(parents=True)
    Git().run("init", "--quiet", "--initial-branch=main", cwd=str(folder))
    change(folder, files)
    Git().run("add", "--all", "--force", cwd=str(folder))
    Git().run("commit", "--quiet", "-m", "first", env=ADA.stamp(NOON), cwd=str(folder))
    return Git().run("rev-parse", "HEAD", cwd=str(folder)).text


def make_world(folder: Path, files: Mapping[str, str] = FILES) -> GitWorld:
    """Make a repository and its bare remote."""
    base = make_repository(folder / "team", files)
    bare = BareRepository.make(str(folder / "team"), str(folder / "remote.git"))
    return GitWorld(folder=folder, repository=folder / "team", bare=bare, clock=StillClock(), base=base)


def copy_world(world: GitWorld, folder: Path) -> GitWorld:
    """Return a copy of a world in an empty folder; copying is quicker than making."""
    shutil.copytree(world.folder, folder, dirs_exist_ok=True, symlinks=True)
    bare = BareRepository(path=str(folder / "remote.git"))
    return GitWorld(folder=folder, repository=folder / "team", bare=bare, clock=StillClock(), base=world.base)
