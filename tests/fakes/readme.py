"""The README's blocks, for whoever carries them out word for word."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def blocks(kind: str = "sh") -> list[list[str]]:
    """Return the lines of each block of a kind ("" for what is no command), in order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block.strip().splitlines() for named, block in found if named == kind]
