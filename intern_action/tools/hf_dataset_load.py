"""`hf_dataset_load`: what a data set *is*, read from its files: no code of it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from intern_action.core.facts import dataset_facts_json
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import DatasetFacts, JsonObject, ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._arrow import parquet_count
from intern_action.tools._card import card_head, licence_of
from intern_action.tools._folder import Folder, opened
from intern_action.tools._json import mapping, mappings, texts
from intern_action.tools._remarks import class_counts, problems_of, remarks_of
from intern_action.tools._rows import rows_of
from intern_action.tools._splits import Splits, bare, splits_of
from intern_action.tools._tally import LOOKED_AT, Tally
from intern_action.tools._tool import ToolOf

_MOST_CLASSES_SAID = 12


@frozen
class Arguments:
    """A data set."""

    __pydantic_config__ = STRICT

    dataset: str
    revision: str = ""
    config: str = ""


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Fetch it, look at its rows, say what they are."""
    with opened("dataset", asked.dataset, asked.revision, desk) as folder:
        head = card_head(folder.text("README.md"))
        splits = splits_of(folder, folder.names(), head, asked.config)
        tally = tallied(folder, splits)
        names = _class_names(head, folder.json("dataset_info.json"))
        facts = DatasetFacts(
            id=folder.id,
            revision=folder.revision,
            path=folder.path,
            splits=tally.splits,
            columns=tuple(column.facts(names.get(column.name, ())) for column in tally.columns.values()),
            licence=folder.licence or licence_of(head),
            problems=tuple(problems_of(tally)),
        )
    data: JsonObject = {
        **dataset_facts_json(facts),
        "files": {split: list(files)[:20] for split, files in splits.items()},
        "classes": class_counts(tally),
        "remarks": remarks_of(tally),
        "samples": tally.samples,
    }
    return ToolResult(text=_words(facts, data), data=data)


def tallied(folder: Folder, splits: Splits) -> Tally:
    """Read every split; of a very large one only the first rows are looked at, the others are counted."""
    files = [name for names in splits.values() for name in names]
    tally = Tally(typed=not any(bare(name) in {".csv", ".tsv", ".txt"} for name in files))
    for split, names in splits.items():
        tally.begin(split)
        for name in names:
            _take_file(folder, name, split, tally)
    return tally


def _take_file(folder: Folder, name: str, split: str, tally: Tally) -> None:
    before = tally.splits[split]
    for row in rows_of(folder, name):
        tally.take(row, split)
        if tally.splits[split] > LOOKED_AT and bare(name) == ".parquet":
            with folder.open(name) as file:
                tally.splits[split] = before + parquet_count(file)
            return


def _class_names(head: JsonObject, info: JsonObject) -> Mapping[str, Sequence[str]]:
    """Return the names of classes by column, from the README's `dataset_info` or from `dataset_info.json`."""
    listed = mappings(mapping(head.get("dataset_info")).get("features"))
    found = {
        str(one.get("name")): texts(mapping(mapping(one.get("dtype")).get("class_label")).get("names"))
        for one in listed
    }
    saved = mapping(info.get("features"))
    found |= {name: texts(mapping(saved[name]).get("names")) for name in saved}
    return {name: names for name, names in found.items() if names}


def _words(facts: DatasetFacts, data: JsonObject) -> str:
    splits = ", ".join(f"{split} {rows:,} rows" for split, rows in facts.splits.items())
    lines = [
        f"{facts.id} at {facts.revision or 'this checkout'}: {splits}; licence {facts.licence or 'not named'}",
        f"path {facts.path}",
        "columns:",
    ]
    for one in facts.columns:
        shown = f" ({', '.join(one.top_values)})" if one.distinct <= _MOST_CLASSES_SAID else ""
        lines.append(
            f"  {one.name}: {one.kind}, {one.distinct} distinct{shown}, {one.empty} empty, {one.mean_chars:g} chars"
        )
    for split, counts in cast("Mapping[str, Mapping[str, int]]", data["classes"]).items():
        shown = ", ".join(f"{name} {count}" for name, count in list(counts.items())[:_MOST_CLASSES_SAID])
        lines.append(f"classes in {split}: {shown}")
    lines += [f"problem: {one}" for one in facts.problems]
    lines += [f"note: {one}" for one in cast("list[str]", data["remarks"])]
    return "\n".join([*lines, *(f"sample: {one}" for one in cast("list[object]", data["samples"]))])


TOOL = ToolOf(name="hf_dataset_load", arguments=Arguments, work=run, repeatable=True, parallel=True)
