"""Files of a small model, and how to put files into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

MODEL = {
    "config.json": '{"model_type": "bert"}',
    "model.safetensors": "weights",
    "README.md": "---\nlicense: apache-2.0\n---\n# MiniLM\n",
    "1_Pooling/config.json": "{}",
}


def put(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder
