"""A finished job's output, taken out of its hands: ours, without links, devices or second names of other files.

Control reads and uploads what lies there, as another user than the one who wrote it. A link to somebody's token in place of
`metrics.json` would make control read the token out; a link swapped in later would do the same. So what is collected
belongs to us from then on.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def seal(folder: Path) -> tuple[str, ...]:
    """Make everything beneath `folder` ours and readable; remove what is neither a plain file nor a folder.

    Called when no process of the job is alive. May be repeated.

    Returns:
        the removed paths, relative to `folder`, sorted.
    """
    os.chown(folder, os.geteuid(), os.getegid(), follow_symlinks=False)
    removed: list[str] = []
    for here, folders, files, fd in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *files):
            if not _keep(name, fd):
                os.unlink(name, dir_fd=fd)
                removed.append(str((Path(here) / name).relative_to(folder)))
    return tuple(sorted(removed))


def _keep(name: str, folder: int) -> bool:
    """Take one entry over; False when it has to go."""
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISDIR(found.st_mode) and (not stat.S_ISREG(found.st_mode) or found.st_nlink > 1):
        return False
    os.chown(name, os.geteuid(), os.getegid(), dir_fd=folder, follow_symlinks=False)
    os.chmod(name, 0o755 if stat.S_ISDIR(found.st_mode) else 0o644, dir_fd=folder)
    return True
