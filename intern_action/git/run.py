"""One git process: scrubbed environment, no hooks, no filters, no prompts; fails with git's own words."""

from __future__ import annotations

import fcntl
import re
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path

from intern_action.core.errors import Misconfigured, NotAllowed, OutsideError
from intern_action.core.frozen import frozen

CONFIG: Mapping[str, str] = {
    "safe.directory": "*",  # who owns a repository is decided by who hands us its path, not by git
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.symlinks": "true",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "core.autocrlf": "false",
    "core.quotePath": "false",
    "core.bigFileThreshold": "8m",  # larger blobs are streamed: a small bundle cannot make us hold gigabytes
    "core.commitGraph": "false",
    "credential.helper": "",
    "commit.gpgSign": "false",
    "push.gpgSign": "false",
    "push.followTags": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",  # a pack comes whole or not at all; loose objects of a full disk would look like a fetched commit
    "gc.auto": "0",
    "maintenance.auto": "false",
    "receive.autogc": "false",
    "init.defaultBranch": "main",
    "protocol.allow": "never",  # `ext::` runs commands
    "protocol.file.allow": "always",
    "protocol.https.allow": "always",
    "protocol.http.allow": "always",
    "protocol.ssh.allow": "always",
    "uploadpack.allowAnySHA1InWant": "true",
}
ATTRIBUTES = "* -text -eol -filter -ident -working-tree-encoding !diff !merge -export-subst -export-ignore\n"
"""`info/attributes` outranks every `.gitattributes` of a tree: bytes go in and out as they are, in archives too."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin"
RACE = re.compile(
    r"fetch first|non-fast-forward|Not updating|stale info|cannot lock ref|failed to update ref|already exists|"
    r"incorrect old value"
)
"""What git says when somebody else moved the ref first."""

ADVICE = (
    (
        re.compile(r"could not read (Username|Password)|Authentication failed|invalid credentials", re.IGNORECASE),
        "the remote does not accept the token: it is wrong, has expired or was revoked; give a new one as GITHUB_TOKEN",
    ),
    (
        re.compile(r"returned error: 403|Permission to \S+ denied"),
        "the token may not do this: in a workflow it takes `contents: write` under `permissions:`, and whose it is write access",
    ),
    (
        re.compile(r"[Rr]epository \S* ?not found"),
        "there is no such repository, or the token may not see it",
    ),
)
"""What a person can do about what git says of a remote."""

SECRET_IN_URL = re.compile(r"//[^/@\s]+@")


class GitFailed(OutsideError):
    """Git could not do it; the message ends with git's words."""


class LostRace(GitFailed):
    """Somebody else moved the ref first. Read again, then decide again."""


@frozen
class Identity:
    """Who commits."""

    name: str = "intern-action[bot]"
    email: str = "intern-action[bot]@users.noreply.github.com"

    def stamp(self, at: datetime) -> dict[str, str]:
        """Return the environment that makes a commit of this identity at this time (aware), whatever the machine says."""
        date = f"@{int(at.timestamp())} +0000"
        roles = ("AUTHOR", "COMMITTER")
        return {
            f"GIT_{role}_{key}": value
            for role in roles
            for key, value in (("NAME", self.name), ("EMAIL", self.email), ("DATE", date))
        }


OURS = Identity()


@frozen
class Done:
    """How a git process ended."""

    code: int
    out: bytes
    words: str

    @property
    def text(self) -> str:
        """Return the output as text without the last line end; odd bytes survive as surrogates."""
        return self.out.decode("utf-8", "surrogateescape").rstrip("\n")


