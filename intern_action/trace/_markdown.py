"""Other people's words on their way into Markdown: they stay words, call nobody, hide nothing and close no issue.

GitHub renders Markdown first and looks for `@names` in what comes out, so an entity or a backslash before the sign is no
protection. A zero-width space between the sign and the name is, wherever the text ends up.
"""

from __future__ import annotations

import re

Z = "\u200b"
LONGEST = 20_000
_LONGEST_LINE = 400

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)
_SPECIAL = re.compile(r"[\\`*\[\]|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|~(?=~)|(?<=~)~")
_FIRST = re.compile(r"^(?:(\d+)(?=[.)])|(?=[-+#>=:]))")
_ENTITY = re.compile(r"&(?=[#A-Za-z])")
_TAG = re.compile(r"<(?=[A-Za-z/!?$])")
_NAME = re.compile(r"@(?=[A-Za-z0-9])")
_CLOSES = re.compile(r"\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?)(?=:?\s+(?:[\w./-]*#\d|https?:|GH-\d))", re.IGNORECASE)
_HEADING = re.compile(r"^( {0,3})(#{1,6})(?=\s|$)", re.MULTILINE)
_FENCE = re.compile(r"(`{3,}|~{3,})(.*)")
_INNER_FENCE = re.compile(r"^([ \t>*+0-9.)-]+)(`{3,}|~{3,})", re.MULTILINE)


class Md(str):
    """Markdown that may stand in a page as it is: of our own making, or made harmless."""

    __slots__ = ()


def inline(text: str) -> Md:
    """Return somebody's words as plain text on one line: no emphasis, no link, no tag, and no table cell is broken."""
    flat = " ".join(_seen(text).split())
    flat = flat if len(flat) <= _LONGEST_LINE else f"{flat[:_LONGEST_LINE]}…"
    flat = _SPECIAL.sub(r"\\\g<0>", _CLOSES.sub(_split_word, flat))
    flat = _ENTITY.sub("&amp;", flat).replace("<", "&lt;")
    return Md(_NAME.sub(f"@{Z}", _FIRST.sub(r"\1\\", flat)))


def code(text: str) -> Md:
    """Return somebody's words as a code span on one line, which a table cell holds too."""
    flat = " ".join(_seen(text).split()).replace("|", "¦")
    flat = flat if len(flat) <= _LONGEST_LINE else f"{flat[:_LONGEST_LINE]}…"
    if not flat:
        return Md("")
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat[0] in "` " or flat[-1] in "` " else ""
    return Md(f"{fence}{pad}{flat}{pad}{fence}")


def fenced(text: str, *, most_chars: int = LONGEST) -> Md:
    """Return somebody's words as a block of code."""
    body = _cut(_seen(text), most_chars).rstrip("\n")
    longest = max((len(run) for run in re.findall("`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return Md(f"{fence}text\n{body}\n{fence}")


def block(text: str, *, most_chars: int = LONGEST) -> Md:
    """Return somebody's Markdown with its lists, tables and code, and without what it could do to others.

    No HTML and no comment, no picture from elsewhere, no `@name`, no closing of issues, no hidden link definitions; headings
    go below ours, and a fence that was left open is closed. Code is left as it is where it is certain to be code.
    """
    body = _cut(_seen(text), most_chars).replace("\r\n", "\n").replace("\r", "\n")
    shown: list[str] = []
    plain: list[str] = []
    fence = ""
    for row in body.split("\n"):
        if fence:
            shown.append(row)
            fence = "" if _closes(row, fence) else fence
        elif (opened := _FENCE.match(row)) and not (opened[1][0] == "`" and "`" in opened[2]):
            shown += [*_rows(plain), f"{opened[1]}{_language(opened[2])}"]
            plain, fence = [], opened[1]
        else:
            plain.append(row)
    return Md("\n".join([*shown, *_rows(plain), fence]).strip("\n"))


# --- inside ----------------------------------------------------------------------------------------------------------


def _rows(lines: list[str]) -> list[str]:
    return _tamed("\n".join(lines)).split("\n") if lines else []


def _tamed(text: str) -> str:
    """Return Markdown outside of code made harmless.

    A fence inside of a list or a quote is broken up: nobody can tell without a whole parser where it ends, and what stands
    after an end that we misjudge would be free.
    """
    text = _INNER_FENCE.sub(lambda found: found[1] + Z.join(found[2]), text)
    text = _TAG.sub(f"<{Z}", _ENTITY.sub(f"&{Z}", text)).replace("![", f"!{Z}[").replace("]:", f"]{Z}:")
    text = _NAME.sub(f"@{Z}", _CLOSES.sub(_split_word, text))
    return _HEADING.sub(lambda found: f"{found[1]}{'#' * min(6, len(found[2]) + 3)}", text)


def _closes(row: str, fence: str) -> bool:
    """Whether a line ends a fence, by CommonMark's rule."""
    found = re.fullmatch(r" {0,3}(`+|~+)[ \t]*", row)
    return found is not None and found[1][0] == fence[0] and len(found[1]) >= len(fence)


def _seen(text: str) -> str:
    """Return a text with everything visible that hides in text."""
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def _split_word(found: re.Match[str]) -> str:
    return f"{found[0][:2]}{Z}{found[0][2:]}"


def _language(info: str) -> str:
    """Return a fence's language: one plain word, never one that GitHub draws as a picture."""
    word = re.match(r"\s*([A-Za-z0-9_+-]{1,20})", info)
    return word[1] if word and word[1].lower() not in {"mermaid", "geojson", "topojson", "stl", "math"} else ""


def _cut(text: str, most_chars: int) -> str:
    return text if len(text) <= most_chars else f"{text[:most_chars]}\n\n(cut here; the trace has all of it)"
