"""The Hub's official client in a process of its own: it reads where its Hub is when it is imported."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

_BEFORE = """\
import json, sys, warnings
try:
    import httpx as http
except ImportError:
    import httpx2 as http
warnings.simplefilter("ignore")
from huggingface_hub import *
from huggingface_hub.errors import *
api = HfApi()
def tell(**facts):
    print(json.dumps(facts, default=str))
"""


@dataclass(frozen=True, kw_only=True)
class HubClient:
    """Runs scripts against one Hub.

    Args:
        endpoint: of the Hub.
        token: of the one who asks.
        home: a folder for the client's caches.
        python: whose client it is.
    """

    endpoint: str
    token: str
    home: Path
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    def __call__(self, script: str) -> dict[str, object]:
        """Run a script, in which `api` is the client, and return the facts that it told, those of the same name as last told."""
        self.home.mkdir(exist_ok=True)
        done = subprocess.run(
            [self.python, "-c", _BEFORE + textwrap.dedent(script)],
            cwd=self.home,
            env={
                "HF_ENDPOINT": self.endpoint,
                "HF_TOKEN": self.token,
                "HF_HUB_DISABLE_XET": "1",
                "HF_HOME": str(self.home),
                "HOME": str(self.home),
                "PATH": "/usr/bin:/bin",
                **self.environment,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        facts: dict[str, object] = {}
        for line in done.stdout.splitlines():
            facts |= cast("dict[str, object]", json.loads(line))
        return facts
