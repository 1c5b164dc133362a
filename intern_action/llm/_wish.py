"""What a person wishes of the built-in planner, read from their words.

    fine-tune MODEL on DATASET [with epochs=3, lora, 2 epochs, batch size 8] [on FLAVOR] [timeout 2h] [push to owner/name]
        [with a demo Space] [and deploy it [on intel-spr-x4] [for 8h]]
    train … · evaluate …                                   names with spaces stand in quotes

Tolerant of politeness around it; what was not understood is kept, so that it can be said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Literal

from intern_action.core.durations import minutes
from intern_action.core.frozen import frozen
from intern_action.core.types import Wish


@frozen
class Deploy:
    """A wish for an endpoint that serves the result: the machine, and for how long."""

    flavor: str = "intel-spr-x4"
    lifetime: str = "8h"


@frozen
class Asked:
    """A wish, where the result shall go, whether it shall be served, and the words that were not understood."""

    wish: Wish
    upload: str = ""
    deploy: Deploy | None = None
    ignored: tuple[str, ...] = ()


@frozen
class Said:
    """Settings and more, as far as somebody said them."""

    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    flavor: str = ""
    timeout_minutes: int = 0
    upload: str = ""
    deploy: Deploy | None = None
    ignored: tuple[str, ...] = ()


_NAME = r"""(?:"[^"\n]+"|'[^'\n]+'|`[^`\n]+`|“[^”\n]+”|[^\s"'`“”]+)"""
_WISH = re.compile(
    rf"""(?<![\w-])
    (?P<verb>fine[ -]?tun(?:e|ing)|train(?:ing)?|evaluat(?:e|ing)|eval)\s+
    (?:(?:the|a|an|my|our)\s+)?(?:model\s+)?(?P<model>{_NAME})(?:\s+model)?\s+
    (?:on|against)\s+
    (?:(?:the|a|an|my|our)\s+)?(?:data\s?set\s+)?(?P<dataset>{_NAME})(?:\s+data\s?set\b)?""",
    re.IGNORECASE | re.VERBOSE,
)
_NOT = re.compile(r"\b(?:not|never|don't|dont|stop|without)\W*(?:\w+\W+){0,2}$", re.IGNORECASE)
_POLITE = re.compile(
    r"(?:/intern|@[\w-]+|please|pls|kindly|hi|hello|hey|there|thanks|thank|you|thx|cheers|can|could|would|will|now|just|so|and|then|"
    r"to|i|we|want|like|it|for|me|us|again|also|with|using|the|result|model|a|lot|much)\b[\s,.!?:]*",
    re.IGNORECASE,
)
_MOST_CHARS, _MOST_SHOWN, _NEAR = 20_000, 300, 60
_ENDS = ".,;:!?)"
_BLANKS = " \n\t.,;:!?-*•"
_QUOTES = "\"'`“”"

_NUMBERED = (
    r"batch[ _-]size|learning[ _-]rate|max[ _-]length|max[ _-]steps|lora[ _-]rank|weight[ _-]decay|"
    r"epochs?|accumulation|batch|seed|rank|warmup|lr"
)
"""What people name without `=`: `batch size 8`. Which settings there are is the recipes' to say."""

