"""Where something may hide in Markdown: characters, and the pieces of Markdown and HTML that `core.hidden` looks for.

Every repetition that could meet itself is possessive: a text that somebody wrote to be slow is read in linear time.
"""

from __future__ import annotations

import re

INVISIBLE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U00013455\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
UNSEEN = re.compile(f"[{INVISIBLE}]+")
EMOJI = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
DRESS = re.compile(f"(?<=[{EMOJI}0-9#*])\ufe0f(?![{INVISIBLE}])")  # only says that a sign is to be drawn in colour

POINT = re.compile(
    r"""
    (?P<fence>^[ \t>*+\-0-9.)]{0,40}(?P<sign>`{3,}|~{3,}))
    | (?P<definition>^[ \t>*+\-0-9.)]{0,40}\[(?:[^\[\]\\]|\\.){1,999}\]:)
    | (?P<tick>`+)
    | (?P<tag><[A-Za-z/!?])
    | (?P<entity>&(?:\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});)
    | (?P<picture>!\[)
    | (?P<link>\]\()
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
LANGUAGE = re.compile(r"[ \t]*[A-Za-z0-9_+#.-]{1,20}(?=\s|\Z)")
BLANK_LINE = re.compile(r"\n[ \t]*\n")
SPAN = re.compile(r"(`+)(?!`)[^`\n|]+\1(?!`)")
COMMENT_END = re.compile(r"--!?>")
TAG = re.compile("<[A-Za-z/!?]")
AUTOLINK = re.compile(r"<(?:[A-Za-z][A-Za-z0-9.+-]{1,31}:[^\s<>]*|[\w.+-]+@[\w.-]+)>")
NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)(?=[\s/>]|\Z)")
VALUES = r"""=\s*+"[^"]*+"|=\s*+'[^']*+'|=(?!\s*+["'])|["']"""
PROPER = re.compile(r"""(?:\s++[A-Za-z_:][\w.:-]*+(?:\s*+=\s*+(?:[^\s"'=<>`]++|'[^']*+'|"[^"]*+"))?+)*+\s*+/?""")
INLINE = re.compile(rf"""(?:[^<>"'=]++|{VALUES})*+""")
RAW = re.compile(rf"""(?:[^>"'=]++|{VALUES})*+""")
LINE_HEAD = re.compile(r"[\s>*+\-0-9.)]*")
HIDES = re.compile(r"(?:^|[\s\"'/])(?:hidden|style|aria-hidden|inert|popover)(?=[\s=/\"']|$)", re.IGNORECASE)
AMBIGUOUS = re.compile(r"[`~\\]|<!|=\s*[\"'][^\"']*<|\n(?: {4}|\t)[ \t]*</")
TITLE_TEXT = "|".join(
    rf"{opens}(?:[^{opens}{closes}\\\n]|\\.|\n(?![ \t]*\n))*+{closes}" for opens, closes in ('""', "''", (r"\(", r"\)"))
)
DESTINATION = re.compile(
    rf"""[ \t]*+(?:\n[ \t]*+)?(?:<[^<>\n]*+>|(?!<)(?:\\.|\S)++)
    (?:[ \t]*+(?:\n[ \t]*+)?(?:{TITLE_TEXT})(?=[ \t]*+(?:\n|\Z)))?
    [ \t]*+(?=\n|\Z)""",
    re.VERBOSE,
)
PICTURE = re.compile(r"!\[(?P<alt>(?:[^\[\]\\]|\\.|\[[^\[\]]{0,500}\]){0,2000}+)\]", re.DOTALL)
TITLE = re.compile(
    r"""\]\(\s*+(?P<to>(?:[^\s\]]|\](?!\())++)\s++(?P<title>"[^"]{0,2000}+"|'[^']{0,2000}+'|\([^()]{0,2000}+\))\s*+\)"""
)

FOLDED = re.compile("details")
DROPPED = re.compile(
    "audio|canvas|datalist|dialog|embed|frameset|head|iframe|map|math|noembed|noframes|noscript|object|plaintext|script|select|"
    "style|svg|template|textarea|title|video|xmp"
)
VOID = re.compile("area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr")
RAW_TO_THE_END = re.compile("pre|script|style|textarea")
QUOTED = re.compile(r"""=\s*+(?:"[^"<>]*"|'[^'<>]*')""")
ENDLESS = re.compile(
    rf"<[!?]|</[^A-Za-z]|<[A-Za-z/][^<>]*+<|=\s*+[\"']|<(?:{DROPPED.pattern}|{RAW_TO_THE_END.pattern})\b",
    re.IGNORECASE,
)
"""Inside of an element: what may reach beyond its closing tag."""
LONGEST_TAG = 4_000
PATIENCE = 400_000
