"""`.gitattributes`: what every new repository begins with, and which files it makes large ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate

_EVERYWHERE = """
*.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gz *.h5 *.joblib *.lfs.* *.mlmodel *.model *.msgpack *.npy *.npz *.onnx *.ot
*.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors saved_model/**/* *.tar.* *.tar *.tflite *.tgz *.wasm *.xz
*.zip *.zst *tfevents*
"""
_OF_DATASETS = """
*.avro *.lz4 *.mds *.pcm *.sam *.raw *.aac *.flac *.mp3 *.ogg *.wav *.bmp *.gif *.png *.tiff *.jpg *.jpeg *.webp *.mp4
*.webm
"""


def default_attributes(type: str) -> str:  # noqa: A002 -- the Hub's own word
    """Return the file a new repository of that type begins with."""
    patterns = (_EVERYWHERE + (_OF_DATASETS if type == "dataset" else "")).split()
    return "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in patterns)


def is_large(path: str, attributes: str) -> bool:
    """Return whether git attributes send a file to large storage; the last line that fits decides."""
    decided = False
    for pattern, words in _lines(attributes):
        if _fits(path, pattern):
            decided = _decision(words, decided)
    return decided


def is_ignored(path: str, ignore: str) -> bool:
    """Return whether a `.gitignore` leaves a file out."""
    decided = False
    for line in ignore.splitlines():
        pattern = line.strip().removeprefix("!")
        if pattern and not pattern.startswith("#") and _inside(path, pattern):
            decided = not line.strip().startswith("!")
    return decided


def _lines(attributes: str) -> Sequence[tuple[str, Sequence[str]]]:
    lines = [line.split() for line in attributes.splitlines() if line.strip() and not line.startswith("#")]
    return [(words[0].replace("[[:space:]]", " "), words[1:]) for words in lines]


def _decision(words: Sequence[str], before: bool) -> bool:
    if "filter=lfs" in words:
        return True
    return before and not any(word in {"-filter", "!filter"} for word in words)


def _fits(path: str, pattern: str) -> bool:
    name = path if "/" in pattern.strip("/") else path.rpartition("/")[2]
    return re.fullmatch(translate(pattern.removeprefix("/")), name) is not None


def _inside(path: str, pattern: str) -> bool:
    """Return whether a file, or a folder around it, fits."""
    parts = path.split("/")
    around = ["/".join(parts[:depth]) for depth in range(1, len(parts) + (0 if pattern.endswith("/") else 1))]
    return any(_fits(one, pattern.rstrip("/")) for one in around)