_WORDS = r"""(?:"[^"\n]+"|'[^'\n]+'|`[^`\n]+`|“[^”\n]+”|[^\s,;"'`“”]+)"""
_VALUE = rf"(?P<value>{_WORDS})"
_NUMBER = r"(?P<value>\d[\d.]*(?:e-?\d+)?)"
_SWITCHES = r"(?P<name>lora|gradient[ _-]checkpointing|checkpointing)\b"
_UNITS = r"(?:weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?![a-z])"
_TIME = rf"\d+(?:\.\d+)?\s*{_UNITS}(?:\s*\d+(?:\.\d+)?\s*{_UNITS})*"
_ITEMS = {
    "deploy": (
        r"(?:deploy|serve)(?![\w-])(?:\s+(?:it|the|model|result)\b)*(?:\s+(?:as|behind|to)?\s*(?:an?\s+)?(?:inference\s+)?endpoint\b)?"
        rf"(?:(?:\s+on\s+(?:an?\s+)?|\s*[=:]\s*)(?P<value>[a-z0-9][a-z0-9-]*-x\d+))?(?:\s+for\s+(?P<lifetime>{_TIME}))?"
    ),
    "demo": r"(?:an?\s+|the\s+)?(?P<name>demo|(?=space))(?:\s*space)?(?![\w-])(?!\s*=)",
    "upload": rf"(?:push|upload|publish)(?:(?:\s+(?:it|the|model|result|to))*\s+|\s*[=:]\s*){_VALUE}",
    "timeout": (
        r"(?:timeout|time\s+limit|within|for\s+at\s+most)\s*(?:[=:]|of|is)?\s*"
        rf"(?P<value>{_TIME}|\d[\d.]*(?!\w))"
    ),
    "flavor": rf"(?:flavor|flavour|hardware)\s*[=:]?\s*{_VALUE}",
    "on": rf"on\s+(?:(?:a|an|the)\s+)?(?=\S*[\d-]){_VALUE}",
    "pair": rf"(?P<name>[A-Za-z][\w-]*)\s*=\s*{_VALUE}",
    "counted": rf"(?:for\s+)?{_NUMBER}\s+(?P<name>epochs?|steps|max[ _-]steps)\b",
    "number": rf"(?P<name>{_NUMBERED})(?:\s+(?:of|is|to))?\s*:?\s*{_NUMBER}(?!\w)",
    "without": rf"(?:no|without)\s+{_SWITCHES}",
    "switch": _SWITCHES,
}
_PATTERNS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _ITEMS.items()}
_BETWEEN = re.compile(r"(?:[\s,;]|[.!?](?=\s|$)|(?:and|then|with|using)\b)+", re.IGNORECASE)
_LONE = re.compile(r"(?P<name>[A-Za-z][\w-]*)\s*(?=[,;\n]|$)")
_WORD = re.compile(r"\S+")


def asked_in(words: str, *, flavor: str, timeout_minutes: int) -> Asked | None:
    """Return the wish in somebody's words, None when there is none. `flavor` and `timeout_minutes` hold when nobody says."""
    text = " ".join(re.split(r"[^\S\n]+", words[:_MOST_CHARS]))  # a run of blanks is one: patterns need not try each
    found = _WISH.search(text)
    before = text[: found.start()] if found else ""
    if found is None or _NOT.search(before[-_NEAR:]):
        return None
    dataset = _plain(found["dataset"])
    rest = text[found.end() :] if found["dataset"].rstrip(_ENDS) == found["dataset"] else f". {text[found.end() :]}"
    said = _said(rest, lone=True)
    verb: Literal["train", "evaluate"] = "evaluate" if found["verb"].lower().startswith("eval") else "train"
    wish = Wish(
        verb=verb,
        model=_plain(found["model"]),
        dataset=dataset,
        settings=said.settings,
        flavor=said.flavor or flavor,
        timeout_minutes=said.timeout_minutes or timeout_minutes,
    )
    found = Asked(wish=wish, upload=said.upload, deploy=said.deploy, ignored=(*_ignored(before), *said.ignored))
    return _with_demo(found)


def said_in(words: str) -> Said:
    """Return the settings in somebody's words on a wish that stands: `batch_size=8`, `2 epochs`, `no lora`, `timeout 2h`."""
    return _said(" ".join(re.split(r"[^\S\n]+", words[:_MOST_CHARS])), lone=False)


def amended(asked: Asked, said: Said) -> Asked:
    """Return a wish with other settings."""
    settings = {**asked.wish.settings, **said.settings}
    wish = replace(
        asked.wish,
        settings={name: value for name, value in settings.items() if value != "false"},
        flavor=said.flavor or asked.wish.flavor,
        timeout_minutes=said.timeout_minutes or asked.wish.timeout_minutes,
    )
    return _with_demo(replace(asked, wish=wish, upload=said.upload or asked.upload, deploy=said.deploy or asked.deploy))


