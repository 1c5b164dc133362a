"""The way to a server at an address: the official transport over a client that reads so much and no more.

Redirects are the transport's business: it follows none that leaves scheme, host and port, so headers go nowhere else.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import httpx2
from mcp.client.streamable_http import streamable_http_client

from intern_action.mcp_servers._bounds import MOST_BYTES, TOO_MUCH
from intern_action.mcp_servers._streams import Streams
from intern_action.mcp_servers.server import Address


class TooMuch(httpx2.StreamError):
    """A server goes on and on."""


@asynccontextmanager
async def http_streams(address: Address, seconds: float) -> AsyncGenerator[Streams]:
    """Yield the streams to an address.

    No proxy and no password file of the environment is heeded: the headers are for that host alone.
    """
    client = httpx2.AsyncClient(
        headers={"Accept-Encoding": "identity", **address.headers},
        transport=_Bounded(httpx2.AsyncHTTPTransport(trust_env=False)),
        timeout=httpx2.Timeout(seconds, read=None),  # whoever calls watches the time
        trust_env=False,
    )
    async with (
        client,
        streamable_http_client(address.url, http_client=client, max_sse_event_size=MOST_BYTES) as streams,
    ):
        yield streams


class _Bounded(httpx2.AsyncBaseTransport):
    """A transport whose answers are bounded, and never packed: a small packet could unfold to anything."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pass a request on."""
        response = await self._inner.handle_async_request(request)
        packed = response.headers.get("content-encoding", "identity") != "identity"
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Counted(response.stream, packed=packed),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Hang up."""
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: object, *, packed: bool) -> None:
        self._inner = cast("httpx2.AsyncByteStream", inner)  # an asynchronous client has no other
        self._packed = packed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._packed:
            raise TooMuch("it packs its answers, which was not asked for")
        read = 0
        async for piece in self._inner:
            read += len(piece)
            if read > MOST_BYTES:
                raise TooMuch(TOO_MUCH)
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()
