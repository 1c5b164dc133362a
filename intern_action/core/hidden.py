"""What a reader of a page on GitHub does not see of somebody's Markdown is taken out, and a mark says what was there.

A person approves what they see, so a model must not be told more. Where it takes a whole renderer to tell whether something
shows, it is taken out: a mark too many costs a reader a question, one too few lets somebody speak behind a reader's back. Only
code that is certain to be code stays as it is, because tags in it do show. Everything here takes linear time.
"""

from __future__ import annotations

import html
import re

_INVISIBLE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U00013455\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSEEN = re.compile(f"[{_INVISIBLE}]+")
_EMOJI = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
_DRESS = re.compile(f"(?<=[{_EMOJI}0-9#*])\ufe0f(?![{_INVISIBLE}])")  # only says that a sign is to be drawn in colour

_POINT = re.compile(
    r"""
    (?P<fence>^(?:`{3,}|~{3,}))
    | (?P<definition>^[ >*+\-0-9.)]{0,12}\[(?:[^\[\]\\]|\\.){1,999}\]:)
    | (?P<tick>`+)
    | (?P<tag><[A-Za-z/!?])
    | (?P<entity>&(?:\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});)
    | (?P<picture>!\[)
    | (?P<link>\]\()
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_SPAN = re.compile(r"(`+)(?!`)[^`\n|]+\1(?!`)")
_COMMENT_END = re.compile(r"--!?>")
_AUTOLINK = re.compile(r"<(?:[A-Za-z][A-Za-z0-9.+-]{1,31}:[^\s<>]*|[\w.+-]+@[\w.-]+)>")
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)(?=[\s/>]|\Z)")
_VALUES = r"""=\s*+"[^"]*+"|=\s*+'[^']*+'|["'=]"""
_INLINE = re.compile(rf"""(?:[^<>"'=]++|{_VALUES})*+""")
_RAW = re.compile(rf"""(?:[^>"'=]++|{_VALUES})*+""")
_LINE_HEAD = re.compile(r"[\s>*+\-0-9.)]*")
_HIDES = re.compile(r"(?:^|[\s\"'/])(?:hidden|style|aria-hidden|inert|popover)(?=[\s=/\"']|$)", re.IGNORECASE)
_AMBIGUOUS = re.compile(r"[`~\\]|<!|=\s*[\"'][^\"']*<|\n(?: {4}|\t)[ \t]*</")
_TITLE_TEXT = "|".join(
    rf"{opens}(?:[^{opens}{closes}\\\n]|\\.|\n(?![ \t]*\n))*+{closes}" for opens, closes in ('""', "''", (r"\(", r"\)"))
)
_DESTINATION = re.compile(
    rf"""[ \t]*+(?:\n[ \t]*+)?(?:<[^<>\n]*+>|\S++)
    (?:[ \t]*+(?:\n[ \t]*+)?(?:{_TITLE_TEXT})(?=[ \t]*+(?:\n|\Z)))?
    [ \t]*+(?=\n|\Z)""",
    re.VERBOSE,
)
_PICTURE = re.compile(r"!\[(?P<alt>(?:[^\[\]\\]|\\.|\[[^\[\]]{0,500}\]){0,2000}+)\]", re.DOTALL)
_TITLE = re.compile(
    r"""\]\(\s*+(?P<to>(?:[^\s\]]|\](?!\())++)\s++(?P<title>"[^"]{0,2000}+"|'[^']{0,2000}+'|\([^()]{0,2000}+\))\s*+\)"""
)

_FOLDED = re.compile("details")
_DROPPED = re.compile(
    "audio|canvas|datalist|dialog|embed|frameset|head|iframe|map|math|noembed|noframes|noscript|object|plaintext|script|select|"
    "style|svg|template|textarea|title|video|xmp"
)
_VOID = re.compile("area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr")
_RAW_TO_THE_END = re.compile("pre|script|style|textarea")
_LONGEST_TAG = 4_000
_PATIENCE = 400_000


def reveal(text: str) -> str:
    """Return a text without what hides in it; each piece leaves a mark with its kind and its length.

    Taken out are HTML comments and declarations, folded and hidden elements, attributes, texts of pictures and titles of links,
    link definitions, and characters that cannot be seen (zero-width, direction, tags, variation selectors, controls).
    """
    return _UNSEEN.sub(_unseen, _DRESS.sub("", _Page(text.replace("\r\n", "\n").replace("\r", "\n")).shown()))


