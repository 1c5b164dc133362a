"""Facts go to JSON and come back equal."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.errors import Bug
from intern_action.core.facts import (
    dataset_facts_from_json,
    dataset_facts_json,
    model_facts_from_json,
    model_facts_json,
)
from intern_action.core.types import ColumnFacts, DatasetFacts, ModelFacts

TEXT = st.text(max_size=12)
GIGABYTES = st.decimals(min_value=0, max_value=10_000, places=1).map(lambda one: Decimal(f"{one:.1f}"))
MODELS = st.builds(
    ModelFacts,
    id=TEXT,
    revision=TEXT,
    path=TEXT,
    architecture=TEXT,
    task=TEXT,
    parameters=st.integers(0, 10**13),
    licence=TEXT,
    gated=st.booleans(),
    max_length=st.integers(0, 10**7),
    memory_gb=st.dictionaries(TEXT, GIGABYTES, max_size=4),
    problems=st.lists(TEXT, max_size=3).map(tuple),
)
COLUMNS = st.builds(
    ColumnFacts,
    name=TEXT,
    kind=TEXT,
    distinct=st.integers(0, 10**9),
    empty=st.integers(0, 10**9),
    mean_chars=st.floats(0, 1e6),
    top_values=st.lists(TEXT, max_size=3).map(tuple),
)
DATASETS = st.builds(
    DatasetFacts,
    id=TEXT,
    revision=TEXT,
    path=TEXT,
    splits=st.dictionaries(TEXT, st.integers(0, 10**9), max_size=3),
    columns=st.lists(COLUMNS, max_size=3).map(tuple),
    licence=TEXT,
    problems=st.lists(TEXT, max_size=3).map(tuple),
)


@given(facts=MODELS)
def test_facts_of_a_model_come_back_equal(facts: ModelFacts):
    assert model_facts_from_json(json.loads(json.dumps(model_facts_json(facts)))) == facts


@given(facts=DATASETS)
def test_facts_of_a_data_set_come_back_equal(facts: DatasetFacts):
    assert dataset_facts_from_json(json.loads(json.dumps(dataset_facts_json(facts)))) == facts


def test_facts_with_a_piece_missing_or_of_another_type_are_a_bug():
    with pytest.raises(Bug, match="the fact id is 3"):
        model_facts_from_json({"id": 3, "memory_gb": {}})
    with pytest.raises(Bug, match="splits"):
        dataset_facts_from_json({"splits": 3})
