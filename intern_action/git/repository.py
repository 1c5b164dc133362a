"""A bare repository on this machine: the remote of the local world, made from somebody's own repository."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.core.ports import Push
from intern_action.git.objects import object_id
from intern_action.git.remote import branch_ref
from intern_action.git.run import Git, GitFailed, as_config_file, put

LOGGED = re.compile(r"[0-9a-f]{40} ([0-9a-f]{40}) .*> (\d+) [+-]\d{4}(?:\t.*)?")
KEPT = {
    "core.logAllRefUpdates": "always",  # who moved what when; `LocalForge` reads it
    "gc.reflogExpire": "never",
    "gc.reflogExpireUnreachable": "never",
    "receive.autogc": "false",
    "receive.fsckObjects": "true",
}
KEPT_LINES = as_config_file(KEPT)
ORIGIN = re.compile(r'^\[remote "origin"\]\n(?:[ \t].*\n)*', re.MULTILINE)


@frozen
class BareRepository:
    """Implements `core.ports.Commits`."""

    path: str

    @classmethod
    def make(cls, source: str, target: str) -> BareRepository:
        """Clone a repository with all its branches and tags; what is checked out there becomes the default branch.

        Nothing of `source` is shared or changed, and the copy knows no way back to it.

        Raises:
            Misconfigured: the target is there already, or cannot be written.
            GitFailed: the source cannot be read.
        """
        place = Path(target).absolute()
        if place.exists():
            raise Misconfigured(f"{place} is there already; name a folder that is not")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(
                f"{place.parent} cannot be made ({error.strerror}); name a folder we may write"
            ) from error
        origin = str(Path(source).absolute()) if Path(source).exists() else source
        Git().run("clone", "--quiet", "--bare", "--no-hardlinks", "--template=", "--", origin, str(place))
        config = place / "config"
        put(config, ORIGIN.sub("", config.read_text("utf-8")) + KEPT_LINES)
        return cls(path=str(place))

    @classmethod
    def open(cls, path: str) -> BareRepository:
        """Return the bare repository at `path`, set up so that no push is forgotten.

        Raises:
            Misconfigured: there is none.
        """
        place = Path(path).absolute()
        made = cls(path=str(place))
        if _is_ours(place):
            return made
        if Git(git_dir=str(place)).ask("rev-parse", "--is-bare-repository", cwd="/").text != "true":
            raise Misconfigured(
                f"{place} is not a bare git repository; make one: git clone --bare YOUR-REPOSITORY {place}"
            )
        for key, value in KEPT.items():
            Git(git_dir=made.path).run("config", "--local", key, value)
        return made

    @property
    def _git(self) -> Git:
        return Git(git_dir=self.path)

    def default_branch(self) -> str:
        """Return the branch HEAD names."""
        return self._git.run("symbolic-ref", "--short", "HEAD").text

    def head(self, branch: str) -> str | None:
        done = self._git.ask("rev-parse", "--verify", "--quiet", f"{branch_ref(branch)}^{{commit}}")
        return None if done.code else done.text

    def authors(self, base: str, head_sha: str) -> tuple[tuple[str, str], ...]:
        found: dict[tuple[str, str], None] = {}
        listed = self._git.run("log", "-z", "--format=%an%n%ae", f"{object_id(base)}..{object_id(head_sha)}")
        for pair in listed.text.split("\0"):
            name, _, email = pair.partition("\n")
            if pair:
                found[name, email] = None
        return tuple(found)

    def pushes(self, branch: str) -> tuple[Push, ...]:
        log = Path(self.path, "logs", branch_ref(branch))
        try:
            lines = log.read_text("utf-8", "surrogateescape").splitlines()
        except FileNotFoundError:
            return ()
        return tuple(self._parse(branch, line) for line in lines)

    def _parse(self, branch: str, line: str) -> Push:
        found = LOGGED.fullmatch(line)
        if found is None:
            raise GitFailed(f"the log of {branch} in {self.path} has a line that cannot be read: {line[:200]!r}")
        return Push(sha=found[1], at=datetime.fromtimestamp(int(found[2]), UTC))


def _is_ours(place: Path) -> bool:
    """Whether `make` made it: then it is bare, and no process has to say so."""
    try:
        return (place / "config").read_text("utf-8").endswith(KEPT_LINES) and (place / "HEAD").is_file()
    except (OSError, UnicodeDecodeError):
        return False
