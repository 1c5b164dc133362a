"""How the parts of the program in a job tell that something is wrong."""

from __future__ import annotations

ARCHIVE, LOCKED, PACKAGES, UPLOAD = 71, 75, 76, 77
"""Exit codes of ours: not what was approved · another start of the same job runs · a package is missing · nothing arrived."""
TIME_UP, STOPPED = 124, 143


class Ending(Exception):
    """The program ends with this exit code, and says why."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code
