"""Which files of a data set make up which split: as its README says, as `save_to_disk` wrote it, or by the names of files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import cast

from intern_action.core.errors import ToolFailed
from intern_action.core.types import JsonObject
from intern_action.tools._folder import Folder
from intern_action.tools._json import items, mapping, mappings, one_or_more, texts

Splits = Mapping[str, Sequence[str]]
"""File names by split, in reading order."""

FORMATS = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".arrow", ".txt")
_WORDS = {"train": "train|training", "validation": "validation|valid|val|dev", "test": "test|testing|eval|evaluation"}
_ABOUT = frozenset(
    {"dataset_info.json", "dataset_dict.json", "state.json", "dataset_infos.json", "config.json", "package.json"}
)
_LONGEST_PATTERN, _MOST_STARS = 200, 6


def splits_of(folder: Folder, names: Sequence[str], head: JsonObject, config: str) -> Splits:
    """Return the files of each split.

    Args:
        folder: the data set.
        names: its files.
        head: the head of its README.
        config: which of its configurations; "" is the default one.

    Raises:
        ToolFailed: an unknown configuration, or no file that can be read.
    """
    found = _saved(folder, names) or _said(names, head, config) or _by_name(names)
    if not found:
        have = ", ".join(names[:8]) or "nothing"
        raise ToolFailed(f"{folder.id} has no data file that can be read ({', '.join(FORMATS)}); there is {have}")
    return found


def bare(name: str) -> str:
    """Return a file's format: its ending without `.gz`."""
    return PurePosixPath(name.removesuffix(".gz")).suffix.lower()


def _saved(folder: Folder, names: Sequence[str]) -> Splits:
    """Read the folders that `datasets` makes with `save_to_disk`."""
    if "state.json" in names:
        return {"train": _arrow_files(folder, "")}
    if "dataset_dict.json" not in names:
        return {}
    splits = [str(one) for one in items(folder.json("dataset_dict.json").get("splits"))]
    return {split: _arrow_files(folder, f"{split}/") for split in splits}


def _arrow_files(folder: Folder, inside: str) -> list[str]:
    files = mappings(folder.json(f"{inside}state.json").get("_data_files"))
    return [f"{inside}{one.get('filename')}" for one in files]


def _said(names: Sequence[str], head: JsonObject, config: str) -> Splits:
    """Read `configs:` of a README (https://huggingface.co/docs/hub/datasets-manual-configuration)."""
    configs = mappings(head.get("configs"))
    known = [str(one.get("config_name", "default")) for one in configs]
    if config and config not in known:
        raise ToolFailed(f"there is no configuration {config!r}; there are: {', '.join(known) or 'none'}")
    if not configs:
        return {}
    chosen = configs[known.index(config) if config else _default(configs, known)]
    inside = str(chosen.get("data_dir") or "")
    return _globbed(names, chosen.get("data_files"), f"{inside}/" if inside else "")


def _default(configs: Sequence[JsonObject], known: Sequence[str]) -> int:
    marked = [place for place, one in enumerate(configs) if one.get("default") is True]
    return marked[0] if marked else known.index("default") if "default" in known else 0


def _globbed(names: Sequence[str], files: object, inside: str) -> Splits:
    if files is None:
        return _by_name([name for name in names if name.startswith(inside)]) if inside else {}
    if isinstance(files, Mapping):
        patterns = {split: texts(path) for split, path in mapping(cast("object", files)).items()}
    else:
        patterns = _listed(files)
    return {split: _matching(names, [f"{inside}{one}" for one in paths]) for split, paths in patterns.items()}


def _listed(files: object) -> dict[str, list[str]]:
    """Read a list of paths, or of splits with their paths; a path alone is part of `train`."""
    patterns: dict[str, list[str]] = {}
    for one in one_or_more(files):
        entry = mapping(one) or {"path": one}
        patterns.setdefault(str(entry.get("split", "train")), []).extend(texts(entry.get("path")))
    return patterns


def _matching(names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    ways = [_regex(pattern.removeprefix("./")) for pattern in patterns]
    return [name for name in names if any(way.fullmatch(name) for way in ways)]


def _regex(pattern: str) -> re.Pattern[str]:
    """Turn a glob into a regular expression; `**` crosses folders."""
    if len(pattern) > _LONGEST_PATTERN or pattern.count("*") > _MOST_STARS:
        raise ToolFailed(f"the pattern {pattern[:60]!r} in `data_files` is too long; name the files")
    whole = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        whole += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part) or re.escape(part)
    return re.compile(whole)


def _by_name(names: Sequence[str]) -> Splits:
    """Tell splits by words in the paths, as the Hub does; everything is `train` when no path has one."""
    data = [name for name in names if bare(name) in FORMATS and PurePosixPath(name).name not in _ABOUT]
    best = next((kind for kind in FORMATS if any(bare(name) == kind for name in data)), "")
    data = [name for name in data if bare(name) == best and not (best == ".txt" and _about(name))]
    found = {split: [name for name in data if _speaks_of(name, words)] for split, words in _WORDS.items()}
    found = {split: files for split, files in found.items() if files}
    return found or ({"train": data} if data else {})


def _speaks_of(name: str, words: str) -> bool:
    return re.search(rf"(?:^|[^a-zA-Z0-9])(?:{words})(?:[^a-zA-Z]|$)", name) is not None


def _about(name: str) -> bool:
    return PurePosixPath(name).stem.lower() in {"readme", "license", "licence", "notice", "requirements"}
