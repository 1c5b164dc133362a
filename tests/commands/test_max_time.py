"""`max_time` at the command line: a command that hangs ends with the run, and the next run goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.fakes.git_world import make_repository
from tests.fakes.model_server import Ask, ModelServer, Say, Seen

LEFT = "3 seconds"
ENDS_WITHIN_SECONDS = 60
"""The command alone would take five hundred."""


def script(seen: Seen) -> Say:
    if len(seen.messages) == 2:
        return Say(calls=(Ask(name="bash", arguments={"command": "sleep 500", "timeout": "10m"}),))
    return Say(text="Done without it.")


def test_a_run_is_over_in_time_and_the_next_one_goes_on(tmp_path: Path):
    repo, home = tmp_path / "repo", tmp_path / "home"
    home.mkdir()
    make_repository(repo, {"README.md": "# mails\n"})

    def intern(*command: str, root: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "intern_action", *command, "--out", str(tmp_path / "out")],
            env={
                "PATH": os.environ["PATH"],  # noqa: TID251 - a child gets what it is handed
                "HOME": str(home),
                "USER": "ada",
                "LOCAL_LLM_BASE_URL": root,
                **settings,
            },
            cwd=repo,
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )

    with ModelServer(script) as server:
        began = time.monotonic()
        ended = intern("local", "wait", "--model", "local/m", root=server.root, INTERN_ACTION_MAX_TIME=LEFT)
        took = time.monotonic() - began
        went_on = intern("resume", root=server.root)

    assert (ended.returncode, went_on.returncode) == (4, 0), ended.stderr + went_on.stderr
    assert took < ENDS_WITHIN_SECONDS
    assert "Done without it." in went_on.stderr + went_on.stdout
    told = str(server.seen[1].messages[-1]["content"])
    assert "the time limit" in told
