"""What a sandbox needs of the Hub: the program that its job becomes, and a port of its own for it.

A sandbox is a job that fetches a server, checks its digest and becomes it; the client then talks to that server through the
address under which the port of its job is reached (`front`). All jobs share this machine, so its port is another one.
"""

from __future__ import annotations

import io
import socket
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .refusals import entry_not_found
from .request import Answer, Request
from .routes import Route

if TYPE_CHECKING:
    from .world import World

_SOURCE = Path(__file__).parent / "in_the_job" / "sandbox"
# The second line is how the stand-in of `sha256sum` knows it.
_HEAD = b"#!/usr/bin/env python3\n# The sandbox server of the Hub that runs on this machine.\n"
_MAIN = "from sandbox.server import main\n\nmain()\n"
_FETCHED_TO = "/tmp/.sbx-server"  # noqa: S108 -- where the client's own script says; a job's `/tmp` lies in its folder here


@cache
def program() -> bytes:
    """Return the sandbox server as one file that can be executed."""
    packed = io.BytesIO()
    packed.write(_HEAD)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("__main__.py", _MAIN)
        for module in sorted(_SOURCE.glob("*.py")):
            archive.writestr(f"sandbox/{module.name}", module.read_bytes())
    return packed.getvalue()


def own_ports(environment: Mapping[str, str], exposed: Sequence[int]) -> dict[int, int]:
    """Return, for each port that a job shows, where it really listens on this machine."""
    told = environment.get("SBX_PORT", "")
    return {port: _free_port() if str(port) == told else port for port in exposed}


def at_home(command: Sequence[str], temporary: Path) -> list[str]:
    """Return a command whose fetched server lies in the job's own folder: two sandboxes may start at the same time."""
    return [word.replace(_FETCHED_TO, str(temporary / ".sbx-server")) for word in command]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _download(world: World, request: Request) -> Answer:
    if not request.values["object"].startswith("sbx-server"):
        raise entry_not_found(request.values["object"])
    return Answer(headers={"Content-Type": "application/octet-stream"}, body=program())


ROUTES = (Route("GET", "/buckets/huggingface/sbx-server/resolve/{object}", _download),)
