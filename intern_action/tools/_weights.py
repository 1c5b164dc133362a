"""What lies in a model's weight files, from their headers alone (https://github.com/huggingface/safetensors#format)."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import cast

from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.types import JsonObject
from intern_action.tools._folder import Folder
from intern_action.tools._json import items, mapping

_LENGTH_BYTES = 8
_LONGEST_HEADER = 100 << 20
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


@frozen
class Weights:
    """The weights of a model.

    Args:
        parameters: counted from headers; 0 when no header could be read.
        kind: the most common number format, in safetensors' words (F32, BF16 …).
        size_bytes: of the files.
        pickles: weights that only come as pickles, which nobody should load.
        others: weight files in other formats (GGUF, ONNX …).
    """

    parameters: int
    kind: str
    size_bytes: int
    pickles: tuple[str, ...]
    others: tuple[str, ...]


def weights_of(folder: Folder, names: Sequence[str]) -> Weights:
    """Return what the weight files of a folder's top level hold."""
    top = [name for name in names if "/" not in name]
    safe = [name for name in top if name.endswith(".safetensors") and not name.startswith(("adapter_", "consolidated"))]
    tensors: dict[str, tuple[str, int]] = {}
    for name in safe:
        tensors |= _tensors(folder, name)
    kinds = Counter[str]()
    for kind, count in tensors.values():
        kinds[kind] += count
    pickles = tuple(name for name in top if name.endswith(_PICKLES) and "model" in name.lower())
    others = tuple(name for name in top if PurePosixPath(name).suffix in {".gguf", ".onnx", ".h5", ".msgpack"})
    return Weights(
        parameters=sum(kinds.values()),
        kind=kinds.most_common(1)[0][0] if kinds else "",
        size_bytes=sum(folder.size(name) for name in safe or pickles or others),
        pickles=() if safe else pickles,
        others=() if safe or pickles else others,
    )


def _tensors(folder: Folder, name: str) -> dict[str, tuple[str, int]]:
    """Return (number format, count) of each tensor in a file. A packed format counts what it holds, as it is written."""
    try:
        with folder.open(name) as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            if not 0 < length <= min(_LONGEST_HEADER, folder.size(name)):
                raise ToolFailed(f"{name} of {folder.id} is no safetensors file, or a cut one: download it again")
            header = cast("object", json.loads(file.read(length)))
    except (ValueError, RecursionError) as error:
        raise ToolFailed(f"the header of {name} of {folder.id} cannot be read: {error}") from None
    tensors = mapping(header)
    return {name: _tensor(mapping(tensors[name])) for name in tensors if name != "__metadata__"}


def _tensor(about: JsonObject) -> tuple[str, int]:
    sides = [side for side in items(about.get("shape")) if isinstance(side, int)]
    return str(about.get("dtype")), math.prod(sides)
