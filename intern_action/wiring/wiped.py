"""What this machine keeps of a session, taken away: journal, segments, bundles, traces, checkout. Its model stays."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from intern_action.core.errors import Misconfigured
from intern_action.git.run import Git
from intern_action.settings.world import World

MODEL = "model"


def wipe(world: World, session: str, snapshots: Iterable[str]) -> None:
    """Take it all away; what is not there is no matter. Call it while no process works on the session.

    Args:
        world: whose folders.
        session: an id that the ledger knows.
        snapshots: commits that control's git holds for it.

    Raises:
        Misconfigured: something cannot be deleted.
    """
    git_dir = world.control / "git"
    if git_dir.is_dir():
        for commit in snapshots:
            Git(git_dir=str(git_dir)).ask("update-ref", "-d", f"refs/intern/taken/{commit}")
    try:
        for path in _places(world, session):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise Misconfigured(f"{error.filename} cannot be deleted ({error.strerror}); delete it by hand") from error


def _places(world: World, session: str) -> Iterator[Path]:
    control = world.control
    for name in (f"{session}.jsonl", f"{session}.jsonl.lock"):
        yield control / "journals" / name
    for name in (f"{session}.owed", f"{session}.sent"):
        yield control / "traces" / name
    for folder in ("agent", "bundles", "export"):
        yield control / folder / session
    yield control / "dressed" / f"data-{session}"
    yield world.desk(session)
    results = world.results(session)
    if (results / MODEL).exists():
        yield from (path for path in results.iterdir() if path.name != MODEL)
    else:
        yield results
