"""Whether there is room for models and data."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from intern_action.doctor._check import Check, Finding, care, fine
from intern_action.doctor._site import Site

SUBJECT = "disk"
ROOM_GB = 5


def look(site: Site) -> Iterator[Finding]:
    """Look at what is free."""
    free = shutil.disk_usage(site.folder).free / 1e9
    if free >= ROOM_GB:
        yield fine(SUBJECT, free=f"{free:.0f}", folder=site.folder)
    else:
        yield care(SUBJECT, "little", free=f"{free:.1f}", folder=site.folder, room=ROOM_GB)


CHECK = Check(name="disk", subject=SUBJECT, look=look)
