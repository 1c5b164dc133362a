"""Whether each tool server of the settings may be spoken to, answers, and has the tools that the settings name."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from intern_action.core.errors import InternError, Misconfigured
from intern_action.core.ports import Offer
from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import Site
from intern_action.settings.settings import McpServer
from intern_action.shell.tool_shell import make_shell
from intern_action.wiring.servers import server_of

SUBJECT = "MCP servers"
LONGEST_SECONDS = 30
"""Until a server is there: somebody waits for doctor."""


def look(site: Site) -> Iterator[Finding]:
    """Start those that a session would start, and let them go."""
    servers = site.settings.mcp
    if not servers:
        return
    listed = _listed(site)
    asked = {name: server for name, server in servers.items() if listed is None or name in listed}
    for name in sorted(set(servers) - set(asked)):
        yield care(_subject(name), "not_listed", name=name, path=site.settings.approvals.policy)
    if not asked:
        return
    try:
        offers = _offers(site, asked)
    except InternError as error:
        yield wrong(SUBJECT, "failed", said=str(error))
        return
    for name, offer in offers.items():
        yield _of(name, asked[name], offer)


def _of(name: str, server: McpServer, offer: Offer) -> Finding:
    if offer.down:
        return wrong(_subject(name), "down", name=name, said=offer.down)
    if offer.missing:
        return wrong(_subject(name), "missing", name=name, missing=offer.missing)
    held = sorted(tool for tool, reads in server.reads.items() if not reads)
    return fine(_subject(name), "answers", tools=sorted(offer.tools), held=held)


def _subject(name: str) -> str:
    return f"MCP server {name}"


def _listed(site: Site) -> tuple[str, ...] | None:
    """Return what the policy of the default branch lists, None where it cannot be read; another check says why."""
    if not site.reachable:
        return None
    try:
        return site.policy(site.policy_file).mcp_servers
    except Misconfigured:
        return None


def _offers(site: Site, servers: Mapping[str, McpServer]) -> Mapping[str, Offer]:
    from intern_action.mcp_servers.portal import Portal

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        home = f"{folder}/home"
        with make_shell(session="doctor/server", home=home, python=sys.executable) as shell:
            made = [
                server_of(name, server, site.settings, lambda: (shell, home), LONGEST_SECONDS)
                for name, server in sorted(servers.items())
            ]
            with Portal(made) as portal:
                return portal.open()


CHECK = Check(name="mcp_servers", subject=SUBJECT, look=look)
