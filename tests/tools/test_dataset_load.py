"""What a data set *is*, and what is wrong with it."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from intern_action.core.errors import ToolFailed
from intern_action.core.facts import dataset_facts_from_json
from intern_action.core.types import ColumnFacts, DatasetFacts
from intern_action.tools._arrow import arrow_rows, parquet_count, parquet_rows
from tests.tools.conftest import Use

Row = Mapping[str, object]
LONG = "a text that is long enough to be told from a label, number "


def rows(count: int, start: int = 0) -> list[Row]:
    """Return rows of two classes."""
    return [
        {"text": f"{LONG}{number}", "label": "spam" if number % 2 else "ham"} for number in range(start, start + count)
    ]


def write_lines(path: Path, content: Sequence[Row]) -> None:
    """Write a jsonl file, packed when its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in content).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


def table(content: Sequence[Row]) -> pa.Table:
    """Return rows as an arrow table."""
    return pa.Table.from_pylist([dict(row) for row in content])


def facts_of(use: Use, name: str = "./data", **more: str) -> DatasetFacts:
    """Load and decode."""
    return dataset_facts_from_json(use("hf_dataset_load", dataset=name, **more).data)


@pytest.fixture
def data(checkout: Path) -> Path:
    """The folder for data."""
    (checkout / "data").mkdir()
    return checkout / "data"


# --- formats ---------------------------------------------------------------------------------------------------------


def test_lines_of_json(use: Use, data: Path):
    write_lines(data / "train.jsonl", rows(10))
    write_lines(data / "test.jsonl.gz", rows(4, 100))
    facts = facts_of(use)
    assert facts.splits == {"train": 10, "test": 4}
    assert facts.columns[0] == ColumnFacts(
        name="text",
        kind="string",
        distinct=14,
        empty=0,
        mean_chars=facts.columns[0].mean_chars,
        top_values=facts.columns[0].top_values,
    )
    assert facts.columns[1] == ColumnFacts(
        name="label", kind="string", distinct=2, empty=0, mean_chars=3.5, top_values=("ham", "spam")
    )
    assert facts.problems == ()


