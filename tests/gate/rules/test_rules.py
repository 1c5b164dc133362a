"""What is held, and why: each rule alone, and all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.effects import (
    CancelsJob,
    Contacts,
    Disposition,
    Effect,
    Leases,
    Pushes,
    Spends,
    WritesHub,
    natural_disposition,
)
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.types import JobRef, LeaseSpec
from intern_action.gate.rules import Rule, collect, held, rules
from intern_action.gate.rules.hub_writes import RULE as HUB_WRITES
from intern_action.gate.rules.protected_paths import RULE as PROTECTED
from intern_action.gate.rules.spending import RULE as SPENDING
from intern_action.gate.rules.workflow_files import RULE as WORKFLOW_FILES
from tests.fakes.approvals import JOB

ANYTHING = ApprovalPolicy()
JOB_EFFECT = Spends(job=JOB)
CANCEL = CancelsJob(job=JobRef(backend="local", id="1", launch_key="k"))
UPLOAD = WritesHub(repository="ours/model", repository_type="model", folder="out", message="new")
PUSH = Pushes(title="t", body="b", paths=("train.py", "docs/.github.md"))
MESSAGE = Contacts(destination="chat", text="hello")


def test_every_file_of_the_folder_is_a_rule():
    assert set(rules()) == {SPENDING, HUB_WRITES, WORKFLOW_FILES, PROTECTED}


@pytest.mark.parametrize("effect", [CANCEL, UPLOAD, PUSH, MESSAGE])
def test_what_neither_costs_nor_overwrites_goes_out_by_itself(effect: Effect):
    assert held((effect,), ANYTHING) is None


def test_a_call_without_effects_is_free():
    assert held((), ANYTHING) is None


def test_a_job_is_held_and_the_words_say_how_long_it_may_run_where():
    assert held((JOB_EFFECT,), ANYTHING) == (
        "it costs money (up to 3 x 30 minutes on local-cpu), so people approve it first"
    )


def test_two_jobs_are_both_named():
    other = Spends(job=replace(JOB, flavor="t4-small"))
    assert SPENDING((JOB_EFFECT, MESSAGE, other), ANYTHING) == (
        "it costs money (up to 3 x 30 minutes on local-cpu and up to 3 x 30 minutes on t4-small), so people approve it first"
    )
    assert SPENDING((UPLOAD,), ANYTHING) is None


def test_an_upload_over_other_content_is_held():
    reason = HUB_WRITES((replace(UPLOAD, overwrites=True),), ANYTHING)
    assert reason == "ours/model holds other content, which would be overwritten"
    assert HUB_WRITES((UPLOAD, JOB_EFFECT), ANYTHING) is None


@pytest.mark.parametrize(
    ("listed", "repository", "free"),
    [
        ((), "anybody/model", True),
        (("ours/*",), "ours/model", True),
        (("ours/*",), "Ours/Model", True),
        (("Ours/model",), "ours/model", True),
        (("theirs/*", "ours/model"), "ours/model", True),
        (("ours/*",), "theirs/model", False),
        (("ours/m",), "ours/model", False),
        (("our*/x",), "ours/model", False),
        (("*",), "ours/model", False),
        (("ours",), "ours/model", False),
        (("ours*",), "ours-evil/model", False),
    ],
)
def test_an_upload_outside_of_the_policys_list_is_held(listed: tuple[str, ...], repository: str, *, free: bool):
    policy = replace(ANYTHING, hub_repositories=listed)
    reason = HUB_WRITES((replace(UPLOAD, repository=repository),), policy)
    assert reason == (None if free else f"{repository} is not on the policy's list")


def test_an_upload_can_be_held_for_two_reasons():
    write = replace(UPLOAD, overwrites=True)
    reason = HUB_WRITES((write,), replace(ANYTHING, hub_repositories=("theirs/*",)))
    assert (
        reason
        == "ours/model holds other content, which would be overwritten and ours/model is not on the policy's list"
    )


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml",
        ".github/intern.yml",
        ".GitHub/workflows/ci.yml",
        "./.github/x",
        "/.github/x",
        "src/../.github/x",
        ".github\\workflows\\ci.yml",
        ".github",
    ],
)
def test_a_push_that_touches_what_github_obeys_is_held(path: str):
    reason = WORKFLOW_FILES((replace(PUSH, paths=("a.py", path)),), ANYTHING)
    assert reason == f"it changes {path}, which GitHub itself obeys"


@pytest.mark.parametrize("path", ["github/x", "src/.github/x", ".githubx/y", "docs/.github"])
def test_a_push_of_other_files_is_not(path: str):
    assert WORKFLOW_FILES((replace(PUSH, paths=(path,)),), ANYTHING) is None


def test_only_pushes_are_asked_for_their_paths():
    assert WORKFLOW_FILES((replace(UPLOAD, folder=".github"), JOB_EFFECT, PUSH), ANYTHING) is None


def test_a_lease_is_held_with_its_time_and_hardware():
    lease = Leases(lease=LeaseSpec(flavor="t4-small", minutes=90, cap_usd=None, purpose="x"))
    assert SPENDING((lease,), ANYTHING) == "it costs money (90 minutes of t4-small), so people approve it first"
    both = SPENDING((lease, JOB_EFFECT), ANYTHING)
    assert both is not None
    assert " and 90 minutes of t4-small" in both
    assert natural_disposition(lease) is Disposition.HELD


def test_what_is_held_by_nature_stays_held_without_any_rule():
    reason = "what it does cannot be undone, so it waits for a person"
    assert collect((), (JOB_EFFECT,), ANYTHING) == reason
    assert collect((), (UPLOAD, replace(UPLOAD, overwrites=True)), ANYTHING) == reason
    assert collect((), (UPLOAD,), ANYTHING) is None


def _says(words: str | None) -> Rule:
    def rule(_effects: Sequence[Effect], _policy: ApprovalPolicy, /) -> str | None:
        return words

    return rule


effects = st.lists(
    st.sampled_from(
        [JOB_EFFECT, CANCEL, UPLOAD, replace(UPLOAD, overwrites=True), PUSH, replace(PUSH, paths=(".github/x",))]
    ),
    max_size=4,
)
opinions = st.lists(st.sampled_from([None, None, "one", "two", "three"]), max_size=6)


@given(effects, opinions, st.data())
def test_the_order_of_the_rules_does_not_matter(some: list[Effect], words: list[str | None], data: st.DataObject):
    asked = [*rules(), *map(_says, words)]
    assert collect(asked, some, ANYTHING) == collect(data.draw(st.permutations(asked)), some, ANYTHING)


@given(effects, opinions)
def test_one_more_rule_never_frees_what_was_held(some: list[Effect], words: list[str | None]):
    fewer, more = rules(), (*rules(), *map(_says, words))
    if collect(fewer, some, ANYTHING) is not None:
        assert collect(more, some, ANYTHING) is not None


@given(effects, opinions)
def test_one_rule_that_speaks_is_enough(some: list[Effect], words: list[str | None]):
    said = collect(map(_says, words), some, ANYTHING)
    spoken = sorted({word for word in words if word})
    assert said == ("; ".join(spoken) if spoken else collect((), some, ANYTHING))


def test_a_push_that_changes_what_is_protected_is_held_and_each_path_is_named_once():
    policy = replace(ANYTHING, protected=("deploy/**", "*.tf"))
    push = replace(PUSH, paths=("train.py", "deploy/prod.yaml", "infra/main.tf"))
    reason = "it changes deploy/prod.yaml, infra/main.tf, which `protected` in the policy keeps as it is"
    assert PROTECTED((push, push, MESSAGE), policy) == reason
    assert held((push,), policy) == reason
    assert PROTECTED((PUSH,), policy) is None
    assert PROTECTED((push,), ANYTHING) is None
