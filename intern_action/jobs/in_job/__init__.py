"""The program that a job on the Hub begins with: its parts stand here one below the other in `SOURCES`, and run as one text.

It runs in an image that we did not make, before anything is installed: so it needs Python's own library alone, and is passed
as one word of the command line, where every person who looks at the job can read it.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
SOURCES = (_HERE / "words.py", _HERE.parent / "_archive.py", _HERE / "hub.py", _HERE / "script.py", _HERE / "main.py")
_HEAD = "from __future__ import annotations\nclass JobError(Exception): pass"
_OWN = ("from __future__ import", "from intern_action.")


def program() -> str:
    """Return the text: each part as it stands, less the lines by which the parts import each other."""
    parts = [_without_own_imports(source.read_text(encoding="utf-8")) for source in SOURCES]
    return "\n".join((_HEAD, *parts, "raise SystemExit(main(sys.argv[1:], os.environ))\n"))


def _without_own_imports(source: str) -> str:
    kept: list[str] = []
    inside = False
    for line in source.splitlines():
        if line.startswith(_OWN):
            inside = line.rstrip().endswith("(")
        elif inside:
            inside = not line.startswith(")")
        else:
            kept.append(line)
    return "\n".join(kept)