@pytest.mark.parametrize(("ending", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_tables_as_text_have_their_numbers_told_from_words(use: Use, data: Path, ending: str, delimiter: str):
    with (data / f"train.{ending}").open("w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([["text", "label", "score", "zip"], ['a "b",\nc', 1, 0.5, "01234"], ["d", 0, 2, "00001"]])
    kinds = {column.name: column.kind for column in facts_of(use).columns}
    assert kinds == {"text": "string", "label": "int", "score": "float", "zip": "string"}


def test_one_json_value_with_a_list_in_it(use: Use, data: Path):
    (data / "train.json").write_text(json.dumps({"version": "1", "data": rows(3)}))
    assert facts_of(use).splits == {"train": 3}
    (data / "train.json").write_text(json.dumps(rows(5)))
    assert facts_of(use).splits == {"train": 5}


def test_parquet_keeps_its_types(use: Use, data: Path):
    content = [{"text": LONG, "label": 1, "tokens": ["a"], "ok": True, "more": {"a": 1}, "score": None}]
    (data / "data").mkdir()
    parquet.write_table(table(content), data / "data" / "train-00000-of-00001.parquet")
    kinds = {column.name: column.kind for column in facts_of(use).columns}
    assert kinds == {
        "text": "string",
        "label": "int",
        "tokens": "list",
        "ok": "bool",
        "more": "object",
        "score": "empty",
    }


def test_an_arrow_file_with_a_footer_is_read_like_a_stream(use: Use, data: Path):
    whole = table(rows(6))
    with ipc.new_file(str(data / "train.arrow"), whole.schema) as sink:
        sink.write_table(whole, max_chunksize=4)
    facts = facts_of(use)
    assert facts.splits == {"train": 6}
    assert {column.name: column.kind for column in facts.columns} == {"text": "string", "label": "string"}


def test_the_rows_are_those_the_writer_of_the_format_reads(tmp_path: Path):
    more = {
        "day": date(2026, 1, 2),
        "raw": b"\x00\xff",
        "parts": [{"a": 1, "b": None}],
        "share": 0.25,
        "none": [],
        "ok": None,
    }
    whole = table([{**row, **more} for row in rows(2500)])
    parquet.write_table(whole, tmp_path / "a.parquet")
    with ipc.new_file(str(tmp_path / "a.arrow"), whole.schema) as sink:
        sink.write_table(whole, max_chunksize=1000)
    with (tmp_path / "a.parquet").open("rb") as file:
        assert list(parquet_rows(file)) == whole.to_pylist()
        assert parquet_count(file) == 2500
    with (tmp_path / "a.arrow").open("rb") as file:
        assert list(arrow_rows(file)) == whole.to_pylist()


@pytest.mark.parametrize("name", ["train.parquet", "train.arrow"])
def test_a_file_that_was_cut_off_is_not_what_its_name_says(use: Use, data: Path, name: str):
    whole = table(rows(600))
    if name.endswith("parquet"):
        parquet.write_table(whole, data / name)
    else:
        with ipc.new_stream(str(data / name), whole.schema) as sink:
            sink.write_table(whole)
    there = (data / name).read_bytes()
    (data / name).write_bytes(there[: len(there) // 2])
    with pytest.raises(ToolFailed, match="is not what its name says") as told:
        facts_of(use)
    assert "/dev/fd" not in str(told.value)


def test_folders_of_save_to_disk(use: Use, data: Path):
    (data / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    for split, count in (("train", 6), ("test", 2)):
        folder = data / split
        folder.mkdir()
        (folder / "state.json").write_text('{"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}')
        whole = table(rows(count, 10 * count))
        with ipc.new_stream(str(folder / "data-00000-of-00001.arrow"), whole.schema) as sink:
            sink.write_table(whole)
    assert facts_of(use).splits == {"train": 6, "test": 2}


# --- splits ----------------------------------------------------------------------------------------------------------


def test_the_readme_says_which_files_make_a_split(use: Use, data: Path):
    (data / "README.md").write_text(
        "---\nlicense: cc0-1.0\nconfigs:\n- config_name: small\n  data_files: few.jsonl\n"
        "- config_name: default\n  data_files:\n"
        "  - split: train\n    path: parts/**/a*.jsonl\n  - split: held\n    path: [parts/b.jsonl]\n---\n"
    )
    write_lines(data / "few.jsonl", rows(1))
    write_lines(data / "parts" / "deep" / "a1.jsonl", rows(2))
    write_lines(data / "parts" / "a2.jsonl", rows(3, 10))
    write_lines(data / "parts" / "b.jsonl", rows(4, 20))
    facts = facts_of(use)
    assert (facts.splits, facts.licence) == ({"train": 5, "held": 4}, "cc0-1.0")
    assert facts_of(use, config="small").splits == {"train": 1}
    with pytest.raises(ToolFailed, match="there are: small, default"):
        facts_of(use, config="large")


def test_words_in_names_tell_splits_and_one_file_is_the_training_split(use: Use, data: Path):
    write_lines(data / "mails.jsonl", rows(2))
    assert facts_of(use).splits == {"train": 2}
    write_lines(data / "my-train.jsonl", rows(2))
    write_lines(data / "validation" / "0.jsonl", rows(3, 10))
    write_lines(data / "attestation.jsonl", rows(9, 20))
    assert facts_of(use).splits == {"train": 2, "validation": 3}


def test_names_of_classes_come_from_the_readme(use: Use, data: Path):
    (data / "README.md").write_text(
        "---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n"
        "      class_label:\n        names:\n          '0': ham\n          '1': spam\n---\n"
    )
    write_lines(data / "train.jsonl", [{"text": row["text"], "label": int(row["label"] == "spam")} for row in rows(4)])
    label = facts_of(use).columns[1]
    assert (label.kind, set(label.top_values)) == ("class", {"ham", "spam"})


# --- what is wrong -----------------------------------------------------------------------------------------------------


def test_an_empty_split_is_a_problem(use: Use, data: Path):
    write_lines(data / "train.jsonl", rows(3))
    (data / "test.jsonl").touch()
    assert facts_of(use).problems == ("split test is empty",)


def test_a_column_that_a_split_lacks_is_a_problem(use: Use, data: Path):
    write_lines(data / "train.jsonl", rows(3))
    write_lines(data / "test.jsonl", [{"text": LONG}])
    assert any("lacks the column label" in problem for problem in facts_of(use).problems)


def remarks(use: Use) -> str:
    """Return the remarks as one text."""
    said = use("hf_dataset_load", dataset="./data").data["remarks"]
    assert isinstance(said, list)
    return "\n".join(said)


def test_duplicates_within_and_across_splits_are_counted(use: Use, data: Path):
    same = {"text": f"{LONG}1".upper() + "  ", "label": "spam"}
    write_lines(data / "train.jsonl", [*rows(5), same])
    write_lines(data / "test.jsonl", [*rows(2, 1), *rows(2, 50)])
    said = remarks(use)
    assert "1 rows of split train repeat another one" in said
    assert "splits train and test have 2 texts in common" in said


def test_clean_data_gets_no_remark(use: Use, data: Path):
    write_lines(data / "train.jsonl", rows(6))
    write_lines(data / "test.jsonl", rows(6, 100))
    assert remarks(use) == ""


def test_one_class_only_is_said(use: Use, data: Path):
    write_lines(data / "train.jsonl", [{"text": f"{LONG}{n}", "label": "ham"} for n in range(3)])
    assert "one class only" in remarks(use)


def test_missing_values_constants_imbalance_and_long_texts_are_said(use: Use, data: Path):
    content: list[Row] = [
        {"text": f"{n} " + "x" * 3000, "label": "ham", "source": "here", "note": None} for n in range(30)
    ]
    write_lines(data / "train.jsonl", [*content, {"text": f"{LONG}!", "label": "spam", "source": "here", "note": "x"}])
    said = remarks(use)
    assert "column note is empty in 30 of 31 rows" in said
    assert "column source always says the same: here" in said
    assert "class ham is 30 times as frequent as spam" in said
    assert "97 % of column text are longer" in said


def test_classes_that_were_never_trained_are_said(use: Use, data: Path):
    write_lines(data / "train.jsonl", rows(4))
    write_lines(data / "test.jsonl", [{"text": f"{LONG}x", "label": "phish"}])
    assert "split test has classes that train has not: phish" in remarks(use)


def test_classes_are_counted_by_split_and_samples_are_clipped(use: Use, data: Path):
    write_lines(data / "train.jsonl", [*rows(5), {"text": "y" * 5000, "label": "ham"}])
    result = use("hf_dataset_load", dataset="data")
    assert result.data["classes"] == {"train": {"ham": 4, "spam": 2}}
    assert len(str(result.data["samples"])) < 1200
    assert len(result.text) < 3000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.jsonl", b'{"a": 1}\n[2]\n'),
        ("train.jsonl", b'{"a": 1}\n{"a": \n'),
        ("train.csv", b"a,b\n1,2\n1,2,3\n"),
        ("train.json", b"[1, 2]"),
        ("train.jsonl.gz", b"this is not packed"),
        ("train.parquet", b"PAR1 and nothing else"),
        ("train.arrow", b"ARROW1 and nothing else"),
        ("train.jsonl", b'{"a": "\xff"}\n'),
        ("train.json", b"[" * 100_000),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(use: Use, data: Path, name: str, content: bytes):
    (data / name).write_bytes(content)
    with pytest.raises(ToolFailed, match=name.replace(".", r"\.")):
        facts_of(use)


def test_a_folder_without_data_is_a_clear_no(use: Use, data: Path):
    (data / "README.md").write_text("nothing here")
    with pytest.raises(ToolFailed, match=r"no data file.*README\.md"):
        facts_of(use)


def test_a_data_set_of_the_hub_has_its_revision(use: Use, checkout: Path):
    write_lines(checkout.parent / "hub" / "datasets" / "org" / "mails" / "train.jsonl", rows(3))
    facts = facts_of(use, "org/mails", revision="abc")
    assert (facts.id, facts.revision, facts.licence) == ("org/mails", "abc", "apache-2.0")


def test_a_pattern_that_would_take_for_ever_is_refused(use: Use, data: Path):
    (data / "README.md").write_text(f"---\nconfigs:\n- data_files: '{'*a' * 50}'\n---\n")
    write_lines(data / ("a" * 100 + ".jsonl"), rows(1))
    with pytest.raises(ToolFailed, match="too long"):
        facts_of(use)
