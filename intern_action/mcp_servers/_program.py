"""The way to a server that is a program here: a message a line over its standard input and output.

The official transport starts a program as ourselves; this one has it started behind the walls.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
import mcp_types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage

from intern_action.core.ports import Talk
from intern_action.mcp_servers._bounds import MOST_BYTES, TOO_MUCH
from intern_action.mcp_servers._streams import Fate, Streams
from intern_action.mcp_servers.server import Program

_PIECE = 1 << 16
_GRACE_SECONDS = 0.5
"""For a program that hears that nothing more comes; then it is ended."""


@asynccontextmanager
async def program_streams(program: Program, fate: Fate) -> AsyncGenerator[Streams]:
    """Start a program and yield the streams to it; it is ended afterwards, with all that it has started.

    `fate` is told when it ends by itself, and what it wrote to standard error.
    """
    talk = await anyio.to_thread.run_sync(program.talker.talk, program.command)
    for fd in (talk.hears, talk.says):
        os.set_blocking(fd, False)
    hears, heard = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    sends, sent = anyio.create_memory_object_stream[SessionMessage](0)
    try:
        async with hears, heard, sends, sent, anyio.create_task_group() as tasks:
            tasks.start_soon(_listen, talk, hears, fate)
            tasks.start_soon(_speak, talk, sent)
            yield heard, sends
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            talk.hush()
            with anyio.move_on_after(_GRACE_SECONDS):
                await _let_out(talk)
            fate.errors = await anyio.to_thread.run_sync(talk.end)


async def _listen(talk: Talk, hears: MemoryObjectSendStream[SessionMessage | Exception], fate: Fate) -> None:
    """Take what it says, line by line, up to its end or to a line that is too long."""
    line = bytearray()
    async with hears:
        while piece := await _read(talk):
            *whole, rest = piece.split(b"\n")
            for end in whole:
                line += end
                await hears.send(_message(bytes(line)))
                line.clear()
            line += rest
            if len(line) > MOST_BYTES:
                break
        fate.over(TOO_MUCH if len(line) > MOST_BYTES else "it ended")


async def _speak(talk: Talk, sent: MemoryObjectReceiveStream[SessionMessage]) -> None:
    """Pass on what is for it. One that is gone hears nothing; that it is gone is noticed where it is listened to."""
    async with sent:
        async for one in sent:
            data = memoryview(one.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
            while data:
                await anyio.wait_writable(talk.hears)
                try:
                    data = data[os.write(talk.hears, data) :]
                except BlockingIOError:
                    continue
                except OSError:
                    return


async def _let_out(talk: Talk) -> None:
    """Let it say its last words up to the end of its output; nobody hears them."""
    while await _read(talk):
        pass


async def _read(talk: Talk) -> bytes:
    """Return a piece of what it says, b"" at its end."""
    while True:
        await anyio.wait_readable(talk.says)
        try:
            return os.read(talk.says, _PIECE)
        except BlockingIOError:
            continue


def _message(line: bytes) -> SessionMessage | Exception:
    """Return the message of a line; what is none is handed on as the session wants it, and disturbs nobody."""
    try:
        return SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error
