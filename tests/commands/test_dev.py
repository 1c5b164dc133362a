"""`intern-action dev hub` is a Hub for people without an account, and says what to export."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx


def test_the_hub_listens_with_a_ready_token_until_it_is_interrupted(tmp_path: Path) -> None:
    program = "from intern_action.__main__ import main; main()"
    words = [sys.executable, "-c", program, "dev", "hub", "--root", str(tmp_path / "hub")]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    with subprocess.Popen(
        words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as hub:
        assert hub.stdout is not None
        assert hub.stderr is not None
        told = dict(hub.stdout.readline().strip().removeprefix("export ").split("=", 1) for _ in range(3))
        bearer = {"Authorization": f"Bearer {told['HF_TOKEN']}"}
        assert httpx.get(f"{told['HF_ENDPOINT']}/api/whoami-v2", headers=bearer).json()["name"] == "ada"
        hub.send_signal(signal.SIGINT)
        assert hub.wait(timeout=20) == 0
        assert str(tmp_path / "hub") in hub.stderr.read()
