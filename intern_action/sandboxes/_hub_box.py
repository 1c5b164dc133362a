"""One open sandbox on the Hub: commands that are waited for, commands that run on their own, and our hands inside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import WORKSPACE, Progress

if TYPE_CHECKING:
    from huggingface_hub import Sandbox
    from huggingface_hub._sandbox import SandboxCommandResult, SandboxProcess

OURS = "/.intern"
"""Where commands that run on their own leave what they print and how they ended. Whoever works there may write it, too."""

_LOST = 137
_LOG_BYTES = 8 << 20
_HANDS_SECONDS = 600.0
_SHELL = 'if command -v bash >/dev/null 2>&1; then exec bash -c "$0"; else exec sh -c "$0"; fi'
_ALONE = f"""\
d="..{OURS}/$1"
mkdir -p "$d"
/bin/sh -c '{_SHELL}' "$0" >"$d/log" 2>&1 </dev/null
echo "$?" >"$d/new"
mv "$d/new" "$d/status"
"""


class Box:
    """One sandbox. Every method raises what the client raises: `SandboxError`, or `httpx.HTTPError` when nobody answers."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.files = sandbox.files

    def run(
        self, line: str, environment: Mapping[str, str], *, seconds: float, heard: Callable[[str], None]
    ) -> SandboxCommandResult:
        """Run a command line in the workspace; what it says goes to `heard` as it comes."""
        return self.sandbox.run(
            ["/bin/sh", "-c", _SHELL, line],
            env=dict(environment),
            cwd=WORKSPACE,
            timeout=seconds,
            on_stdout=heard,
            on_stderr=heard,
            check=False,
            capture_output=False,
        )

    def start(self, line: str, environment: Mapping[str, str]) -> str:
        """Start a command line that runs on its own; return its name."""
        name = f"p{1 + len(self._started()):03}"
        self.files.mkdir(f"{OURS}/{name}")
        self.sandbox.run(["/bin/sh", "-c", _ALONE, line, name], env=dict(environment), cwd=WORKSPACE, background=True)
        return name

    def progress(self, process: str) -> Progress:
        """Return how far a started command is.

        Raises:
            ToolFailed: this sandbox has not started it.
        """
        known = self._started()
        if process not in known:
            raise ToolFailed(
                f"this sandbox has not started {process!r}; it has started {', '.join(known) or 'nothing'}"
            )
        code = self._exit_code(process)
        return Progress(output=self._log(process), exit_code=code)

    def hands(self, verb: str, **told: object) -> Mapping[str, object]:
        """Do something inside with a program of ours (`_inside.py`); what comes back is a stranger's word."""
        done = self.sandbox.run(
            ["python3", "-I", "-c", _program(), verb], stdin=json.dumps(told), cwd=WORKSPACE, timeout=_HANDS_SECONDS
        )
        found: object = json.loads(done.stdout)
        return cast("dict[str, object]", found) if isinstance(found, dict) else {}

    def close(self) -> None:
        """Let go of the connection; the sandbox stays."""
        self.sandbox.close()

    def _started(self) -> list[str]:
        if not self.files.exists(OURS):
            return []
        return [one.name for one in self.files.list(OURS) if one.type == "dir"]

    def _exit_code(self, process: str) -> int | None:
        """Return what its shell wrote; a shell that died before it wrote anything was killed with all it ran."""
        running = next((one for one in reversed(self.sandbox.processes()) if _is(one, process)), None)
        if self.files.exists(f"{OURS}/{process}/status"):
            said = self.files.read_text(f"{OURS}/{process}/status").strip()
            return int(said) if said.isdecimal() else _LOST
        return None if running is not None and running.running else _LOST

    def _log(self, process: str) -> str:
        """Return what was printed; of a very long log the end."""
        if not self.files.exists(f"{OURS}/{process}/log"):
            return ""
        tail = ["tail", "-c", str(_LOG_BYTES), f"..{OURS}/{process}/log"]
        return self.sandbox.run(tail, cwd=WORKSPACE, timeout=60, check=False).stdout


def _is(one: SandboxProcess, process: str) -> bool:
    return isinstance(one.cmd, list) and one.cmd[2:3] == [_ALONE] and one.cmd[-1] == process


@cache
def _program() -> str:
    return Path(__file__).with_name("_inside.py").read_text(encoding="utf-8")
