"""What a reader of a page on GitHub does not see of somebody's Markdown is taken out, and a mark says what was there.

A person approves what they see, so a model must not be told more. Where it takes a whole renderer to tell whether something
shows, it is taken out: a mark too many costs a reader a question, one too few lets somebody speak behind a reader's back. Only
code that is certain to be code stays as it is, because tags in it do show. Everything here takes linear time.
"""

from __future__ import annotations

import html
import re

from intern_action.core.hidden_grammar import (
    AMBIGUOUS,
    AUTOLINK,
    BLANK_LINE,
    COMMENT_END,
    DESTINATION,
    DRESS,
    DROPPED,
    ENDLESS,
    FOLDED,
    HIDES,
    INLINE,
    LANGUAGE,
    LINE_HEAD,
    LONGEST_TAG,
    NAME,
    PATIENCE,
    PICTURE,
    POINT,
    PROPER,
    QUOTED,
    RAW,
    RAW_TO_THE_END,
    SPAN,
    TAG,
    TITLE,
    UNSEEN,
    VOID,
)
from intern_action.core.hidden_tables import without_excess


def reveal(text: str) -> str:
    """Return a text without what hides in it; each piece leaves a mark with its kind and its length.

    Taken out are HTML comments and declarations, folded and hidden elements, attributes, texts of pictures and titles of links,
    link definitions, and characters that cannot be seen (zero-width, direction, tags, variation selectors, controls).
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    shown = _Page(without_excess(plain, lambda taken: _mark("cells", taken))).shown()
    return UNSEEN.sub(_unseen, DRESS.sub("", shown))


def seen(text: str) -> str:
    """Return a text that is no page without the characters that cannot be seen; each run of them leaves a mark."""
    return UNSEEN.sub(_unseen, DRESS.sub("", text.replace("\r\n", "\n")))


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
        self.patience = PATIENCE

    def shown(self) -> str:
        """Return what shows, with the marks."""
        at = 0
        while (found := POINT.search(self.text, at)) is not None:
            self.out.append(self.text[at : found.start()])
            at = self._point(found)
        return "".join([*self.out, self.text[at:]])

    def _point(self, found: re.Match[str]) -> int:
        """Deal with one place that may hide something; return where to go on."""
        match found.lastgroup:
            case "sign" | "fence":
                return self._fence(found)
            case "tick":
                return self._ticks(found.start(), found.end())
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

    def _take(self, kind: str, start: int, end: int, *, whole: bool = False) -> int:
        """Leave a mark for a piece. Where Markdown may see HTML begin inside of it, everything to the end goes with it.

        Args:
            kind: what the mark calls it.
            start: of the piece.
            end: of the piece.
            whole: a browser and Markdown agree on where it ends.
        """
        if not whole and self._opens_later(start, end):
            end = len(self.text)
        self.out.append(_mark(kind, self.text[start:end]))
        if "`" in self.text[start:end]:
            self.odd_until = self._paragraph_end(end, self.odd_until)  # it may be half of a pair
        return end

    def _opens_later(self, start: int, end: int) -> bool:
        """Whether a tag begins on a later line of a piece, or the list or quote it stands in may end before it does."""
        line = self.text.find("\n", start, end)
        within = self.text[self.text.rfind("\n", 0, start) + 1] in " \t>*+-0123456789"
        return line >= 0 and (within or TAG.search(self.text, line, end) is not None)

    # --- code --------------------------------------------------------------------------------------------------------

    def _fence(self, found: re.Match[str]) -> int:
        """A fence at the very beginning of a line, outside of HTML, is code up to its end, or to the end of the text.

        Behind the signs of a list or a quote it may be one: then what it holds is read like any text.
        """
        sign, line_end = found["sign"], self._line_end(found.start())
        if sign[0] == "`" and "`" in self.text[found.end() : line_end]:
            self._keep(found.start(), found.start("sign"))
            return self._ticks(found.start("sign"), found.end())
        certain = found.start() == found.start("sign") and found.start() >= self.html_until
        language = LANGUAGE.match(self.text, found.end())
        told = self._keep(found.start(), language.end() if language else found.end())
        if not certain and "<" in self.text[told:line_end]:
            return self._take("words of a fence", told, len(self.text))
        if self.text[told:line_end].strip():
            self._take("words of a fence", told, line_end)
        if not certain:
            self.html_until = len(self.text) + 1  # from here on nobody knows which fence opens and which one closes
            return line_end
        closing = re.compile(rf"^ {{0,3}}{sign[0]}{{{len(sign)},}}[ \t]*$", re.MULTILINE).search(self.text, line_end)
        return self._keep(line_end, closing.end() if closing else len(self.text))

    def _ticks(self, start: int, end: int) -> int:
        """A pair on one line is code, unless HTML or a lonely backtick stands before it in its paragraph."""
        span = SPAN.match(self.text, start)
        escaped = start > 0 and self.text[start - 1] == "\\"
        if span is not None and not escaped and start >= max(self.html_until, self.odd_until):
            return self._keep(start, span.end())
        self.odd_until = self._paragraph_end(start, self.odd_until)
        return self._keep(start, end)

    def _paragraph_end(self, at: int, known: int) -> int:
        if at < known:
            return known
        blank = BLANK_LINE.search(self.text, at)
        return blank.end() if blank else len(self.text) + 1

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    # --- HTML --------------------------------------------------------------------------------------------------------

    def _tag(self, start: int) -> int:
        if self._escaped(start) and start >= self.block_until:
            self.html_until = self._paragraph_end(start, self.html_until)
            return self._keep(start, start + 1)
        raw = start < self.block_until or self._heads_a_line(start)
        link = None if start < self.block_until else AUTOLINK.match(self.text, start)
        if link is not None:
            return self._keep(start, link.end())
        at = self._markup(start, raw=raw)
        self.html_until = self._paragraph_end(at, self.html_until)
        if raw:
            self.block_until = max(self.block_until, self.html_until)
        return at

    def _markup(self, start: int, *, raw: bool) -> int:
        if self.text.startswith("<!--", start):
            return self._swallow("comment", start, COMMENT_END.search(self.text, start + 4), early="<!-->|<!--->")
        if self.text.startswith("<?", start) and (raw or self.text.find("?>", start) >= 0):
            return self._swallow("declaration", start, re.compile(r"\?>").search(self.text, start), early=r"<\?[^>]*>")
        if self.text.startswith("<![CDATA[", start):
            return self._swallow("declaration", start, re.compile(r"\]\]>").search(self.text, start), early=r"<![^>]*>")
        name = NAME.match(self.text, start)
        return self._declaration(start, raw=raw) if name is None else self._element(start, name, raw=raw)

    def _escaped(self, at: int) -> bool:
        before = self.text[max(0, at - LONGEST_TAG) : at]
        return (len(before) - len(before.rstrip("\\"))) % 2 == 1

    def _stands_alone(self, start: int) -> bool:
        """Whether nothing at all stands before it in its line: no list and no quote can end before it does."""
        return start == 0 or self.text[start - 1] == "\n"

    def _heads_a_line(self, start: int) -> bool:
        """Whether nothing but signs of lists and quotes stands before it in its line, so that HTML may begin as a block."""
        line = self.text.rfind("\n", 0, start) + 1
        return start - line <= LONGEST_TAG and LINE_HEAD.fullmatch(self.text, line, start) is not None

    def _swallow(self, kind: str, start: int, found: re.Match[str] | None, *, early: str) -> int:
        """Take up to an end that Markdown sees; where a browser sees an earlier one and a tag behind it, take everything."""
        end = found.end() if found else len(self.text)
        sooner = re.compile(early).match(self.text, start, end)
        fooled = sooner is not None and sooner.end() < end and "<" in self.text[sooner.end() : end]
        return self._take(kind, start, len(self.text) if fooled else end, whole=self._stands_alone(start))

    def _declaration(self, start: int, *, raw: bool) -> int:
        """`<!…>`, `</…>` and `<…>` without a proper name: a browser shows none in a block, Markdown may see a tag within."""
        if not raw and self.text[start + 1] != "!":
            return self._keep(start, start + 1)
        end = self.text.find(">", start) + 1 or len(self.text)
        whole = self.text[start + 1] == "!" and self.text[start + 2 : start + 3].isalpha()
        inner = None if whole else TAG.search(self.text, start + 2, end)
        if raw and whole and TAG.search(self.text, start + 2, end):
            end = len(self.text)  # what began before it may see a tag there
        return self._take("declaration", start, inner.start() if inner else end)

    def _element(self, start: int, name: re.Match[str], *, raw: bool) -> int:
        most = min(len(self.text), name.end() + LONGEST_TAG)
        rest = (RAW if raw else INLINE).match(self.text, name.end(), most)
        end = rest.end() if rest else name.end()
        if end >= len(self.text) or self.text[end] != ">":
            return self._unfinished(start, end, raw=raw)
        if TAG.search(self.text, name.end(), end) and not PROPER.fullmatch(self.text, name.end(), end):
            return self._take("unfinished HTML", start, len(self.text))  # Markdown may see the inner tag alone
        broken = "\n" in self.text[name.end() : end] and TAG.search(self.text, name.end(), end)
        if broken or self._opens_later(name.end(), end):
            return self._take("unfinished HTML", start, len(self.text))
        attributes, kind = self.text[name.end() : end].strip(" \t\n/"), name[1].lower()
        if self.text[start + 1] == "/":
            return self._bare(f"</{name[1]}>", attributes, end + 1)
        if RAW_TO_THE_END.fullmatch(kind):
            self.html_until = self.block_until = len(self.text) + 1
        if FOLDED.fullmatch(kind):
            return self._take(kind, start, self._closing(kind, end + 1), whole=True)
        if DROPPED.fullmatch(kind) or (HIDES.search(attributes) and not VOID.fullmatch(kind)):
            return self._take("element", start, self._closing(kind, end + 1), whole=True)
        return self._bare(f"<{name[1]}>", attributes, end + 1)

    def _unfinished(self, start: int, end: int, *, raw: bool) -> int:
        """A tag that does not end: in a block a browser swallows the rest with it, within a line it is text."""
        self.patience -= end - start + LONGEST_TAG // 10
        if raw or end - start >= LONGEST_TAG or self.patience < 0:
            return self._take("unfinished HTML", start, len(self.text))
        return self._keep(start, start + 1)

    def _bare(self, tag: str, attributes: str, end: int) -> int:
        self.out.append(tag)
        if attributes:
            self.out.append(_mark("attributes", attributes))
        return end

    def _closing(self, kind: str, start: int) -> int:
        """Return where an element ends: where its inside could fool us (code, quotes, other HTML), with the text."""
        tags = re.compile(rf"<{kind}(?=[\s/>])|(?P<slash></{kind}(?=[\s/>])[^<>]*>)", re.IGNORECASE)
        depth = 1
        for found in tags.finditer(self.text, start):
            depth += -1 if found["slash"] else 1
            if depth == 0:
                inside = self.text[start : found.end()]
                fooled = AMBIGUOUS.search(inside) or ENDLESS.search(QUOTED.sub("", inside))
                return len(self.text) if fooled else found.end()
        return len(self.text)

    # --- Markdown ----------------------------------------------------------------------------------------------------

    def _definition(self, found: re.Match[str]) -> int:
        """`[x]: address "title"` shows nowhere; within a paragraph it is text."""
        start = found.start()
        whole = DESTINATION.match(self.text, found.end())
        before = self.text[self.text.rfind("\n", 0, max(0, start - 1)) + 1 : start]
        goes_on = (before[:1].isalpha() or start - 1 == self.worded > 0) and start - 1 > self.defined
        if whole is None or goes_on:
            self.worded = self._line_end(start)
            return self._keep(start, self.text.index("[", start) + 1)
        taken = self.text[found.end() : whole.end()].strip()
        if "<" in taken.removeprefix("<"):
            return self._take("definition", start, len(self.text))  # perhaps none, but the beginning of what hides
        self.defined = whole.end()
        return self._take("definition", start, whole.end())

    def _entity(self, found: re.Match[str]) -> int:
        """`&#8203;` and the like are characters, too."""
        meant = html.unescape(found[0])
        if meant.strip(" \t\n") and UNSEEN.fullmatch(meant):
            return self._take("characters", found.start(), found.end())
        return self._keep(found.start(), found.end())

    def _picture(self, found: re.Match[str]) -> int:
        """Whoever sees a picture does not see its text."""
        whole = PICTURE.match(self.text, found.start())
        if whole is None or not whole["alt"] or not self.text.startswith(("(", "["), whole.end()):
            return self._keep(found.start(), found.end())
        self.out.append("![")
        if "<" in whole["alt"]:
            return self._take("picture text", whole.start("alt"), len(self.text))  # perhaps no picture, but a tag
        self._take("picture text", *whole.span("alt"))
        return whole.end() - 1

    def _link(self, found: re.Match[str]) -> int:
        whole = TITLE.match(self.text, found.start())
        if whole is None:
            return self._keep(found.start(), found.end())
        self.out.append(f"]({whole['to']} ")
        if "<" in whole["title"]:
            return self._take("title", whole.start("title"), len(self.text))  # perhaps none, but a tag
        self._take("title", *whole.span("title"))
        self.out.append(")")
        return whole.end()