def _with_demo(asked: Asked) -> Asked:
    """Tell a demo, where one is wished, which model of the Hub it shows."""
    if "demo" not in asked.wish.settings or not asked.upload:
        return asked
    return replace(asked, wish=replace(asked.wish, settings={**asked.wish.settings, "demo": asked.upload}))


def _said(text: str, *, lone: bool) -> Said:
    """Scan from the left. Directly after `with`, a lone word between commas is a switch whose name its recipe judges."""
    settings, ignored = dict[str, str](), list[str]()
    other = {"flavor": "", "upload": "", "timeout": ""}
    deploy: Deploy | None = None
    place, listing, fresh = 0, False, True
    while place < len(text):
        between = _BETWEEN.match(text, place)
        if between:
            place = between.end()
            listing = lone and (listing or bool(re.search(r"\b(?:with|using)\b", between[0], re.IGNORECASE)))
            listing = listing and not re.search(r"[.!?\n]", between[0])
            fresh = bool(re.search(r"[,;]|[a-z]", between[0], re.IGNORECASE))
            continue
        kind, item = _item(text, place, lone=listing and fresh)
        place, fresh = item.end(), False
        listing = listing and not item[0].endswith((".", "!", "?"))
        match kind:
            case "timeout" if not _is_time(_plain(item["value"])):
                ignored.append(item[0])
            case "deploy":
                deploy = _deploy(item)
            case "upload" | "flavor" | "timeout" | "on":
                other[_SPECIAL.get(kind, kind)] = _plain(item["value"])
            case "pair" if _key(item["name"]) in _SPECIAL:
                other[_SPECIAL[_key(item["name"])]] = _plain(item["value"])
            case "pair" | "counted" | "number":
                settings[_key(item["name"])] = _plain(item["value"])
            case "switch" | "lone" | "demo":
                settings[_key(item["name"]) or "demo"] = "true"
            case "without":
                settings[_key(item["name"])] = "false"
            case _:
                ignored.append(item[0])
    return Said(
        settings=settings,
        flavor=other["flavor"],
        timeout_minutes=minutes(other["timeout"]) if other["timeout"] else 0,
        upload=other["upload"],
        deploy=deploy,
        ignored=_ignored(" ".join(ignored)),
    )


def _deploy(item: re.Match[str]) -> Deploy:
    usual = Deploy()
    return Deploy(flavor=item["value"] or usual.flavor, lifetime=item["lifetime"] or usual.lifetime)


_SPECIAL = {
    "flavor": "flavor",
    "flavour": "flavor",
    "hardware": "flavor",
    "on": "flavor",
    "timeout": "timeout",
    "upload": "upload",
    "push": "upload",
    "push-to": "upload",
}
"""What stands between the settings and is none of a recipe's."""


def _item(text: str, place: int, *, lone: bool) -> tuple[str, re.Match[str]]:
    """Return the kind of what stands at a place, and the match."""
    for kind, pattern in _PATTERNS.items():
        found = pattern.match(text, place)
        if found:
            return kind, found
    alone = _LONE.match(text, place) if lone else None
    if alone and not _POLITE.fullmatch(alone["name"]):
        return "lone", alone
    word = _WORD.match(text, place)
    if word is None:
        raise ValueError(f"nothing stands at {place} of {text!r}")
    return "ignored", word


def _ignored(text: str) -> tuple[str, ...]:
    """Return what was not understood as one text, none when it was politeness."""
    left = text.strip()
    while polite := _POLITE.match(left):
        left = left[polite.end() :]
    if not left.strip(_BLANKS):
        return ()
    words = " ".join(text.strip(_BLANKS).split())
    return (words if len(words) <= _MOST_SHOWN else f"{words[:_MOST_SHOWN]}…",)


def _plain(name: str) -> str:
    """Return a name without its quotes, or without the end of a sentence."""
    if name[:1] in _QUOTES and name[-1:] in _QUOTES and len(name) > 1:
        return name[1:-1].strip()
    return name.rstrip(_ENDS) or name


def _key(name: str) -> str:
    return re.sub(r"[\s_]+", "-", name.strip().lower())


def _is_time(text: str) -> bool:
    try:
        return bool(minutes(text))
    except ValueError:
        return False
