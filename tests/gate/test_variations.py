"""What an approval covers besides the plan itself: its permitted variations, inside its limits, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.types import JobSpec
from intern_action.gate.variations import Coverage, Inside, Outside, covers
from tests.fakes.approvals import JOB, TREE, a_plan, overwriting


def ask(asked: JobSpec = JOB, *, tree: str = TREE, attempts_used: int = 1, remaining_usd: str = "0.60") -> Coverage:
    """Ask for one more attempt under the plan."""
    return covers(a_plan(), asked, tree=tree, attempts_used=attempts_used, remaining_usd=Decimal(remaining_usd))


def reasons(coverage: Coverage) -> tuple[str, ...]:
    """Return why it is outside."""
    assert isinstance(coverage, Outside)
    return coverage.reasons


def test_the_same_job_again_is_covered():
    assert ask() == Inside(variation={}, attempt_usd=Decimal("0.30"))


@pytest.mark.parametrize("variation", JOB.variations)
def test_each_permitted_variation_is_covered(variation: dict[str, str]):
    asked = replace(JOB, parameters={**JOB.parameters, **variation})
    assert ask(asked) == Inside(variation=variation, attempt_usd=Decimal("0.30"))


def test_half_of_one_variation_and_half_of_another_is_not_covered():
    asked = replace(JOB, parameters={"batch": "8", "accumulation": "4"})
    assert reasons(ask(asked)) == ("its parameters are neither the plan's nor one of its permitted variations",)


def test_a_parameter_more_or_less_is_not_covered():
    assert isinstance(ask(replace(JOB, parameters={**JOB.parameters, "epochs": "90"})), Outside)
    assert isinstance(ask(replace(JOB, parameters={"batch": "16"})), Outside)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        (replace(JOB, script="other.py"), "script"),
        (replace(JOB, flavor="a100-large"), "flavor"),
        (replace(JOB, dependencies=("evil==1",)), "dependencies"),
        (replace(JOB, model="other/encoder"), "model"),
        (replace(JOB, model_revision="3" * 40), "model revision"),
        (replace(JOB, dataset="other/mails"), "dataset"),
        (replace(JOB, dataset_revision="3" * 40), "dataset revision"),
        (replace(JOB, output="elsewhere"), "output"),
    ],
)
def test_anything_else_that_changed_needs_a_plan_of_its_own(changed: JobSpec, word: str):
    assert reasons(ask(changed)) == (f"its {word} is not the plan's",)


def test_other_files_need_a_plan_of_their_own():
    assert reasons(ask(tree="0" * 40)) == ("the files are not the plan's",)


def test_a_shorter_time_limit_is_covered_and_costs_less():
    assert ask(replace(JOB, timeout_minutes=10)) == Inside(variation={}, attempt_usd=Decimal("0.10"))


@pytest.mark.parametrize("minutes", [31, 0, -5])
def test_a_longer_time_limit_or_none_is_not_covered(minutes: int):
    assert reasons(ask(replace(JOB, timeout_minutes=minutes))) == (
        "its time limit is not between 1 and the plan's 30 minutes",
    )


def test_the_shortest_time_limit_is_covered():
    assert isinstance(ask(replace(JOB, timeout_minutes=1)), Inside)


def test_attempts_are_counted():
    assert isinstance(ask(attempts_used=2), Inside)
    assert reasons(ask(attempts_used=3)) == ("the plan's 3 attempts are used up",)


def test_what_is_left_of_the_cap_must_cover_the_whole_attempt():
    assert isinstance(ask(remaining_usd="0.30"), Inside)
    assert reasons(ask(remaining_usd="0.29")) == ("one attempt may cost $0.30 and $0.29 are left of the plan",)


def test_the_wish_for_other_variations_or_attempts_changes_nothing():
    assert isinstance(ask(replace(JOB, variations=(), attempts=99)), Inside)
    asked = replace(JOB, parameters={"batch": "1"}, variations=({"batch": "1"},))
    assert isinstance(ask(asked), Outside)


def test_every_reason_is_named():
    asked = replace(JOB, script="other.py", timeout_minutes=60, parameters={})
    assert len(reasons(ask(asked, tree="0" * 40, attempts_used=9, remaining_usd="0"))) == 6


@given(
    st.dictionaries(st.sampled_from(["batch", "accumulation", "epochs"]), st.sampled_from(["1", "2", "4", "8", "16"]))
)
def test_whatever_parameters_are_asked_for_only_the_listed_ones_are_covered(parameters: dict[str, str]):
    permitted = [dict(JOB.parameters), *({**JOB.parameters, **variation} for variation in JOB.variations)]
    assert isinstance(ask(replace(JOB, parameters=parameters)), Inside) == (parameters in permitted)


def test_an_approved_write_to_the_hub_covers_no_job() -> None:
    plan = overwriting().plan
    assert covers(plan, JOB, tree=TREE, attempts_used=0, remaining_usd=Decimal(1)) == Outside(
        reasons=("the approved plan is not of a job",)
    )
    assert isinstance(
        covers(replace(a_plan(), quote=None), JOB, tree=TREE, attempts_used=0, remaining_usd=Decimal(1)), Outside
    )
