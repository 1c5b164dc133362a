"""Models and data as the loading tools describe them."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from intern_action.core.types import ColumnFacts, DatasetFacts, Fit, JobSpec, ModelFacts, Wish
from intern_action.settings.flavors import load_flavors

MINILM = ModelFacts(
    id="sentence-transformers/all-MiniLM-L6-v2",
    revision="c9745ed1",
    path="",
    architecture="BertModel",
    task="feature-extraction",
    parameters=22_713_216,
    licence="apache-2.0",
    max_length=512,
)
TEXT = ColumnFacts(name="text", kind="string", distinct=1600, empty=0, mean_chars=690.0)
LABEL = ColumnFacts(name="label", kind="string", distinct=2, empty=0, mean_chars=3.5, top_values=("ham", "spam"))
ID = ColumnFacts(name="id", kind="string", distinct=1600, empty=0, mean_chars=32.0)
MAILS = DatasetFacts(
    id="data/mails",
    revision="sha256:ab",
    path="data/mails",
    splits={"train": 1200, "test": 400},
    columns=(ID, TEXT, LABEL),
    licence="cc0-1.0",
)


FLAVORS = load_flavors()


def on(flavor: str, asked: Wish) -> Wish:
    """The same wish on other hardware."""
    return dataclasses.replace(asked, flavor=flavor, hardware=FLAVORS.get(flavor))


def wish(verb: str = "train", **settings: str) -> Wish:
    """Training or evaluating, with some settings."""
    named = {name.replace("_", "-"): value for name, value in settings.items()}
    plain = Wish(verb="train", model=MINILM.id, dataset=MAILS.id, settings=named, hardware=FLAVORS["local-cpu"])
    return dataclasses.replace(plain, verb="evaluate") if verb == "evaluate" else plain


def columns(*there: ColumnFacts) -> DatasetFacts:
    """The mails with other columns."""
    return dataclasses.replace(MAILS, columns=there)


def a_fit(recipe: str) -> Fit:
    """A fit that says no more than whose it is."""
    job = JobSpec(script="training/train.py")
    nothing = Decimal(0)
    return Fit(
        recipe=recipe,
        files={},
        job=job,
        smoke_parameters={},
        reasons=(),
        estimate_minutes=nothing,
        estimate_memory_gb=nothing,
    )
