"""Measures a saved model again, with nothing of ours: plain transformers over the held-out rows of a folder.

    python bench/check_model.py MODEL_DIR DATASET_DIR [--most-shared 0.8]

Prints one JSON object: accuracy, n, majority (what always saying the most frequent class would score), duplicates (held-out rows
whose words are in the training rows too) and near (held-out rows that share most five-word runs with one training row). Exits
with 1 when there are duplicates: then the accuracy means nothing.

It reads the rows itself (JSON lines, gzipped or not, and CSV), so that a mistake in how the training reads them shows.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import cast


def rows_of(folder: Path, split: str) -> list[dict[str, str]]:
    """The rows of every file of the folder whose name begins with the split's."""
    rows: list[dict[str, str]] = []
    for path in sorted(folder.rglob(f"{split}*")):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = content.decode().split("\n")
        if ".jsonl" in path.suffixes:
            rows += [json.loads(line) for line in lines if line]
        elif ".csv" in path.suffixes:
            rows += list(csv.DictReader(lines))
    return rows


def runs(text: str, words: int = 5) -> set[str]:
    """The runs of five words of a text, letters and digits only."""
    said = "".join(sign.lower() if sign.isalnum() else " " for sign in text).split()
    return {" ".join(said[at : at + words]) for at in range(max(1, len(said) - words + 1))}


def shared_rows(train: list[str], held_out: list[str], most_shared: float) -> tuple[int, int]:
    """How many held-out texts are in the training texts word for word, and how many almost."""
    exact = {frozenset(runs(text)) for text in train}
    holders: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(train):
        for run in runs(text):
            holders[run].append(position)
    same = near = 0
    for text in held_out:
        own = runs(text)
        same += frozenset(own) in exact
        counts = Counter(position for run in own for position in holders[run])
        near += any(count >= most_shared * len(own) for count in counts.values())
    return same, near


def said_by(model_folder: str, texts: list[str]) -> list[str]:
    """What the model says of each text, one after the other."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForSequenceClassification.from_pretrained(model_folder).eval()
    said: list[str] = []
    with torch.inference_mode():
        for begin in range(0, len(texts), 8):
            inputs = tokenizer(texts[begin : begin + 8], truncation=True, padding=True, return_tensors="pt")
            said += [str(model.config.id2label[int(best)]) for best in model(**inputs).logits.argmax(dim=-1)]
    return said


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--text-column", default="text")
    parser.add_argument("--label-column", default="label")
    parser.add_argument(
        "--most-shared", type=float, default=0.8, help="part of the five-word runs from which two texts are near"
    )
    asked = parser.parse_args()
    held_out, train = rows_of(asked.dataset, asked.split), rows_of(asked.dataset, "train")
    if not held_out:
        sys.exit(f"no rows of split {asked.split!r} in {asked.dataset}")
    texts = [row[asked.text_column] for row in held_out]
    true = [str(row[asked.label_column]) for row in held_out]
    same, near = shared_rows([row[asked.text_column] for row in train], texts, cast("float", asked.most_shared))
    said = said_by(asked.model, texts)
    right = sum(one == other for one, other in zip(said, true, strict=True))
    majority = max(Counter(true).values())
    result = {
        "accuracy": right / len(true),
        "n": len(true),
        "majority": majority / len(true),
        "duplicates": same,
        "near": near,
    }
    print(json.dumps(result))
    return 1 if same or near else 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # noqa: TID251  # waiting threads sleep: cores may be shared
    sys.exit(main())
