"""Secrets known by the name they are given to: `HF_TOKEN=…`, `"password": "…"`, `--api-key …`.

A name alone is no proof: `pad_token = tokenizer.eos_token` and `max_new_tokens: 512` are an ML engineer's daily bread. So
name and value are judged together, and an expression is never a secret.
"""

from __future__ import annotations

import re

_WORDS = ("token", "secret", "password", "passwd", "passphrase", "credential", "credentials", "pwd", "key")
_HARD = ("password", "passwd", "passphrase", "pwd", "secret")
"""What is given to a name that ends so need not look random."""

_ORDINARY = re.compile(
    r"(?:^|[_-])(?:pad|eos|bos|unk|sep|cls|mask|image|video|audio|special|additional|new|next|first|last|stop|start|end|begin"
    r"|decoder_start|user|assistant|per|num|max|min|sort|group|primary|foreign|cache|label|text|input|output|column|dict|public"
    r"|partition|index|lookup|join|hash|sub|idempotency|launch|event|cancel)[_-]?(?:token|key)$",
    re.IGNORECASE,
)
_KEYS = re.compile(
    r"(?:api|access|secret|private|account|auth|encryption|signing|master|service|admin|deploy|ssh)[_-]?(?:key)$",
    re.IGNORECASE,
)
_GIVEN = re.compile(
    r"""\\?["']?\]?\s{0,2}(?::=|=>|[:=])\s{0,2}(?:[fbru]{0,2}\\?(?P<mark>["'])(?P<quoted>[^\s"'\\]{4,4000})\\?(?P=mark)"""
    r"""|(?P<bare>[A-Za-z0-9+/_~!@#%^&*-]{6,4000}+={0,2})(?![\w.(\[{]))"""
)
_FLAG = re.compile(r"""(?:\s{1,2}|=)["']?(?P<bare>[A-Za-z0-9+/_~!@#%^&*.-]{6,4000}+={0,2})""")
_NAME = re.compile(r"[A-Za-z0-9_-]*$")
_NO_VALUE = re.compile(r"^[$<{\[%(*]|^my[_-]|your|placeholder|redacted|example\.|\.\.\.|…|x{4}|\*{3}", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[A-Za-z_][a-z0-9]*(?:_[a-z0-9]*)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_SHORTEST_TOKEN = 12
_LONGEST_NAME = 80


def masked_by_name(text: str, mask: str) -> str:
    """Return the text with the values that telling names are given masked."""
    lower = text.lower()
    if len(lower) != len(text):  # a letter that grows when it is made small moves every place after it
        lower = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
    spans = sorted({span for word in _WORDS if word in lower for span in _found(text, lower, word)})
    if not spans:
        return text
    parts: list[str] = []
    done = 0
    for start, end in spans:
        if start >= done:
            parts += [text[done:start], mask]
            done = end
    return "".join([*parts, text[done:]])


def secret_by_name(name: str, value: str) -> bool:
    """Whether a value that stands under this name in data is a secret."""
    return _telling(name) and _looks_secret(name, value, quoted=True)


def _found(text: str, lower: str, word: str) -> set[tuple[int, int]]:
    spans: set[tuple[int, int]] = set()
    place = lower.find(word)
    while place >= 0:
        end = place + len(word)
        span = _value_after(text, end)
        if span is not None:
            spans.add(span)
        place = lower.find(word, end)
    return spans


def _value_after(text: str, end: int) -> tuple[int, int] | None:
    """Return where the value stands that is given to the name that ends at `end`."""
    if text[end : end + 1].isalnum():
        return None
    given = _GIVEN.match(text, end)
    flag = None if given else _FLAG.match(text, end)
    found = given or flag
    if found is None:
        return None
    name = _name_before(text, end)
    if flag is not None and not name.startswith("--"):
        return None
    group = "quoted" if given is not None and given["quoted"] is not None else "bare"
    if _telling(name) and _looks_secret(name, found[group], quoted=group == "quoted"):
        return found.span(group)
    return None


def _name_before(text: str, end: int) -> str:
    found = _NAME.search(text[max(0, end - _LONGEST_NAME) : end])
    return found[0] if found else ""


def _telling(name: str) -> bool:
    if _ORDINARY.search(name):
        return False
    lower = name.lower()
    if lower.endswith("key"):
        return bool(_KEYS.search(name)) or name.endswith("_KEY")
    return lower.endswith(_WORDS)


def _looks_secret(name: str, value: str, *, quoted: bool) -> bool:
    if _NO_VALUE.search(value) or any(letter.isspace() for letter in value):
        return False
    digits = sum(letter.isdigit() for letter in value)
    mixed = not (value.islower() or value.isupper())
    if name.lower().endswith(_HARD):
        return quoted or (digits > 0 and not value.isdigit() and not _IDENTIFIER.fullmatch(value))
    if len(value) < _SHORTEST_TOKEN or _IDENTIFIER.fullmatch(value):
        return False
    return 0 < digits < len(value) and (mixed or digits > 1)
