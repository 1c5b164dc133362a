"""What litellm does for each of its providers, told as JSON by a process of its own: with all of it read in, or with stand-ins.

    python -m tests.llm.litellm_probe whole|stand-ins

Nothing leaves the machine: whoever asks by HTTP is refused here, and what it asked is told.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import json
import socket
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NoReturn

import httpx

from intern_action.llm import litellm_library
from intern_action.llm._standins import _Finder, _Later, _Made, _StandIn

TO_SIGN_WITH = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_REGION": "eu-west-1"}
"""Read from the environment: some providers sign what they send."""
TOOL = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}},
}
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Look."},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": "it"}'}}],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "seen"},
]


def main(how: str) -> None:
    """Print what is found out."""
    earnest: list[str] = []
    with _whole() if how == "whole" else _noted(earnest):
        litellm_library.load()
    litellm = importlib.import_module("litellm")

    loaded = len(_ours())
    stood_in = [name for name, module in sys.modules.items() if isinstance(module, _StandIn)]
    providers = {name: _told(litellm, name) for name in sorted(one.value for one in litellm.LlmProviders)}
    uncatchable = sorted(_uncatchable())
    unresolved = sorted(_unresolved())
    json.dump(
        {
            "loaded": loaded,
            "earnest": earnest,
            "stood_in": stood_in,
            "uncatchable": uncatchable,
            "unresolved": unresolved,
            "providers": providers,
        },
        sys.stdout,
    )


@contextlib.contextmanager
def _whole() -> Iterator[None]:
    """Have no stand-ins."""
    litellm_library.standing_in = lambda *_, **__: contextlib.nullcontext()
    yield


@contextlib.contextmanager
def _noted(earnest: list[str]) -> Iterator[None]:
    """Note who is asked for in earnest while litellm is read in and rehearsed."""
    kept = _Finder.earnest

    def noting(self: _Finder, name: str) -> ModuleType:
        earnest.append(name)
        return kept(self, name)

    _Finder.earnest = noting
    try:
        yield
    finally:
        _Finder.earnest = kept


def _ours() -> list[tuple[str, Any]]:
    real = list(sys.modules.items())
    return [(name, one) for name, one in real if name.partition(".")[0] == "litellm" and not isinstance(one, _StandIn)]


def _uncatchable() -> Iterator[str]:
    """Yield the `except` clauses of what was read in that name a stand-in."""
    for name, module in _ours():
        later = {key for key, value in vars(module).items() if isinstance(value, _Later)}
        if later:
            for node in ast.walk(ast.parse(inspect.getsource(module))):
                if isinstance(node, ast.ExceptHandler) and node.type is not None:
                    caught = {one.id for one in ast.walk(node.type) if isinstance(one, ast.Name)}
                    yield from (f"{name}:{node.lineno} {one}" for one in sorted(caught & later))


def _unresolved() -> Iterator[str]:
    """Yield the names of what was read in that stand for nothing."""
    for name, module in _ours():
        for key, value in list(vars(module).items()):
            if isinstance(value, _Later | _Made):
                try:
                    value.it()
                except Exception as error:  # noqa: BLE001 -- whichever
                    yield f"{name}.{key}: {error!r}"


def _told(litellm: ModuleType, provider: str) -> dict[str, object]:
    """Return what a provider is asked for a call with a tool, and what becomes of its refusal."""
    asked: list[object] = []

    def refuse(self: httpx.Client, request: httpx.Request, **_: object) -> httpx.Response:
        del self
        body = request.read().decode("utf-8", "replace")
        asked.append([request.method, str(request.url), body])
        return httpx.Response(401, json={"error": {"message": "who are you?", "type": "auth"}}, request=request)

    def nowhere(*_: object, **__: object) -> NoReturn:
        raise OSError("nothing leaves this machine")

    kept, httpx.Client.send = httpx.Client.send, refuse
    socket.getaddrinfo = nowhere
    socket.socket.connect = nowhere
    try:
        litellm.completion(
            model=f"{provider}/some-model",
            messages=json.loads(json.dumps(MESSAGES)),
            tools=[TOOL],
            temperature=0.5,
            max_tokens=100,
            api_key="k",
            api_base="http://127.0.0.1:9/v1",
            num_retries=0,
            max_retries=0,
            timeout=5,
            _skip_mcp_handler=True,
        )
        ended = "answered"
    except BaseException as error:  # noqa: BLE001 -- whichever
        ended = f"{type(error).__mro__[:3]} {str(error)[:300]}"
    finally:
        httpx.Client.send = kept
    return {"asked": asked, "ended": ended}


if __name__ == "__main__":
    main(sys.argv[1])
