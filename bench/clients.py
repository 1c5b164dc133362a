"""Who is measured: each a command line that talks to a scripted model until that says it is done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HOUSE = Path(__file__).parent.parent
NOTES = "notes.txt"
NOTE_CHARS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one run happens: the server it talks to, and a fresh folder of its own."""

    root: str
    folder: Path

    @property
    def repo(self) -> Path:
        """The git repository with the notes."""
        return self.folder / "repo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A command that is measured.

    Args:
        name: in the table.
        argv: the command; `{root}`, `{repo}`, `{folder}` are filled in.
        variables: added to a nearly empty environment, filled in likewise.
        help_argv: prints the help, () for none.
    """

    name: str
    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    help_argv: tuple[str, ...] = ()

    def command(self, place: Place) -> list[str]:
        """Return the command for one run."""
        return [self._filled(part, place) for part in self.argv]

    def environment(self, place: Place) -> dict[str, str]:
        """Return the environment for one run: no key, no home of anybody."""
        path = os.environ["PATH"]  # noqa: TID251 -- the bench is its own program
        plain = {"PATH": path, "HOME": str(place.folder / "home"), "LANG": "C.UTF-8", "USER": "ada"}
        return plain | {name: self._filled(value, place) for name, value in self.variables.items()}

    def _filled(self, part: str, place: Place) -> str:
        return part.format(root=place.root, repo=place.repo, folder=place.folder)


_OURS = str(Path(sys.executable).parent / "intern-action")
_LOCAL = (_OURS, "local", "read the notes", "--repo", "{repo}", "--out", "{folder}/out", "--max-iterations", "400")

PLAIN = Client(name="plain httpx loop", argv=(sys.executable, "-m", "bench.plain_loop", "{root}/v1", "m", "{repo}"))
DIRECT = Client(
    name="intern-action, OpenAI-shaped",
    argv=(*_LOCAL, "--model", "local/m"),
    variables={"LOCAL_LLM_BASE_URL": "{root}/v1"},
    help_argv=(_OURS, "--help"),
)
DIRECT_WHOLE = Client(
    name="the same, not streamed",
    argv=(*_LOCAL, "--model", "local/m", "--no-stream"),
    variables={"LOCAL_LLM_BASE_URL": "{root}/v1"},
)
LITELLM = Client(
    name="intern-action, litellm",
    argv=(*_LOCAL, "--model", "anthropic/claude-opus-4-8"),
    variables={"ANTHROPIC_BASE_URL": "{root}", "ANTHROPIC_API_KEY": "sk-bench"},
)
LITELLM_WHOLE = Client(
    name="the same, not streamed ",
    argv=(*_LOCAL, "--model", "anthropic/claude-opus-4-8", "--no-stream"),
    variables={"ANTHROPIC_BASE_URL": "{root}", "ANTHROPIC_API_KEY": "sk-bench"},
)
CLIENTS = (PLAIN, DIRECT, DIRECT_WHOLE, LITELLM, LITELLM_WHOLE)


def furnish(place: Place) -> None:
    """Make the repository of one run."""
    (place.folder / "home").mkdir(parents=True)
    place.repo.mkdir()
    (place.repo / NOTES).write_text("0123456789abcde\n" * (NOTE_CHARS // 16))
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "Take notes"]):
        subprocess.run(["git", *command], cwd=place.repo, check=True)
