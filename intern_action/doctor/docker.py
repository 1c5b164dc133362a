"""Whether what a model runs could talk to Docker, which is as good as being root."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from intern_action.doctor._check import Check, Finding, fine, wrong
from intern_action.doctor._site import Site

SUBJECT = "Docker"
USUAL = "unix:///var/run/docker.sock"


def look(site: Site) -> Iterator[Finding]:
    """Look at the address that is set, else at the usual one."""
    address = site.environment.get("DOCKER_HOST") or USUAL
    kind, _, place = address.partition("://")
    if kind == "tcp" and not site.environment.get("DOCKER_TLS_VERIFY"):
        yield wrong(SUBJECT, "network", address=address)
    elif kind == "unix" and _for_everybody(Path(place)):
        yield wrong(SUBJECT, "open", place=place)
    else:
        yield fine(SUBJECT)


def _for_everybody(socket: Path) -> bool:
    try:
        mode = socket.stat().st_mode
    except OSError:
        return False
    return stat.S_ISSOCK(mode) and bool(mode & stat.S_IWOTH)


CHECK = Check(name="docker", subject=SUBJECT, look=look)
