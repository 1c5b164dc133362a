"""Faults of a provider at the command line: what passes ends in work that is done, what stays never in exit code 0."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fakes.git_world import make_repository
from tests.fakes.model_server import Ask, Cut, Drop, Fail, ModelServer, Raw, Say, Seen, Step

STEPS = 3


def works(number: int) -> Say:
    """Return the answer in which the model does one step of its work."""
    return Say(text="On.", calls=(Ask(name="bash", arguments={"command": f"echo {number} >> done.txt"}),))


class Faulty:
    """A model that does three steps of work and says so; before one of them its provider plays its faults."""

    def __init__(self, at: int, faults: Sequence[Step]) -> None:
        self._at = at
        self._faults = list(faults)

    def __call__(self, seen: Seen) -> Step:
        """Answer one request."""
        did = str(seen.messages).count("echo ")
        if did == self._at and self._faults:
            return self._faults.pop(0)
        return works(did + 1) if did < STEPS else Say(text="All three are done.")


PASSES: dict[str, Sequence[Step]] = {
    "a rate limit": [Fail(status=429, headers={"Retry-After": "0"})],
    "a cut stream": [Cut(say=Say(text="All three are done."), politely=True)],
    "a reset connection": [Drop()],
    "an empty answer": [Say(text="")],
    "arguments cut off": [Say(calls=(Ask(name="bash", arguments='{"command": "echo'),))],
    "half an answer at its limit": [Say(text="All three are", finish="length")],
}
STAYS: dict[str, Sequence[Step]] = {
    "a wrong key": [Fail(status=401, words="invalid key")],
    "a bad request": [Fail(status=400, words="max_tokens: 1500 is not supported")],
    "a server that is gone": [Fail(status=500)] * 20,
    "always empty": [Say(text="")] * 20,
    "always nonsense": [Raw(body=b"data: nonsense\n\n")] * 20,
    "always cut at the limit": [Say(text="I will now", finish="length")] * 20,
    "always filtered": [Say(text="I", finish="content_filter")] * 20,
}


def local(folder: Path, at: int, faults: Sequence[Step]) -> tuple[int, str]:
    """Run a session with these faults; return its exit code and its state."""
    repo, home = folder / "repo", folder / "home"
    home.mkdir()
    make_repository(repo, {"README.md": "# mails\n"})
    with ModelServer(Faulty(at, faults)) as server:
        ended = subprocess.run(
            [
                sys.executable,
                "-m",
                "intern_action",
                "local",
                "do it",
                "--model",
                "local/m",
                "--out",
                str(folder / "out"),
            ],
            env={
                "PATH": os.environ["PATH"],  # noqa: TID251 - a child gets what it is handed
                "HOME": str(home),
                "USER": "ada",
                "LOCAL_LLM_BASE_URL": server.root,
                "INTERN_ACTION_MODELS_RETRIES": "1",
            },
            cwd=repo,
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
    (result,) = (folder / "out").glob("**/result.json")
    return ended.returncode, str(json.loads(result.read_text())["state"])


@pytest.mark.parametrize("at", [0, STEPS])
@pytest.mark.parametrize("name", PASSES)
def test_what_passes_ends_in_work_that_is_done(tmp_path: Path, name: str, at: int):
    assert local(tmp_path, at, PASSES[name]) == (0, "done")


@pytest.mark.parametrize("at", [0, STEPS])
@pytest.mark.parametrize("name", STAYS)
def test_what_stays_never_ends_as_done(tmp_path: Path, name: str, at: int):
    assert local(tmp_path, at, STAYS[name]) == (5, "failed")
