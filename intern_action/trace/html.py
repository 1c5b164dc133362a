"""trace.html: one file that shows a whole session, opens offline and asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from intern_action.core.events import Entry
from intern_action.core.frozen import frozen
from intern_action.trace.gist import first_line, gist, pretty, short
from intern_action.trace.told import dollars, seconds
from intern_action.trace.turns import Story, TurnView, story
from intern_action.trace.whole import write_whole

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)
"""What an eye does not see, or what makes it see other letters than there are."""

_CONTROLS = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI", "DLE"),
    *("DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"),
)
_PAGE = "trace.html.j2"
_SHORT_LINES = 8
_SHORT_LETTERS = 700
_PREVIEW_LINES = 3


@frozen
class Bar:
    """One turn in the chart: places in units of its view box."""

    number: int
    x: float
    width: float
    y: float
    height: float
    title: str


def page(entries: Iterable[Entry], *, texts: Path, version: str = "") -> str:
    """Return the page of a session.

    Args:
        entries: its journal, from `Began` on.
        texts: the folder with `trace.html.j2`, `trace.css` and `trace.js` (`configs/texts`).
        version: of this program, for the foot.

    Raises:
        Bug: the journal does not begin with `Began`.
    """
    from markupsafe import Markup

    told = story(entries)
    css, js = ((texts / name).read_text(encoding="utf-8") for name in ("trace.css", "trace.js"))
    return (
        _template(texts)
        .get_template(_PAGE)
        .render(
            story=told,
            bars=bars(told),
            line=line(told),
            version=version,
            css=Markup(css),  # noqa: S704 - our own file
            js=Markup(js),  # noqa: S704 - our own file
            css_hash=_hash(css),
            js_hash=_hash(js),
        )
    )


def write(path: Path, entries: Iterable[Entry], *, texts: Path, version: str = "") -> None:
    """Write the page, whole or not at all. Raises Misconfigured when it cannot be written."""
    write_whole(path, page(entries, texts=texts, version=version))


def ready(texts: Path) -> None:
    """Compile the page, so that writing it takes less time."""
    _template(texts).get_template(_PAGE)


def shown(text: str) -> Markup:
    """Return a text for a page: escaped, and with everything visible that hides in text."""
    from markupsafe import Markup, escape

    parts: list[str] = []
    place = 0
    text = text.replace("\r\n", "\n")
    for found in _UNSEEN.finditer(text):
        parts += [str(escape(text[place : found.start()])), _mark(found[0])]
        place = found.end()
    return Markup("".join([*parts, str(escape(text[place:]))]))  # noqa: S704 - both kinds of parts are escaped


def bars(told: Story) -> tuple[Bar, ...]:
    """Return what each turn read and wrote, as bars in a box of 1000 by 100; nothing when no turn took a token."""
    sizes = [turn.reply.usage.input_tokens + turn.reply.usage.output_tokens for turn in told.turns]
    if not any(sizes):
        return ()
    most, width = max(sizes), 1000 / len(sizes)
    return tuple(
        Bar(
            number=turn.number,
            x=round(place * width, 2),
            width=round(max(width * 0.8, 0.8), 2),
            y=round(100 - 90 * size / most, 2),
            height=round(90 * size / most, 2),
            title=f"turn {turn.number}: {size:,} tokens, {_price(turn)}",
        )
        for place, (turn, size) in enumerate(zip(told.turns, sizes, strict=True))
    )


def line(told: Story) -> str:
    """Return the model's bill, summed up turn by turn, as the points of a line in the same box; "" when nothing was paid."""
    if not told.model_usd or len(told.turns) < 2:  # noqa: PLR2004 - a line needs two ends
        return ""
    width = 1000 / len(told.turns)
    points = (
        (place * width + width * 0.4, 100 - 90 * float(turn.total_usd / told.model_usd))
        for place, turn in enumerate(told.turns)
    )
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


# --- inside ----------------------------------------------------------------------------------------------------------


@cache
def _template(texts: Path) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(texts),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_final,
    )
    filters: dict[str, Callable[..., object]] = {
        "shown": shown,
        "dollars": dollars,
        "span": seconds,
        "gist": gist,
        "short": short,
        "pretty": pretty,
        "first_line": first_line,
        "is_long": _is_long,
        "preview": _preview,
        "size": _size,
        "web": _web,
        "price": _price,
    }
    made.filters.update(filters)  # pyright: ignore[reportUnknownMemberType] - jinja2 leaves its type open
    return made


def _final(value: object) -> object:
    """Make every text of a page harmless and visible; what a filter has made so already stays."""
    return shown(value) if type(value) is str else value


def _mark(letter: str) -> str:
    code = ord(letter)
    name = _CONTROLS[code] if code < len(_CONTROLS) else f"U+{code:04X}"
    return f'<span class="u">{name}</span>'


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _is_long(text: str) -> bool:
    return len(text) > _SHORT_LETTERS or text.count("\n") >= _SHORT_LINES


def _preview(text: str) -> str:
    lines = [row for row in text.splitlines() if row.strip()][:_PREVIEW_LINES]
    return "\n".join(short(row, width=160) for row in lines)


def _size(text: str) -> str:
    rows = text.count("\n") + 1
    kilobytes = len(text) / 1000
    return f"{rows} line{'s' if rows != 1 else ''}, {kilobytes:.1f} kB"


def _web(address: str) -> str:
    """Return an address people may be sent to, "" for any other."""
    return address if re.fullmatch(r"https?://[!#-&(-;=?-\[\]-~]{1,500}", address) else ""


def _price(turn: TurnView) -> str:
    return "price unknown" if turn.usd is None else dollars(turn.usd)