@frozen
class Git:
    """Runs git on one git directory.

    Args:
        git_dir: the directory; "" for calls that belong to none (`ls-remote`).
        config: further settings, for this command alone. They travel in the environment, so a token in them is not on
            the command line for others to read.
        environment: what the remote's transport needs besides (a proxy, an ssh agent); handed down, never read here.
        timeout_seconds: after it the process is killed.
    """

    git_dir: str = ""
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    timeout_seconds: float = 600.0

    def env(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the whole environment of a call; nothing is inherited."""
        ours = Path(self.git_dir) / "intern.gitconfig"
        settings = {**CONFIG, **self.config}
        env = {
            "PATH": PATH,
            "HOME": "/nonexistent",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            **self.environment,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(ours) if self.git_dir and ours.exists() else "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "/bin/false",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_ADVICE": "0",
            "GIT_CONFIG_COUNT": str(len(settings)),
        }
        for number, (key, value) in enumerate(settings.items()):
            env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        if self.git_dir:
            env["GIT_DIR"] = self.git_dir
        return env | dict(extra or {})

    def ask(
        self,
        *args: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        memory_bytes: int | None = None,
    ) -> Done:
        """Run git and return how it ended, whatever the exit code.

        Args:
            args: the command and its arguments.
            stdin: what it reads.
            env: added to the environment.
            cwd: where it runs; its git directory unless said.
            memory_bytes: address space it may have (Linux), for work on what a stranger made.

        Raises:
            GitFailed: it ran past the time limit.
            Misconfigured: there is no git on this machine.
        """
        process = self.start(*args, env=env, cwd=cwd)
        with process:
            if memory_bytes is not None and sys.platform == "linux":
                resource.prlimit(process.pid, resource.RLIMIT_AS, (memory_bytes, memory_bytes))
            try:
                out, words = process.communicate(stdin, timeout=self.timeout_seconds)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise GitFailed(f"git {args[0]} took longer than {self.timeout_seconds:.0f} s and was ended") from error
        return Done(code=process.returncode, out=out, words=advised(clean(words)))

    def start(
        self, *args: str, env: Mapping[str, str] | None = None, cwd: str | None = None
    ) -> subprocess.Popen[bytes]:
        """Start git with pipes to it; whoever asks ends it."""
        try:
            return subprocess.Popen(
                ["git", *args],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.env(env),
                cwd=cwd or (self.git_dir or "/"),
                umask=0o022,
            )
        except FileNotFoundError as error:
            raise Misconfigured(f"git cannot be run here ({error}); install git 2.30 or newer") from error

    def read(self, *args: str, most_bytes: int, env: Mapping[str, str] | None = None) -> bytes:
        """Run git and return what it says, if that is not endless: a tree of a few objects can list a billion names.

        Raises:
            NotAllowed: more than `most_bytes` came.
            GitFailed: it did not exit with 0.
        """
        parts: list[bytes] = []
        with self.start(*args, env=env) as process:
            if process.stdin is None or process.stdout is None or process.stderr is None:
                raise GitFailed(f"git {args[0]} has no pipes")
            process.stdin.close()
            while part := process.stdout.read(1 << 20):
                parts.append(part)
                if len(parts) << 20 > most_bytes + (1 << 20):
                    process.kill()
                    raise NotAllowed(
                        f"git {args[0]} lists more than {most_bytes:,} bytes of names; nobody can review that"
                    )
            words = process.stderr.read()
        if process.returncode:
            raise GitFailed(f"git {args[0]} failed: {clean(words)}")
        return b"".join(parts)

    def run(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, cwd: str | None = None) -> Done:
        """Run git; GitFailed with git's words when it does not exit with 0."""
        done = self.ask(*args, stdin=stdin, env=env, cwd=cwd)
        if done.code:
            raise GitFailed(f"git {args[0]} failed: {done.words or f'exit code {done.code}'}")
        return done

    def has(self, commit: str) -> bool:
        """Whether this object directory has the commit."""
        return not self.ask("cat-file", "-e", f"{commit}^{{commit}}").code


def advised(words: str) -> str:
    """Return git's words, and what to do about them where that is known."""
    return "; ".join([words, *(advice for said, advice in ADVICE if said.search(words))])


def clean(words: bytes) -> str:
    """Return git's words in one line, without what stands before an `@` in URLs."""
    text = words.decode("utf-8", "backslashreplace")
    return SECRET_IN_URL.sub("//***@", "; ".join(line.strip() for line in text.splitlines() if line.strip()))


def make_git_dir(git_dir: str) -> None:
    """Make a bare git directory of ours (mode 0700), or take over the one that is there.

    Its `intern.gitconfig` stands in for the global configuration, because settings in the environment do not reach the
    other end of a local fetch or push; its `info/attributes` outranks what a tree says of itself.

    Raises:
        Misconfigured: the folder cannot be written.
    """
    folder = Path(git_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        with (folder / "making.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # several processes may begin at once
            if not (folder / "HEAD").exists():
                init(folder)
            (folder / "info").mkdir(exist_ok=True)
            put(folder / "info" / "attributes", ATTRIBUTES)
            put(folder / "intern.gitconfig", as_config_file(CONFIG))
    except OSError as error:
        raise Misconfigured(
            f"{git_dir} cannot be used as a git directory ({error.strerror}); name a folder we may write"
        ) from error


def borrow(git_dir: str, lender: str) -> None:
    """Let a git directory of ours read the objects of a bare repository on this machine, instead of having copies of them."""
    put(Path(git_dir) / "objects" / "info" / "alternates", f"{Path(lender).absolute() / 'objects'}\n")


def init(folder: Path) -> None:
    """Write what `git init --bare` writes, without the process (gitrepository-layout(5)).

    `HEAD` comes last: it says that the rest is there.
    """
    for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    put(folder / "config", "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n")
    put(folder / "HEAD", "ref: refs/heads/main\n")


def put(file: Path, text: str) -> None:
    """Give a file this text, at once; one that has it is left alone, another process may be reading it."""
    if file.exists() and file.read_text() == text:
        return
    new = file.with_name(f".{file.name}.new")
    new.write_text(text)
    new.replace(file)


def as_config_file(settings: Mapping[str, str]) -> str:
    """Return settings in git's own file format; `a.b.c` is the key `c` of the section `[a "b"]`."""
    lines: list[str] = []
    for name, value in settings.items():
        section, *middle, key = name.split(".")
        title = f'{section} "{middle[0]}"' if middle else section
        lines.append(f'[{title}]\n\t{key} = "{value}"\n')
    return "".join(lines)
