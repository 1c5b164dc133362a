"""A whole session of the command line on a model that reads 8,192 tokens, with all tools and instructions of the house."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from tests.fakes.model_server import Ask, Fail, ModelServer, Say, Seen, Step

WINDOW = 8_192
TURNS = 120


class Narrow:
    """Refuses what is longer than its window (with three and a half bytes for a token), and asks for a file in every turn."""

    def __init__(self) -> None:
        self.asked = 0
        self.refused = 0
        self.summaries = 0
        self.last: list[Mapping[str, object]] = []

    def __call__(self, seen: Seen) -> Step:
        tokens = int(len(seen.body) / 3.5)
        if tokens > WINDOW:
            self.refused += 1
            return Fail(status=400, words=f"This model's maximum context length is {WINDOW} tokens")
        messages = cast("list[Mapping[str, object]]", seen.json["messages"])
        if "about to be folded" in str(messages[-1]["content"]):
            self.summaries += 1
            return Say(text=f"{self.asked} parts were read, nothing was odd.", input_tokens=tokens)
        self.asked += 1
        self.last = messages
        if self.asked > TURNS:
            return Say(text="All parts are read.", input_tokens=tokens)
        where = {"path": "log.txt", "offset": 40 * self.asked, "limit": 400}
        return Say(calls=(Ask(name="read_file", arguments=where),), input_tokens=tokens)


def test_a_long_session_on_a_small_window_comes_to_its_end(tmp_path: Path):
    repo = tmp_path / "repo"
    (tmp_path / "home").mkdir()
    repo.mkdir()
    (repo / "log.txt").write_text("".join(f"step {n} loss {1 / (n + 1):.4f} rate 3e-4\n" for n in range(6_000)))
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "Log"]):
        subprocess.run(["git", *command], cwd=repo, check=True)
    provider = Narrow()
    with ModelServer(provider, keep_bodies=False) as server:
        environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - a child gets what it is handed
            "HOME": str(tmp_path / "home"),
            "USER": "ada",
            "LOCAL_LLM_BASE_URL": server.root,
            "INTERN_ACTION_MODELS_WINDOWS": f"local/m {WINDOW}",
            "INTERN_ACTION_TRACES_UPLOAD": "false",
        }
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "intern_action",
                "local",
                "read all of log.txt",
                "--model",
                "local/m",
                "--out",
                str(tmp_path / "out"),
            ],
            env=environment,
            cwd=repo,
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )

    assert done.returncode == 0, done.stderr
    assert provider.asked == TURNS + 1
    assert provider.refused == 0
    assert provider.summaries > 5
    first = str(provider.last[1]["content"])
    assert "read all of log.txt" in first, "the task is still there"
    assert "parts were read" in first, "and what was found"
    result = json.loads(next((tmp_path / "out").glob("**/result.json")).read_text())
    assert result["state"] == "done"
