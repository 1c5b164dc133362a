"""What the model is shown of the thread a task comes from: what stood there at the trigger, and whose words it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from intern_action.core.frozen import frozen
from intern_action.core.hidden import reveal
from intern_action.core.types import Comment, Thread
from intern_action.settings.words import prompt

MOST_CHARS = 24_000
LONGEST = 8_000
"""Characters of all comments, and of one."""


@frozen
class Trigger:
    """What began a session.

    Args:
        at: when it was said.
        comment: id of the comment that was it; "" when it was the thread's own text.
        seen: the thread as the event showed it; None where only the forge knows it.
    """

    at: datetime
    comment: str = ""
    seen: Thread | None = None


@frozen
class Quoted:
    """Somebody's words as they are shown, each line behind a `> `."""

    by: str
    writes: bool
    quoted: str
    at: datetime | None = None


def shown(thread: Thread, trigger: Trigger, *, writes: Callable[[str], bool], ours: str) -> str:
    """Return what stands in the thread beside the task, "" when nothing does.

    Comments that are as young as the trigger or younger, or were edited since, are left out and counted: nobody who asked has
    seen them so. What hides is taken out, and everything is quoted with its author.

    Args:
        thread: as the forge has it now.
        trigger: what began the session.
        writes: whether somebody may write to the repository.
        ours: our own name; what we said is left out.
    """
    others = [one for one in thread.comments if one.id != trigger.comment and one.by.casefold() != ours.casefold()]
    younger = [one for one in others if one.at >= trigger.at]
    before = [one for one in others if one.at < trigger.at]
    kept = [one for one in before if one.edited_at is None or one.edited_at < trigger.at]
    body, changed = _body(thread, trigger)
    left_out = changed + len(before) - len(kept)
    if not (body and body[1].strip()) and not kept and not younger and not left_out:
        return ""
    comments = _newest(kept, writes)
    return prompt(
        "thread",
        thread=thread,
        body=Quoted(by=body[0], writes=writes(body[0]), quoted=_quote(body[1])) if body and body[1].strip() else None,
        comments=comments,
        changed=left_out,
        younger=len(younger),
        older=len(kept) - len(comments),
    ).strip()


def _body(thread: Thread, trigger: Trigger) -> tuple[tuple[str, str] | None, int]:
    """Return who wrote the thread's own text, and it, as it was at the trigger; and how many texts were changed since."""
    if not trigger.comment:
        return None, 0  # it is the task
    if trigger.seen is not None:
        return (trigger.seen.by, _text(trigger.seen)), 0
    if thread.edited_at is not None and thread.edited_at >= trigger.at:
        return None, 1
    return (thread.by, _text(thread)), 0


def _text(thread: Thread) -> str:
    """Return title and text, each read alone: nothing in a title opens a fence for the text."""
    return f"{reveal(thread.title).strip()}\n\n{reveal(thread.body).strip()}"


def _newest(comments: list[Comment], writes: Callable[[str], bool]) -> list[Quoted]:
    """Return as many of the newest comments as there is room for, oldest first."""
    room, found = MOST_CHARS, list[Quoted]()
    for one in reversed(comments):
        quoted = _quote(one.text)
        room -= len(quoted)
        if room < 0:
            break
        found.append(Quoted(by=one.by, writes=writes(one.by), quoted=quoted, at=one.at))
    return found[::-1]


def _quote(text: str) -> str:
    seen = reveal(text).strip()
    short = seen if len(seen) <= LONGEST else f"{seen[:LONGEST]}…"
    return "\n".join(f"> {line}".rstrip() for line in short.split("\n"))
