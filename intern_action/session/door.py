"""Control's door: what it writes into a journal is masked first, as the agent half's door does with what a model says.

A job prints its own token, a provider repeats the key it refuses, a person pastes one: control hears all of that.
"""

from __future__ import annotations

from dataclasses import replace

from intern_action.core.events import Answered, Began, Event, Moved, Noted, Published, Refused, Told
from intern_action.core.ports import Redactor


def masked(event: Event, redactor: Redactor) -> Event:
    """Return an event of control's without secrets in what others have said; numbers, digests and names of ours stay."""
    match event:
        case Began(task=task):
            return replace(event, task=redactor.text(task))
        case Told(words=words) | Refused(words=words):
            return replace(event, words=redactor.text(words))
        case Moved(why=why):
            return replace(event, why=redactor.text(why))
        case Noted(text=text):
            return replace(event, text=redactor.text(text))
        case Answered(result=result):
            told = replace(result, text=redactor.text(result.text), data=redactor.data(result.data))
            return replace(event, result=told)
        case Published(data=data):
            return replace(event, data={name: redactor.text(value) for name, value in data.items()})
        case _:
            return event
