"""A renderer is the judge: whatever word is left in a text, a reader of the rendered page sees it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from intern_action.core.hidden import reveal

VOID = frozenset({"img", "br", "hr", "input", "wbr"})
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


class Reader(HTMLParser):
    """Somebody who looks at a page, and opens nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.hiding: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        hides = tag in {"details", "script", "style"} or "hidden" in dict(attrs)
        self.seen += [value or "" for name, value in attrs if name in {"href", "src", "class"}]  # addresses are kept
        if tag not in VOID and (self.hiding or hides):
            self.hiding.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.hiding:
            while self.hiding.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self.hiding:
            self.seen.append(data)


def seen(text: str) -> set[str]:
    """Return the numbered words that a reader sees."""
    reader = Reader()
    reader.feed(MARKDOWN.render(text))
    return words(unquote("".join(reader.seen)))


def words(text: str) -> set[str]:
    return set(re.findall(r"§\d+w", text))


PIECES = st.sampled_from(
    [
        *("WORD", "WORD", "WORD", " ", " ", "\n", "\n", "\n\n", "    ", "\t", "> ", "- ", "1. ", "# ", "|", "\\"),
        *("`", "``", "```", "```\n", "~~~\n", "\n```\n", "<!--", "-->", "<?", "?>", "<!X ", "<![CDATA[", "]]>"),
        *(
            "<details>",
            "</details>",
            "<p hidden>",
            "</p>",
            "<div>",
            "</div>",
            "<div ",
            ">",
            "<",
            "</",
            "<b",
            "<b>",
            "</b>",
            "/>",
        ),
        *(
            "<img alt='",
            '<a title="',
            "'",
            '"',
            "'>",
            '">',
            "=",
            " hidden",
            "<pre>",
            "</pre>",
            "<script>",
            "</script>",
            "<http://x",
        ),
        *(
            "[a]: ",
            "[a]: /u ",
            "[",
            "]",
            "](",
            "](/u ",
            ")",
            "![",
            "(",
            "/u",
            "<style>",
            "</style>",
            "| a |\n|---|\n| ",
            "&#8203;",
        ),
    ]
)


@settings(max_examples=1_500)
@given(st.lists(PIECES, max_size=14))
@example(["WORD", "\n", "[a]: /u ", "'", "WORD", "'"])
def test_every_word_that_is_left_is_one_that_a_reader_sees(pieces: list[str]):
    text = "".join(piece.replace("WORD", f"§{number}w") for number, piece in enumerate(pieces))
    assume(
        not re.search("<!--+>|\\\\\t", text)
    )  # Python's reader and this renderer differ there from a browser and from GitHub
    assert words(reveal(text)) <= seen(text)