def _unseen(found: re.Match[str]) -> str:
    return _mark("characters", found[0])


def _mark(kind: str, taken: str) -> str:
    return f"⟨hidden {kind}: {len(taken)}⟩"


class _Page:
    """One text, read once from the front.

    `html_until`, `block_until` and `odd_until` say how far a tag, a block of HTML and a lonely backtick may reach; `defined` is
    where the last definition ended, `worded` where the last line ended that looked like one and is text.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.out: list[str] = []
        self.html_until = 0
        self.block_until = 0
        self.odd_until = 0
        self.defined = 0
        self.worded = 0
        self.patience = _PATIENCE

    def shown(self) -> str:
        """Return what shows, with the marks."""
        at = 0
        while (found := _POINT.search(self.text, at)) is not None:
            self.out.append(self.text[at : found.start()])
            at = self._point(found)
        return "".join([*self.out, self.text[at:]])

    def _point(self, found: re.Match[str]) -> int:
        """Deal with one place that may hide something; return where to go on."""
        match found.lastgroup:
            case "fence":
                return self._fence(found)
            case "tick":
                return self._ticks(found)
            case "tag":
                return self._tag(found.start())
            case "definition":
                return self._definition(found)
            case "entity":
                return self._entity(found)
            case "picture":
                return self._picture(found)
            case _:
                return self._link(found)

    def _keep(self, start: int, end: int) -> int:
        self.out.append(self.text[start:end])
        return end

    def _take(self, kind: str, start: int, end: int) -> int:
        self.out.append(_mark(kind, self.text[start:end]))
        return end

    # --- code --------------------------------------------------------------------------------------------------------

    def _fence(self, found: re.Match[str]) -> int:
        """A fence at the very beginning of a line, outside of HTML, is code up to its end, or to the end of the text."""
        start, sign = found.start(), found[0]
        line_end = self._line_end(start)
        if start < self.html_until or (sign[0] == "`" and "`" in self.text[found.end() : line_end]):
            return self._ticks(found) if sign[0] == "`" else self._keep(start, found.end())
        closing = re.compile(rf"^ {{0,3}}{sign[0]}{{{len(sign)},}}[ \t]*$", re.MULTILINE).search(self.text, line_end)
        return self._keep(start, closing.end() if closing else len(self.text))

    def _ticks(self, found: re.Match[str]) -> int:
        """A pair on one line is code, unless HTML or a lonely backtick stands before it in its paragraph."""
        start = found.start()
        span = _SPAN.match(self.text, start)
        escaped = start > 0 and self.text[start - 1] == "\\"
        if span is not None and not escaped and start >= max(self.html_until, self.odd_until):
            return self._keep(start, span.end())
        self.odd_until = self._paragraph_end(start, self.odd_until)
        return self._keep(start, found.end())

    def _paragraph_end(self, at: int, known: int) -> int:
        if at < known:
            return known
        blank = _BLANK_LINE.search(self.text, at)
        return blank.end() if blank else len(self.text) + 1

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    # --- HTML --------------------------------------------------------------------------------------------------------

    def _tag(self, start: int) -> int:
        link = _AUTOLINK.match(self.text, start)
        if link is not None:
            return self._keep(start, link.end())
        raw = start < self.block_until or self._heads_a_line(start)
        self.html_until = self._paragraph_end(start, self.html_until)
        self.block_until = max(self.block_until, self.html_until) if raw else self.block_until
        if self.text.startswith("<!--", start):
            end = _COMMENT_END.search(self.text, start + 4)
            return self._take("comment", start, end.end() if end else len(self.text))
        name = _NAME.match(self.text, start)
        return self._declaration(start, raw=raw) if name is None else self._element(start, name, raw=raw)

    def _heads_a_line(self, start: int) -> bool:
        """Whether nothing but signs of lists and quotes stands before it in its line, so that HTML may begin as a block."""
        line = self.text.rfind("\n", 0, start) + 1
        return start - line <= _LONGEST_TAG and _LINE_HEAD.fullmatch(self.text, line, start) is not None

    def _declaration(self, start: int, *, raw: bool) -> int:
        """`<!…>`, `<?…?>`, `<![CDATA[…]]>` and `</…>` without a name: a browser shows none of them."""
        closing = "]]>" if self.text.startswith("<![CDATA[", start) else "?>" if self.text[start + 1] == "?" else ">"
        end = self.text.find(closing, start)
        if end >= 0 and (raw or closing != ">" or self.text[start + 1] == "!"):
            return self._take("declaration", start, end + len(closing))
        return self._take("declaration", start, len(self.text)) if raw else self._keep(start, start + 1)

    def _element(self, start: int, name: re.Match[str], *, raw: bool) -> int:
        most = min(len(self.text), name.end() + _LONGEST_TAG)
        rest = (_RAW if raw else _INLINE).match(self.text, name.end(), most)
        end = rest.end() if rest else name.end()
        if end >= len(self.text) or self.text[end] != ">":
            return self._unfinished(start, end, raw=raw)
        attributes, kind = self.text[name.end() : end].strip(" \t\n/"), name[1].lower()
        if self.text[start + 1] == "/":
            return self._bare(f"</{name[1]}>", attributes, end + 1)
        if _RAW_TO_THE_END.fullmatch(kind):
            self.html_until = self.block_until = len(self.text) + 1
        if _FOLDED.fullmatch(kind):
            return self._take(kind, start, self._closing(kind, end + 1))
        if _DROPPED.fullmatch(kind) or (_HIDES.search(attributes) and not _VOID.fullmatch(kind)):
            return self._take("element", start, self._closing(kind, end + 1))
        return self._bare(f"<{name[1]}>", attributes, end + 1)

    def _unfinished(self, start: int, end: int, *, raw: bool) -> int:
        """A tag that does not end: in a block a browser swallows the rest with it, within a line it is text."""
        self.patience -= end - start + _LONGEST_TAG // 10
        if raw or end - start >= _LONGEST_TAG or self.patience < 0:
            return self._take("unfinished HTML", start, len(self.text))
        return self._keep(start, start + 1)

    def _bare(self, tag: str, attributes: str, end: int) -> int:
        self.out.append(tag)
        if attributes:
            self.out.append(_mark("attributes", attributes))
        return end

    def _closing(self, kind: str, start: int) -> int:
        """Return where an element ends. Where its inside could fool us about that, its last closing tag counts."""
        tags = re.compile(rf"<{kind}(?=[\s/>])|(?P<slash></{kind}(?=[\s/>])[^<>]*>)", re.IGNORECASE)
        depth = 1
        for found in tags.finditer(self.text, start):
            depth += -1 if found["slash"] else 1
            if depth == 0 and not _AMBIGUOUS.search(self.text, start, found.end()):
                return found.end()
            if depth == 0:
                return [one.end() for one in tags.finditer(self.text, start) if one["slash"]][-1]
        return len(self.text)

    # --- Markdown ----------------------------------------------------------------------------------------------------

    def _definition(self, found: re.Match[str]) -> int:
        """`[x]: address "title"` shows nowhere; within a paragraph it is text."""
        start = found.start()
        whole = _DESTINATION.match(self.text, found.end())
        before = self.text[self.text.rfind("\n", 0, max(0, start - 1)) + 1 : start]
        goes_on = (before[:1].isalpha() or start - 1 == self.worded > 0) and start - 1 > self.defined
        if whole is None or goes_on:
            self.worded = self._line_end(start)
            return self._keep(start, self.text.index("[", start) + 1)
        self.defined = whole.end()
        return self._take("definition", start, whole.end())

    def _entity(self, found: re.Match[str]) -> int:
        """`&#8203;` and the like are characters, too."""
        meant = html.unescape(found[0])
        if meant.strip(" \t\n") and _UNSEEN.fullmatch(meant):
            return self._take("characters", found.start(), found.end())
        return self._keep(found.start(), found.end())

    def _picture(self, found: re.Match[str]) -> int:
        """Whoever sees a picture does not see its text."""
        whole = _PICTURE.match(self.text, found.start())
        if whole is None or not whole["alt"] or not self.text.startswith(("(", "["), whole.end()):
            return self._keep(found.start(), found.end())
        self.out.append("![")
        self._take("picture text", *whole.span("alt"))
        return whole.end() - 1

    def _link(self, found: re.Match[str]) -> int:
        whole = _TITLE.match(self.text, found.start())
        if whole is None:
            return self._keep(found.start(), found.end())
        self.out.append(f"]({whole['to']} ")
        self._take("title", *whole.span("title"))
        self.out.append(")")
        return whole.end()
