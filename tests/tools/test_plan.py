"""The checklist people see."""

from __future__ import annotations

import pytest

from intern_action.core.errors import ToolFailed
from tests.fakes.desk import Past
from tests.tools.conftest import Use


def test_a_new_plan_has_nothing_begun(use: Use):
    result = use("create_plan", steps=["look", "train"])
    assert result.text == "1. [ ] look\n2. [ ] train"
    assert result.data["steps"] == [{"text": "look", "state": "todo"}, {"text": "train", "state": "todo"}]


def test_updates_build_on_each_other(use: Use, past: Past):
    past.add("create_plan", use("create_plan", steps=["look", "train"]).data)
    first = use(
        "update_plan", changes=[{"step": 1, "state": "done"}, {"step": 2, "state": "doing", "text": "train small"}]
    )
    past.add("update_plan", first.data)
    second = use("update_plan", changes=[{"step": 3, "state": "todo", "text": "report"}])
    assert second.text == "1. [x] look\n2. [>] train small\n3. [ ] report"


def test_an_update_changes_the_newest_plan_and_no_older_one(use: Use, past: Past):
    past.add("create_plan", use("create_plan", steps=["old"]).data)
    past.add("update_plan", use("update_plan", changes=[{"step": 1, "state": "done"}]).data)
    past.add("create_plan", use("create_plan", steps=["new one", "new two"]).data)
    assert use("update_plan", changes=[{"step": 2, "state": "done"}]).text == "1. [ ] new one\n2. [x] new two"


def test_a_failed_plan_counts_for_nothing(use: Use, past: Past):
    past.add("create_plan", use("create_plan", steps=["good"]).data)
    past.add("create_plan", {}, failed=True)
    assert use("update_plan", changes=[{"step": 1, "state": "dropped"}]).text == "1. [-] good"


def test_without_a_plan_there_is_nothing_to_update(use: Use):
    with pytest.raises(ToolFailed, match="create_plan"):
        use("update_plan", changes=[{"step": 1, "state": "done"}])


def test_a_step_that_is_not_there_is_refused(use: Use, past: Past):
    past.add("create_plan", use("create_plan", steps=["one"]).data)
    with pytest.raises(ToolFailed, match="no step 5; the plan has 1"):
        use("update_plan", changes=[{"step": 5, "state": "done"}])
    with pytest.raises(ToolFailed, match=r"changes\.0\.state"):
        use("update_plan", changes=[{"step": 1, "state": "finished"}])


@pytest.mark.parametrize("steps", [[], [""], ["x"] * 31])
def test_a_plan_without_steps_or_words_or_end_is_refused(use: Use, steps: list[str]):
    with pytest.raises(ToolFailed):
        use("create_plan", steps=steps)
