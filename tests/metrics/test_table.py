"""Tables that say what the numbers mean, and that no class name can break."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from intern_action.metrics.compare import compare
from intern_action.metrics.parse import ClassScore
from intern_action.metrics.table import cell, classes_table, comparison_table, metrics_table, table
from tests.metrics.numbers import metrics, scored


def test_every_number_has_its_row_and_its_interval() -> None:
    assert metrics_table(metrics()).splitlines() == [
        "| metric | value | 95 % interval |",
        "| --- | --- | --- |",
        "| accuracy | 0.9500 | 0.9240 to 0.9670 |",
        "| macro f1 | 0.9490 |  |",
        "| loss | 0.1800 | 0.1200 to 0.2400 |",
        "| majority baseline | 0.5000 |  |",
    ]


def test_a_comparison_says_what_changed_by_how_much_and_what_that_means() -> None:
    rows = comparison_table(compare(scored(0.90, 0.02), scored(0.97, 0.02))).splitlines()
    assert rows[2] == "| accuracy | 0.9700 | 0.9000 | -0.0700 ± 0.0283 | ▼ worse |"


def test_a_missing_number_is_said() -> None:
    rows = comparison_table(compare(metrics(metrics={}), scored(0.9))).splitlines()
    assert rows[2] == "| accuracy | 0.9000 | none |  | ✖ missing |"


def test_a_class_that_is_called_like_markdown_stays_in_its_cell() -> None:
    score = ClassScore(name="a|b <img src=x> [x](y) @ada\n# h", precision=1, recall=1, f1=1, support=2)
    row = classes_table([score]).splitlines()[2]
    assert row.count("|") == 6
    assert "<" not in row
    assert "@ada" not in row
    assert "\\[x\\](y)" in row


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_row_has_as_many_cells_as_it_was_given_whatever_is_in_them(texts: list[str]) -> None:
    row = table(["h"] * len(texts), [texts]).split("\n")
    assert len(row) == 4
    assert row[2].count("|") == len(texts) + 1


def test_a_cell_is_never_longer_than_people_read() -> None:
    assert len(cell("x" * 1000)) == 200
