"""What class of outcome an answer is: the same failure with other figures, times, ids and paths in it is the same failure.

Two readings. Of a failure the class is what went wrong. Of an answer that is no failure it is all that it says, clocks and ids
aside: a step counter that moves is progress, a clock that moves is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from intern_action.core.types import JsonObject, ToolResult

OUT_OF_MEMORY = "out of memory"

_LINES_READ = 40
_MOST_LINE = 400
_MOST_SPOKEN = 600
"""Of a failure's text: errors stand at the end of what a program prints, and at the beginning of what a tool says."""
_MOST_SHAPE = 2_000
_MOST_CLASS = 200
_SHORTEST_NAME = 3

_MEMORY_WORDS = (
    "out of memory",
    "Out of memory",
    "OutOfMemory",
    "CUDA_OUT_OF_MEMORY",
    "Cannot allocate memory",
    "MemoryError",
)
_KILLED = 137

# Patterns are compiled when they are first used, by `re` itself: a start needs none of them.
_SPAN = r"\d+(?:\.\d+)?\s?(?:ms|s|sec|secs|seconds?|min|minutes?|hours?)"
_STAMP = (
    r"\x1b\[[0-9;]*m"
    r"|\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\b\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?\b"
    rf"|\b(?:in|after|elapsed:?|waited|since)\s{_SPAN}\b|\b{_SPAN}\s(?:ago|elapsed)\b"
)
_ID = (
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b0x[0-9a-fA-F]+\b"
    r"|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b|\b(?:pid|PID)[ =:]*\d+"
)
_PATH = r"(?:~|\.{1,2})?(?:/[\w@.+~%=-]+)+/?|\b[\w@.+-]+(?:/[\w@.+-]+)+"
_NUMBER = r"\d[\d_,.]*"

_RAISED = r"(?:\S+:\s+)?[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Timeout|NotFound)\b(?::.*)?"
_TEST = r"(?:FAILED|ERROR)[ \t]+(?P<test>\S+)(?:[ \t]+-[ \t]+(?P<why>.*))?"
_COUNTS = r"\b\d+ (?:failed|passed|errors?)\b"
_COMPLAINTS = (
    "error", "fatal", "failed", "failure", "denied", "refused", "cannot", "can't", "could not", "unable", "invalid", "not found",
    "no such", "killed", "timed out", "unknown", "unexpected", "missing", "must be", "not allowed", "no module", "no rule",
)  # fmt: skip
_EXIT = r"\n?\[exit code \d+\]\s*$"


def failure(result: ToolResult, *, asked: JsonObject, spoken: bool) -> str:
    """Return the class of a failure, "" where there is none, or where it says nothing of itself (a search without a find).

    Args:
        result: an answer.
        asked: the arguments of the call.
        spoken: the tool's own words are the reason (it refused, and names what it was asked for); else they are a program's
            output, in which the reason is found.
    """
    if not result.failed:
        return ""
    text = result.text
    if result.data.get("exit_code") == _KILLED or any(words in text for words in _MEMORY_WORDS):
        return OUT_OF_MEMORY
    if result.data.get("timed_out"):
        return "timed out"
    if spoken:
        return plain(_without(text[:_MOST_SPOKEN], asked))[:_MOST_CLASS]
    lines = [
        line[:_MOST_LINE] for line in re.sub(_EXIT, "", text[-_LINES_READ * _MOST_LINE :]).splitlines()[-_LINES_READ:]
    ]
    return _tests(lines) or _raised(lines) or _complaint(lines)


def plain(text: str) -> str:
    """Return a text without what changes from run to run: times, ids, paths, figures, blanks, letters' case."""
    for pattern, instead in ((_STAMP, ""), (_ID, ""), (_PATH, "PATH"), (_NUMBER, "#")):
        text = re.sub(pattern, instead, text)
    return " ".join(text.split()).lower()


def same_but_clocks(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether the lines of two answers say the same, times and ids aside; figures count, since they may be what moves.

    What moves mostly stands at the end, so that is looked at first.
    """
    if len(one) != len(other):
        return False
    pairs = zip(reversed(one), reversed(other), strict=True)
    return all(_without_clocks(left) == _without_clocks(right) for left, right in pairs if left != right)


def key_of(arguments: JsonObject) -> str:
    """Return arguments as one text: the same for the same ones in any order."""
    return json.dumps(arguments, sort_keys=True, ensure_ascii=False, default=str)


def shape_of(key: str) -> str:
    """Return what stays of arguments when only knobs are turned: figures, times, ids are left out; names and paths are not."""
    return re.sub(_NUMBER, "#", _without_clocks(key[:_MOST_SHAPE]))


def _without_clocks(text: str) -> str:
    return re.sub(_ID, "", re.sub(_STAMP, "", text))


def _without(text: str, asked: JsonObject) -> str:
    """Return a refusal without what was asked for: the fifth guess at a name is the same refusal as the first."""
    values = [
        value for value in asked.values() if isinstance(value, str) and _SHORTEST_NAME <= len(value) <= _MOST_CLASS
    ]
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, "PATH")
    return text


def _tests(lines: list[str]) -> str:
    """Of a test run its failed tests are the class, with their figures: one test less is progress."""
    found = [match for line in lines if (match := re.match(_TEST, line))]
    if found:
        return f"tests: {sorted((one['test'], plain(one['why'] or '')) for one in found)}"[: 4 * _MOST_CLASS]
    counts = next((counts for line in reversed(lines) if (counts := re.findall(_COUNTS, line))), None)
    return f"tests: {', '.join(counts)}" if counts else ""


def _raised(lines: list[str]) -> str:
    last = next((line for line in reversed(lines) if re.fullmatch(_RAISED, line)), "")
    return plain(last)[:_MOST_CLASS]


def _complaint(lines: list[str]) -> str:
    last = next((line for line in reversed(lines) if any(word in line.lower() for word in _COMPLAINTS)), "")
    return plain(last)[:_MOST_CLASS]
