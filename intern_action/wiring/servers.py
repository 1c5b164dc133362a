"""The tool servers of the settings that the policy lists, open for one stretch of the agent's work."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING

from intern_action.core.frozen import frozen
from intern_action.core.ports import Command, Offer, Talker, Tool
from intern_action.settings.settings import McpServer, Settings
from intern_action.settings.words import prompt

if TYPE_CHECKING:
    from intern_action.mcp_servers.portal import Portal
    from intern_action.mcp_servers.server import Server

LONGEST_LIFE_SECONDS = 7 * 24 * 3600
"""Of a program; it ends with the stretch of work it was started for."""


@frozen
class Outside:
    """What comes of the servers.

    Args:
        tools: that may be called.
        absent: why a tool that the settings name may not, by the name a model would call it.
        remarks: what people and model should know.
    """

    tools: tuple[Tool, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict[str, str])
    remarks: tuple[str, ...] = ()


@contextmanager
def served(
    settings: Settings, listed: Sequence[str], talker: Callable[[], tuple[Talker, str]], *, left_seconds: float
) -> Generator[Outside]:
    """Start the servers that may be spoken to, and let them go at the end. Where none is configured nothing is loaded.

    Args:
        settings: of the run.
        listed: what the policy of the default branch lists.
        talker: starts programs as a user of their own, with that user's home.
        left_seconds: until the run has to be over.
    """
    allowed = {name: server for name, server in settings.mcp.items() if name in listed}
    remarks = tuple(
        _words("not-listed", server=name, policy=settings.approvals.policy)
        for name in sorted(settings.mcp)
        if name not in allowed
    )
    if not allowed:
        yield Outside(remarks=remarks)
        return
    from intern_action.mcp_servers.portal import Portal

    made = [server_of(name, server, settings, talker, left_seconds) for name, server in sorted(allowed.items())]
    with Portal(made) as portal:
        offers = portal.open()
        yield _gathered(portal, offers, allowed, remarks)


def server_of(
    name: str,
    server: McpServer,
    settings: Settings,
    talker: Callable[[], tuple[Talker, str]],
    left_seconds: float,
) -> Server:
    """Return a server of the settings, as the portal takes it."""
    from intern_action.mcp_servers.server import Address, Program, Server

    seconds = (server.timeout or settings.tools.timeout).total_seconds()
    if server.url:
        headers = {header: value.get_secret_value() for header, value in server.headers.items()}
        place = Address(url=server.url, headers=headers)
    else:
        shell, home = talker()
        command = Command(argv=(server.command, *server.args), cwd=home, timeout_seconds=LONGEST_LIFE_SECONDS)
        place = Program(command=command, talker=shell)
    reads = frozenset(tool for tool, only_reads in server.reads.items() if only_reads)
    return Server(name=name, place=place, tools=reads, seconds=max(0.0, min(seconds, left_seconds)))


def _gathered(
    portal: Portal, offers: Mapping[str, Offer], servers: Mapping[str, McpServer], remarks: tuple[str, ...]
) -> Outside:
    from intern_action.tools._served import ServersTool, name_of

    tools: list[Tool] = []
    absent: dict[str, str] = {}
    notes: list[str] = [*remarks]
    for name, offer in offers.items():
        if offer.down:
            notes.append(_words("down", server=name, why=offer.down))
        for tool, reads in servers[name].reads.items():
            if tool in offer.tools:
                tools.append(ServersTool(offer.tools[tool], portal, prompt))
            elif not reads:
                absent[name_of(name, tool)] = _words("held", server=name, tool=tool)
            elif offer.down:
                absent[name_of(name, tool)] = _words("down", server=name, why=offer.down)
            else:
                absent[name_of(name, tool)] = _words("missing", server=name, tool=tool, why=offer.missing[tool])
                notes.append(absent[name_of(name, tool)])
    return Outside(tools=tuple(tools), absent=absent, remarks=tuple(notes))


def _words(kind: str, **values: object) -> str:
    return prompt("servers", kind=kind, **values).strip()
