"""The yardstick: the shortest honest agent loop over httpx. It streams, calls one tool, and keeps its history as objects.

python -m bench.plain_loop BASE_URL MODEL FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "read_file",
            "description": "Read a file.",
            "parameters": {"type": "object", "properties": {"path": {"type": "string"}}},
        },
    }
]


def main() -> None:
    """Ask until the model calls no tool."""
    base_url, model, folder = sys.argv[1:]
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You are an agent."},
        {"role": "user", "content": "Read the notes."},
    ]
    with httpx.Client() as client:
        while True:
            message = _ask(client, base_url, {"model": model, "messages": messages, "tools": TOOLS, "stream": True})
            messages.append(message)
            if not message.get("tool_calls"):
                break
            for call in message["tool_calls"]:
                path = json.loads(call["function"]["arguments"])["path"]
                messages.append(
                    {"role": "tool", "tool_call_id": call["id"], "content": (Path(folder) / path).read_text()}
                )
    print(messages[-1]["content"], flush=True)


def _ask(client: httpx.Client, base_url: str, body: dict[str, Any]) -> dict[str, Any]:
    text, calls = "", {}
    with client.stream("POST", f"{base_url}/chat/completions", json=body) as response:
        for line in response.iter_lines():
            if not line.startswith("data: {"):
                continue
            for choice in json.loads(line[6:])["choices"]:
                text += choice["delta"].get("content") or ""
                for piece in choice["delta"].get("tool_calls", []):
                    call = calls.setdefault(
                        piece["index"], {"type": "function", "function": {"name": "", "arguments": ""}}
                    )
                    call["id"] = piece.get("id") or call["id"]
                    call["function"]["name"] += piece["function"].get("name") or ""
                    call["function"]["arguments"] += piece["function"].get("arguments") or ""
    return {"role": "assistant", "content": text, **({"tool_calls": list(calls.values())} if calls else {})}


if __name__ == "__main__":
    main()
