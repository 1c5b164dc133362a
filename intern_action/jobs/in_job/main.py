"""What happens in a job: fetch what was approved, check it, be the only one, run it, bring the results home.

`argv` holds one JSON object, the order (`_body.order_of` writes it). The environment adds where it was staged:
INTERN_STAGED is "revision sha256 name" of the archive, HF_JOB_TOKEN the token of this job.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib.metadata
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from intern_action.core.errors import JobError
from intern_action.jobs._archive import tree_id, unpack
from intern_action.jobs.in_job.hub import Repository, Taken, plain_files, sha256_of
from intern_action.jobs.in_job.script import Script, say
from intern_action.jobs.in_job.words import ARCHIVE, LOCKED, PACKAGES, UPLOAD, Ending

_OTHER = "another start of this job runs already; this one ends without doing anything"
_OURS = ("HF_JOB_TOKEN", "INTERN_STAGED", "INTERN_RESUME")


class Job:
    """One run of this program.

    Args:
        order: what was asked for.
        environment: what the image and control gave.
    """

    def __init__(self, order: Mapping[str, object], environment: Mapping[str, str]) -> None:
        self.began = time.monotonic()
        self.order = order
        self.environment = environment
        self.endpoint = environment.get("HF_ENDPOINT", "https://huggingface.co")
        self.token = environment.get("HF_JOB_TOKEN", "")
        self.repository = Repository(self.endpoint, self._text("repository"), self.token)
        self.here = Path(tempfile.mkdtemp(prefix="intern-"))
        self.tree = self.here / "tree"
        self.output = self.here / self._text("output")
        self.log = self.here / "log.txt"
        self._seen: dict[str, float] = {}

    def run(self) -> int:
        """Do all of it; return the exit code of the script."""
        staged, sha256, name = self.environment["INTERN_STAGED"].split()
        self.fetch(staged, sha256, name)
        self.lock(staged)
        try:
            self.install()
            self.take_up()
            argv = self.argv()
        except Ending as ending:
            self.deliver(ending.code, [str(ending)])
            raise
        return self.train(argv)

    # --- before ------------------------------------------------------------------------------------------------------

    def fetch(self, staged: str, sha256: str, name: str) -> None:
        """Download the approved tree, and look at every bit of it before anything else is done."""
        packed = self.repository.read(name, staged)
        if packed is None:
            raise Ending(ARCHIVE, f"{self.repository.name} has no {name} at {staged}")
        packed = base64.b64decode(packed) if name.endswith(".b64") else packed
        if hashlib.sha256(packed).hexdigest() != sha256:
            raise Ending(ARCHIVE, "the archive is not the one that was staged; nothing was run")
        archive = self.here / "tree.tar"
        archive.write_bytes(gzip.decompress(packed))
        wanted = self._text("tree")
        try:
            unpack(str(archive), self.tree)
            found = tree_id(self.tree, like=wanted)
        except JobError as error:
            raise Ending(ARCHIVE, str(error)) from error
        if found != wanted:
            raise Ending(ARCHIVE, f"the archive holds tree {found}, not the approved {wanted}; nothing was run")

    def lock(self, staged: str) -> None:
        """Be the one start of this job that may go on: the first to write on top of what was staged."""
        if self.repository.read("lock.json", staged) is not None:
            raise Ending(LOCKED, _OTHER)  # it was staged again on top of a job that ran already
        mark = {"nonce": secrets.token_hex(16), "job": self.environment.get("JOB_ID", "")}
        line = json.dumps(mark).encode()
        try:
            self.repository.commit({"lock.json": line}, "This job runs", parent=staged)
        except (Taken, OSError) as error:
            # an answer that was lost may have been a yes
            if self.repository.read("lock.json", "main") != line:
                raise Ending(LOCKED, _OTHER) from error

    def install(self) -> None:
        """Install the pinned packages that are not there, each word as it was approved."""
        lacking = [pin for pin in self._words("dependencies") if not _is_there(pin)]
        if not lacking:
            return
        argv = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--", *lacking]
        ended = subprocess.run(argv, check=False, env=self._without_token(), stdin=subprocess.DEVNULL)
        if ended.returncode:
            raise Ending(PACKAGES, f"pip could not install {', '.join(lacking)} (exit code {ended.returncode})")

    def take_up(self) -> None:
        """Put the checkpoint of an earlier attempt where the script looks for it."""
        self.output.mkdir(parents=True, exist_ok=True)
        name, _, revision = self.environment.get("INTERN_RESUME", "").partition(" ")
        if not revision:
            return
        earlier = Repository(self.endpoint, name, self.token)
        for path in earlier.files("output/checkpoint", revision):
            inside = Path(path).relative_to("output")
            if ".." not in inside.parts:
                place = self.output / inside
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(earlier.read(path, revision) or b"")

    # --- the script --------------------------------------------------------------------------------------------------

    def train(self, argv: Sequence[str]) -> int:
        """Run the script and bring home what it made, whatever its end."""
        script = Script(argv, cwd=self.tree, environment=self._environment(), log=self.log)
        code = script.wait(
            until=self.began + self._number("stop_after_seconds"),
            every=self._number("checkpoint_seconds"),
            meanwhile=self.save,
        )
        self.deliver(code, script.last, timed_out=script.timed_out, stopped=script.stopped)
        return code

    def argv(self) -> list[str]:
        """Return the command line: no shell, one process for each accelerator."""
        script = self._script()
        rest = [*self._words("flags"), f"--output-dir={self.output}"]
        processes = int(self._number("processes"))
        if processes == 1:
            return [sys.executable, script, *rest]
        launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
        return [sys.executable, *launcher, script, *rest]

    def _script(self) -> str:
        path = self.tree / self._text("script")
        if not path.is_file() or not path.resolve().is_relative_to(self.tree.resolve()):
            raise Ending(ARCHIVE, f"{self._text('script')} is not a file of the approved commit")
        return str(path)

    def _environment(self) -> dict[str, str]:
        return {**self._without_token(), "HF_TOKEN": self.token, "PYTHONDONTWRITEBYTECODE": "1"}

    def _without_token(self) -> dict[str, str]:
        kept = {name: value for name, value in self.environment.items() if name not in _OURS}
        return {**kept, "PYTHONUNBUFFERED": "1"}

    # --- after -------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Bring a new checkpoint to the Hub. One that cannot be brought is brought later; the training goes on."""
        found = {str(path): path.stat().st_mtime for path in plain_files(self.output / "checkpoint")}
        if not found or found == self._seen:
            return
        try:
            self.repository.commit({self._there(Path(path)): Path(path) for path in found}, "Checkpoint")
            self._seen = found
        except OSError as error:
            say(f"the checkpoint could not be saved on the Hub: {error}")

    def deliver(self, code: int, last: Sequence[str], *, timed_out: bool = False, stopped: bool = False) -> None:
        """Commit the output, the log and what became of it."""
        files = plain_files(self.output)
        listing = {self._there(path): {"size": path.stat().st_size, "sha256": sha256_of(path)} for path in files}
        result = {
            "exit_code": code,
            "timed_out": timed_out,
            "stopped": stopped,
            "seconds": round(time.monotonic() - self.began, 1),
            "last_lines": list(last)[-60:],
            "files": listing,
        }
        content: dict[str, bytes | Path] = {self._there(path): path for path in files}
        if self.log.exists():
            content["log.txt"] = self.log
        content["result.json"] = json.dumps(result).encode()
        try:
            self.repository.commit(content, f"Ended with exit code {code}")
        except OSError as error:
            raise Ending(UPLOAD, f"the results could not be brought to the Hub: {error}") from error

    def _there(self, path: Path) -> str:
        return f"output/{path.relative_to(self.output).as_posix()}"

    def _text(self, name: str) -> str:
        return str(self.order[name])

    def _number(self, name: str) -> float:
        return float(cast("float", self.order[name]))

    def _words(self, name: str) -> list[str]:
        return [str(word) for word in cast("list[object]", self.order[name])]


def _is_there(pin: str) -> bool:
    """Whether a package is installed in the pinned version; `2.13.0` is met by the build `2.13.0+cpu`."""
    name, _, version = pin.partition("==")
    try:
        found = importlib.metadata.version(name.partition("[")[0])
    except importlib.metadata.PackageNotFoundError:
        return False
    return version in {found, found.partition("+")[0]}


def main(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the order on the command line."""
    try:
        return Job(cast("dict[str, object]", json.loads(argv[0])), environment).run()
    except Ending as ending:
        say(f"intern-action: {ending}")
        return ending.code
    except OSError as error:
        say(f"intern-action: the Hub or the disk failed: {error}")
        return UPLOAD
