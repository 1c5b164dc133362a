"""Which files of a repository are taken: never code, never pickles; and which repositories are refused for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import cast

from intern_action.core.errors import ToolFailed
from intern_action.hub._names import Kind

_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz", ".dill")
"""Formats that can run code when they are opened, or that numpy opens as pickles when asked to."""

_OTHER_WEIGHTS = (".h5", ".keras", ".msgpack", ".onnx", ".ot", ".tflite", ".mlmodel", ".gguf", ".pb")
_NO_DATA = frozenset({"README.md", ".gitattributes", ".gitignore", "LICENSE", "dataset_infos.json"})


def chosen(kind: Kind, repository: str, sizes: Mapping[str, int]) -> tuple[str, ...]:
    """Return the files to take, sorted; `sizes` has every file of the repository with its length in bytes.

    Raises:
        ToolFailed: what is left would be of no use; the message says what is there and what to look for.
    """
    safe = {name for name in sizes if not _ends(name, (*_PICKLES, ".py", ".pyc", ".so"))}
    if kind == "dataset":
        return _data(repository, sizes, safe)
    return _weights(repository, sizes, safe)


def refuse_remote_code(repository: str, config: str) -> None:
    """Raise ToolFailed when a model's config.json asks for code of the repository (`auto_map`)."""
    try:
        found: object = json.loads(config)
    except ValueError:
        return
    if isinstance(found, dict) and cast("dict[str, object]", found).get("auto_map"):
        raise ToolFailed(
            f"{repository} needs code of its own (auto_map in its config.json), and code from the Hub is never run here; "
            "choose a model whose architecture transformers knows"
        )


def _weights(repository: str, sizes: Mapping[str, int], safe: set[str]) -> tuple[str, ...]:
    safetensors = {name for name in safe if name.endswith(".safetensors")}
    gguf = {name for name in safe if name.endswith(".gguf")}
    pickles = sorted(name for name in sizes if _ends(name, _PICKLES))
    if not safetensors and not gguf and pickles:
        raise ToolFailed(
            f"{repository} has its weights only as pickles ({', '.join(pickles[:3])}), and opening a pickle can run any code; "
            "choose a revision or a model with *.safetensors"
        )
    others = {name for name in safe if _ends(name, _OTHER_WEIGHTS)} - (set() if safetensors else gguf)
    return tuple(sorted(safe - others))


def _data(repository: str, sizes: Mapping[str, int], safe: set[str]) -> tuple[str, ...]:
    if any(PurePosixPath(name).name not in _NO_DATA for name in safe):
        return tuple(sorted(safe))
    scripts = sorted(name for name in sizes if name.endswith(".py"))
    if scripts:
        raise ToolFailed(
            f"{repository} makes its rows with a script ({scripts[0]}), and code from the Hub is never run here; "
            "choose a data set with Parquet, CSV or JSON files"
        )
    raise ToolFailed(f"{repository} holds no data files, only {', '.join(sorted(sizes)) or 'nothing'}")


def _ends(name: str, endings: tuple[str, ...]) -> bool:
    return name.lower().endswith(endings)
