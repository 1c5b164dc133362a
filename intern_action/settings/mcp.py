"""What a tool server in the settings may be: a program that no checkout can replace, or an address fit for secrets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import Field

READS, HELD = "reads", "held"
"""What a tool does, in its line: it only reads, or nobody has said that it does."""

ServerName = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?$")]
"""It begins the names of the server's tools, before two underscores; it has none itself, so where it ends is certain."""


def flaw_of(*, command: str, url: str, headed: bool) -> str:
    """Return what is wrong with where a server is, "" when it will do.

    Args:
        command: the program, "" for a server that has an address.
        url: the address, "" for a program.
        headed: there are headers to send.
    """
    if bool(command) == bool(url):
        return "a server has either a `command` or a `url`"
    if headed and not url:
        return "`headers` go with a `url`; a program on this machine gets no secret"
    if command:
        relative = "/" in command and not command.startswith("/")
        return (
            f"`{command}` lies in whatever folder is open; write the whole path, or a name on PATH" if relative else ""
        )
    return _flaw_of_address(url)


def tools_flaw(lines: Iterable[str]) -> str:
    """Return what is wrong with the lines of `tools`, "" when they will do."""
    seen = Counter(line.partition(" ")[0] for line in lines)
    for line in lines:
        name, _, effect = line.partition(" ")
        if not name or effect not in {"", READS, HELD}:
            return f"`{line}` is no tool; write its name, and `{READS}` behind it where it only reads, such as `search {READS}`"
        if seen[name] > 1:
            return f"`{name}` stands there twice; keep one"
    return ""


def _flaw_of_address(url: str) -> str:
    """Return what is wrong with an address: what is sent there may be a secret, so nobody on the way may read it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return f"`{url}` is no address ({error})"
    if parts.username is not None or parts.password is not None:
        return "an address holds no password; send it in one of the `headers`"
    if not parts.hostname or parts.fragment or port == 0:
        return f"`{url}` is no address of a server; write it as https://HOST/PATH"
    if parts.scheme != "https" and not _on_this_machine(parts):
        return f"`{url}` is not `https://`, and only this machine itself (http://127.0.0.1) may be spoken to without"
    return ""


def _on_this_machine(parts: SplitResult) -> bool:
    if parts.scheme != "http" or not parts.hostname:
        return False
    try:
        return ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname == "localhost"
