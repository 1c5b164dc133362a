"""What goes out: a conversation as the messages of OpenAI's chat completions, written turn by turn and never rewritten.

Everything here is append-only, so that an adapter may keep the bytes it has sent, and a provider its cache. People's words and
notes of the house both travel in the user role, each in its own frame: chat templates and providers disagree about system
messages in the middle (some refuse them, some move them to the top), about the user role they do not. A frame cannot be forged:
its tags are escaped wherever they occur in what is framed.

Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from intern_action.core.errors import Bug
from intern_action.core.types import Answer, Call, Conversation, JsonObject, Note, Reply, Thought, ToolSpec, Turn, Words
from intern_action.llm.call_ids import provider_id
from intern_action.llm.narrow import as_list

_TAGS = re.compile(r"<(?=/?\s*(?:house-note|words)\b)", re.IGNORECASE)
_NOT_IN_A_TOOL_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_TOOL_NAME = 64


def dump(value: object) -> bytes:
    """Return compact UTF-8 JSON. Half of a surrogate pair, which UTF-8 cannot hold, becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def framed_words(words: Words) -> str:
    """Return a person's words in their frame, under the person's name."""
    by = re.sub(r"[^\w.@\[\]-]", "_", words.by)
    return f'<words by="{by}">\n{_TAGS.sub("&lt;", words.text)}\n</words>'


def framed_note(text: str) -> str:
    """Return a note of the house in its frame."""
    return f"<house-note>\n{_TAGS.sub('&lt;', text)}\n</house-note>"


def tools(specs: Iterable[ToolSpec]) -> list[JsonObject]:
    """Return what a provider is told of the tools."""
    return [
        {
            "type": "function",
            "function": {"name": spec.name, "description": spec.description, "parameters": spec.parameters},
        }
        for spec in specs
    ]


def messages(conversation: Conversation, model: str) -> list[JsonObject]:
    """Return the whole conversation as messages, for who has to send it as objects. `model` is as for `Scribe`."""
    scribe = Scribe(model=model)
    written = [system(conversation.system)]
    for turn in conversation.turns:
        written += scribe.take(turn)
    return [*written, *scribe.rest()]


def system(text: str) -> JsonObject:
    """Return the first message."""
    return {"role": "system", "content": text}


@dataclass(slots=True, kw_only=True)
class Scribe:
    """Writes turns as messages. A message that was handed out is final; `rest` is what a next turn may still lengthen.

    Neighbouring turns in the user role become one message, because some chat templates insist on alternation. What is said
    between a call and its answer is written after the answer, because every provider insists that answers come first.

    Args:
        model: the model's name as the user gave it. Reasoning of another model is not returned: it could not read it, and a
            provider refuses another's signatures.
    """

    model: str
    replies: int = 0
    _said: list[str] = field(default_factory=list[str])
    _waiting: dict[str, str] = field(default_factory=dict[str, str])
    _used: set[str] = field(default_factory=set[str])

    def take(self, turn: Turn) -> list[JsonObject]:
        """Return the messages that became final with this turn."""
        match turn:
            case Words():
                self._said.append(framed_words(turn))
                return []
            case Note():
                self._said.append(framed_note(turn.text))
                return []
            case Answer():
                return self._answer(turn)
            case Reply():
                return self._reply(turn)

    def rest(self) -> list[JsonObject]:
        """Return the message at the end that is not final yet, if there is one.

        Raises:
            Bug: a call has no answer; no provider would take that.
        """
        if self._waiting:
            raise Bug(f"the model is asked to go on while these calls have no answer: {', '.join(self._waiting)}")
        return [{"role": "user", "content": "\n\n".join(self._said)}] if self._said else []

    def _reply(self, reply: Reply) -> list[JsonObject]:
        before = self.rest()
        self._said.clear()
        self.replies += 1
        message: dict[str, object] = {"role": "assistant", "content": reply.text}
        if not reply.calls:
            return [*before, message] if reply.text else before
        if reply.model in {"", self.model}:
            message.update(returned_thoughts(reply.thoughts))
        message["tool_calls"] = [self._call(call) for call in reply.calls]
        return [*before, message]

    def _call(self, call: Call) -> JsonObject:
        theirs = provider_id(call.id)
        wire_id = call.id if theirs in self._used else theirs
        self._used.add(wire_id)
        self._waiting[call.id] = wire_id
        arguments = json.dumps(call.arguments, ensure_ascii=False, separators=(",", ":"))
        return {"id": wire_id, "type": "function", "function": {"name": _tool_name(call.name), "arguments": arguments}}

    def _answer(self, answer: Answer) -> list[JsonObject]:
        wire_id = self._waiting.pop(answer.call.id, None)
        if wire_id is None:  # its call was folded away: a provider refuses an answer to nothing
            self._said.append(framed_note(f"{answer.call.name} answered an earlier call:\n{answer.result.text}"))
            return []
        return [{"role": "tool", "tool_call_id": wire_id, "content": answer.result.text}]


def _tool_name(name: str) -> str:
    """A name no provider takes back (`bash now!`) would make every later request fail, so it is made harmless."""
    return _NOT_IN_A_TOOL_NAME.sub("_", name)[:_LONGEST_TOOL_NAME] or "nameless"


def returned_thoughts(thoughts: Sequence[Thought]) -> JsonObject:
    """Return the message fields that give reasoning back, each block as it came, in the order it came.

    A block is one of: an item of Anthropic's `thinking_blocks`, an item of OpenRouter's `reasoning_details`, or the message
    fields themselves (`{"reasoning_content": ...}`), as `hearing` made them.
    """
    fields: dict[str, object] = {}
    for thought in thoughts:
        kind = str(thought.block.get("type", ""))
        if kind in {"thinking", "redacted_thinking"}:
            fields["thinking_blocks"] = [*as_list(fields.get("thinking_blocks")), thought.block]
        elif kind.startswith("reasoning."):
            fields["reasoning_details"] = [*as_list(fields.get("reasoning_details")), thought.block]
        else:
            fields.update(thought.block)
    return fields
