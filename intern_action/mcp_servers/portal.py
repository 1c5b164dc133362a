"""The portal: the one door to servers that speak MCP, which is asynchronous; to the rest of the house its calls are plain ones.

An event loop in a thread of its own runs the official client, a task for each server. A server that hangs, dies or babbles
fails its calls, and nothing else.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, ExitStack
from types import TracebackType
from typing import Self, cast

import anyio
import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, CallToolResult, Implementation, Tool

from intern_action.core.errors import InternError, ToolFailed
from intern_action.core.ports import Offer, Said, ServedTool
from intern_action.core.types import JsonObject
from intern_action.mcp_servers._bounds import MOST_PAGES
from intern_action.mcp_servers._http import http_streams
from intern_action.mcp_servers._program import program_streams
from intern_action.mcp_servers._streams import Fate, Streams
from intern_action.mcp_servers._words import fault, offered, said
from intern_action.mcp_servers.server import Address, Program, Server

_CLOSING_SECONDS = 2.0
_MOMENT_SECONDS = 0.2
_FAULTS = (
    ExceptionGroup,
    InternError,
    MCPError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    httpx2.HTTPError,
    httpx2.InvalidURL,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    anyio.EndOfStream,
)
"""What the client and its transports raise for a server that is not as it should be. What such a one can make them trip over is
not for us to know, and no server ends a run."""


class Portal:
    """Implements `core.ports.ToolServers`. Use as a context manager: at its end every server is let go, every program ended.

    Args:
        servers: those that may be spoken to.
    """

    def __init__(self, servers: Iterable[Server]) -> None:
        self._servers = {server.name: server for server in servers}
        self._connections: dict[str, _Connection] = {}
        self._exits = ExitStack()
        self._asking_in = threading.Lock()

    def __enter__(self) -> Self:
        _hush()
        self._portal: BlockingPortal = self._exits.enter_context(start_blocking_portal())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._portal.call(_close_all, tuple(self._connections.values()))
        finally:
            self._exits.__exit__(kind, error, trace)

    def open(self) -> dict[str, Offer]:
        """Start all servers at once; return what each offers. One that does not answer within its time is down."""
        for name in self._servers:
            self._connect(name)
        return {name: self._portal.call(connection.offer) for name, connection in self._connections.items()}

    def call(self, tool: ServedTool, arguments: JsonObject, *, seconds: float) -> Said:
        """Call a tool, once. A server that has gone is asked in again first."""
        server = self._servers[tool.server]
        plain = cast("dict[str, object]", json.loads(json.dumps(arguments, default=list)))
        with self._asking_in:  # calls come from several threads
            if self._connections[tool.server].gone:
                self._connect(tool.server)
        return self._portal.call(self._connections[tool.server].call, tool, plain, min(seconds, server.seconds))

    def _connect(self, name: str) -> None:
        self._connections[name] = connection = self._portal.call(_made, self._servers[name])
        self._portal.start_task_soon(connection.serve)


class _Connection:
    """One server, from its start to its end. Lives in the event loop."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._fate = Fate()
        self._ready = anyio.Event()
        self._stop = anyio.Event()
        self._finished = anyio.Event()
        self._scope = anyio.CancelScope()
        self._client: Client | None = None
        self._listed: dict[str, Tool] = {}

    @property
    def gone(self) -> bool:
        """Whether it was here and is no more."""
        return self._finished.is_set()

    async def serve(self) -> None:
        """Be connected until somebody wants the end, or the server ends."""
        why = f"it was not ready within {self._server.seconds:g} s"
        try:
            with self._scope as scope:
                scope.deadline = anyio.current_time() + self._server.seconds
                async with Client(self._transport(), cache=None, client_info=_OURSELVES) as client:
                    client.session.validate_tool_result = _unchecked
                    self._listed = await _listed(client, self._server.tools)
                    self._client, scope.deadline = client, math.inf
                    self._ready.set()
                    await self._end()
                    scope.deadline = anyio.current_time() + _CLOSING_SECONDS
                why = "it was let go"
        except _FAULTS as error:
            why = _told(error)
        finally:
            self._client = None
            self._fate.over(why)
            self._finished.set()
            self._ready.set()

    async def offer(self) -> Offer:
        """Wait until it is there, and return what it offers of what was asked for."""
        await self._ready.wait()
        if self._client is None:
            await self._finished.wait()
            return Offer(tools={}, missing={}, down=self._why())
        tools: dict[str, ServedTool] = {}
        missing = dict.fromkeys(self._server.tools - set(self._listed), "the server has no such tool")
        for name, tool in self._listed.items():
            try:
                tools[name] = offered(self._server.name, tool)
            except _FAULTS as flaw:
                missing[name] = _told(flaw)
        return Offer(tools=tools, missing=missing)

    async def call(self, tool: ServedTool, arguments: dict[str, object], seconds: float) -> Said:
        """Call a tool that is still what it was when it was offered."""
        try:
            with anyio.fail_after(seconds):
                await self._ready.wait()
                client = self._still(tool)
                return said(await self._answered(client, tool.tool, arguments))
        except ToolFailed:
            raise
        except TimeoutError:
            raise ToolFailed(f"{self._named} gave no answer within {seconds:g} s") from None
        except MCPError as error:
            raise ToolFailed(await self._refusal(error)) from None
        except _FAULTS as error:
            raise ToolFailed(f"{self._named}: {_told(error)}") from None

    async def close(self) -> None:
        """Let it go; one that is not there yet is not waited for."""
        self._stop.set()
        if not self._ready.is_set():
            self._scope.cancel()
        await self._finished.wait()

    @property
    def _named(self) -> str:
        return f"the MCP server {self._server.name}"

    def _transport(self) -> AbstractAsyncContextManager[Streams]:
        match self._server.place:
            case Program() as program:
                return program_streams(program, self._fate)
            case Address() as address:
                return http_streams(address, self._server.seconds)

    async def _end(self) -> None:
        """Wait for the wish to end, or for the end."""
        async with anyio.create_task_group() as tasks:

            async def until(event: anyio.Event) -> None:
                await event.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(until, self._stop)
            tasks.start_soon(until, self._fate.ended)

    def _still(self, tool: ServedTool) -> Client:
        """Return the client of a server whose tool has not become another one since it was offered."""
        if self._client is None:
            raise ToolFailed(f"{self._named} is not there: {self._why()}")
        now = self._listed.get(tool.tool)
        if now is None or offered(self._server.name, now).definition != tool.definition:
            raise ToolFailed(f"{self._named} has changed {tool.tool} since it was offered, so it is not called")
        return self._client

    async def _answered(self, client: Client, tool: str, arguments: dict[str, object]) -> CallToolResult:
        return await client.call_tool(tool, arguments)

    async def _refusal(self, error: MCPError) -> str:
        """Say why a call failed; where the server has gone meanwhile, why it has."""
        if error.code == CONNECTION_CLOSED:  # over HTTP it may also be this answer alone
            with anyio.move_on_after(_CLOSING_SECONDS if isinstance(self._server.place, Program) else _MOMENT_SECONDS):
                await self._finished.wait()
            if self.gone:
                return f"{self._named} is gone: {self._why()}"
        return f"{self._named} says: {fault(str(error))}"

    def _why(self) -> str:
        errors = fault(self._fate.errors[-2_000:])
        return f"{self._fate.why}; its errors: {errors}" if errors else self._fate.why


_OURSELVES = Implementation(name="intern-action", version="0")


def _hush() -> None:
    """Have the client log nothing: it logs what servers say, which nobody has masked."""
    logging.getLogger("mcp").setLevel(logging.CRITICAL + 1)


async def _made(server: Server) -> _Connection:
    return _Connection(server)


async def _close_all(connections: tuple[_Connection, ...]) -> None:
    async with anyio.create_task_group() as tasks:
        for connection in connections:
            tasks.start_soon(connection.close)


async def _listed(client: Client, wanted: frozenset[str]) -> dict[str, Tool]:
    """Return the tools that are wanted; of two with one name the first."""
    found: dict[str, Tool] = {}
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            if tool.name in wanted:
                found.setdefault(tool.name, tool)
        cursor = page.next_cursor
        if not cursor:
            break
    return found


async def _unchecked(name: str, result: CallToolResult) -> None:
    """Let data be what they are: holding them against a schema would run a stranger's patterns, which may never end."""
    del name, result


def _told(error: Exception) -> str:
    """Return what went wrong; of a group, the first of it that says something."""
    if isinstance(error, ExceptionGroup):
        return _told(cast("ExceptionGroup[Exception]", error).exceptions[0])
    return fault(str(error)) or type(error).__name__
