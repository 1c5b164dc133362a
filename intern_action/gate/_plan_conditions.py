"""What must be true of the policy, the pull request and the plan before anybody's review is looked at, whatever it asks for.

The numbers are those of DESIGN section 5. Each function is one condition; a fact that is missing is never a yes.
"""

from __future__ import annotations

from intern_action.core.digests import plan_digest
from intern_action.core.judgement import Condition, Facts
from intern_action.core.patterns import touched
from intern_action.gate._condition import Check, same_person, unless

# --- 1: policy and code come from the default branch ---------------------------------------------------------------


def policy_is_enabled(facts: Facts) -> Condition | None:
    """Nobody has pulled the kill switch."""
    return unless(
        facts.policy.enabled,
        "policy-enabled",
        "the policy says `enabled: false`, so nothing may be spent; set it to true on the default branch to go on",
    )


def policy_is_the_planned_one(facts: Facts) -> Condition | None:
    """The policy file on the default branch is the one the plan was made under."""
    return unless(
        facts.policy_blob == facts.plan.policy_blob,
        "policy-unchanged",
        "the policy on the default branch has changed since the plan was made; `/intern retry` makes a plan under the new one",
    )


# --- 2: the pull request -------------------------------------------------------------------------------------------


def pull_request_is_the_planned_one(facts: Facts) -> Condition | None:
    """The plan was published on this pull request."""
    return unless(
        facts.pull_request.number == facts.plan.pull_request,
        "pull-request-planned",
        f"the plan belongs to pull request #{facts.plan.pull_request}, not to #{facts.pull_request.number}",
    )


def pull_request_is_open(facts: Facts) -> Condition | None:
    """A closed pull request takes its approval with it."""
    return unless(
        facts.pull_request.open, "pull-request-open", "the pull request is closed; reopen it, or ask for a new plan"
    )


def pull_request_is_from_here(facts: Facts) -> Condition | None:
    """Its head lies in this repository, not in a fork."""
    return unless(
        facts.pull_request.same_repository,
        "pull-request-from-here",
        "the pull request comes from a fork; only branches of this repository are run",
    )


def base_is_the_planned_one(facts: Facts) -> Condition | None:
    """It would be merged where the plan says."""
    return unless(
        facts.pull_request.base == facts.plan.base,
        "base-unchanged",
        f"the pull request now goes to {facts.pull_request.base}, the plan was made for {facts.plan.base}; set the base back",
    )


def pull_request_is_ours(facts: Facts) -> Condition | None:
    """We opened it."""
    return unless(
        same_person(facts.pull_request.by, facts.policy.our_name),
        "pull-request-ours",
        f"the pull request was opened by {facts.pull_request.by}, not by {facts.policy.our_name}",
        who=facts.pull_request.by,
    )


def pull_request_has_no_twin(facts: Facts) -> Condition | None:
    """No other open pull request shows the same commit: an approval there could be taken for one here."""
    twins = ", ".join(f"#{number}" for number in facts.twins)
    return unless(not facts.twins, "no-twins", f"the same commit is also proposed in {twins}; close those first")


# --- 3: the plan and what would run --------------------------------------------------------------------------------


def plan_is_whole(facts: Facts) -> Condition | None:
    """Nothing that pins the plan is empty: two empty strings are equal, and mean nothing."""
    plan = facts.plan
    pins = {"head": plan.head_sha, "tree": plan.tree, "merge base": plan.merge_base, "requester": plan.requester}
    missing = [name for name, value in pins.items() if not value]
    return unless(not missing, "plan-whole", f"the plan does not say its {', '.join(missing)}; ask for a new plan")


def plan_is_what_was_published(facts: Facts) -> Condition | None:
    """The digest, computed again, is the one people were shown."""
    return unless(
        plan_digest(facts.plan) == facts.digest,
        "plan-intact",
        "the stored plan does not have the digest it was published under; the ledger needs a person's look",
    )


def plan_is_the_newest(facts: Facts) -> Condition | None:
    """No other plan of the session came since."""
    return unless(
        facts.digest == facts.newest_digest,
        "plan-newest",
        "there is a newer plan in this session; approve that one",
    )


def plan_is_unused(facts: Facts) -> Condition | None:
    """An approval is used once."""
    return unless(not facts.consumed, "plan-unused", "this approval was used already; a further run needs a new plan")


def plan_still_stands(facts: Facts) -> Condition | None:
    """Nobody took it back."""
    return unless(not facts.dropped, "plan-stands", "the plan was taken back; `/intern retry` makes a new one")


def plan_was_made(facts: Facts) -> Condition | None:
    """It does not come from the future: then one of the clocks is wrong, and no time can be trusted."""
    return unless(
        facts.plan.made_at <= facts.now,
        "clock-sane",
        f"the plan was made at {facts.plan.made_at:%Y-%m-%d %H:%M} UTC, which is still to come; set this machine's clock",
    )


def plan_has_not_expired(facts: Facts) -> Condition | None:
    """It is young enough for its price and code to mean something."""
    return unless(
        facts.now < facts.plan.expires_at,
        "plan-unexpired",
        f"the plan expired at {facts.plan.expires_at:%Y-%m-%d %H:%M} UTC; `/intern retry` makes a new one",
    )


def branch_is_the_planned_one(facts: Facts) -> Condition | None:
    """The branch on the remote stands at the planned commit."""
    return unless(
        facts.live_head == facts.plan.head_sha,
        "head-unchanged",
        f"the branch is at {_short(facts.live_head)}, the plan was made for {_short(facts.plan.head_sha)}; ask for a new plan",
    )


def pull_request_shows_the_planned_head(facts: Facts) -> Condition | None:
    """The forge shows reviewers the planned commit."""
    shown, planned = facts.pull_request.head_sha, facts.plan.head_sha
    return unless(
        shown == planned,
        "pull-request-head-unchanged",
        f"the pull request shows {_short(shown)}, the plan was made for {_short(planned)}; ask for a new plan",
    )


def tree_is_the_planned_one(facts: Facts) -> Condition | None:
    """The files that would run, hashed again, are the planned ones."""
    return unless(
        facts.live_tree == facts.plan.tree,
        "tree-unchanged",
        "the files on the branch are not the planned ones; ask for a new plan",
    )


def merge_base_is_the_planned_one(facts: Facts) -> Condition | None:
    """What the reviewer saw as the difference is still the difference."""
    return unless(
        facts.merge_base == facts.plan.merge_base,
        "merge-base-unchanged",
        f"the branch leaves {facts.plan.base} at another commit than when the plan was made; ask for a new plan",
    )


def nothing_was_pushed_since(facts: Facts) -> Condition | None:
    """No push came after the plan, not even one that was undone again."""
    pushed_at = facts.pull_request.pushed_at
    when = f"{pushed_at:%Y-%m-%d %H:%M:%S} UTC, after the plan was made" if pushed_at else "a time nobody can tell"
    return unless(
        pushed_at is not None and pushed_at <= facts.plan.made_at,
        "no-push-since",
        f"the branch was last pushed at {when}; ask for a new plan",
    )


def nothing_protected_is_changed(facts: Facts) -> Condition | None:
    """What the policy keeps as it is stays so."""
    paths = touched(facts.changed, facts.policy.protected)
    return unless(
        not paths,
        "protected-untouched",
        f"the branch changes {', '.join(paths)}, which `protected` in the policy keeps as it is; the agent must take that back",
    )


def _short(commit: str | None) -> str:
    return commit[:12] if commit else "no commit at all"


PLAN_CONDITIONS: tuple[Check, ...] = (
    policy_is_enabled,
    policy_is_the_planned_one,
    pull_request_is_the_planned_one,
    pull_request_is_open,
    pull_request_is_from_here,
    base_is_the_planned_one,
    pull_request_is_ours,
    pull_request_has_no_twin,
    plan_is_whole,
    plan_is_what_was_published,
    plan_is_the_newest,
    plan_is_unused,
    plan_still_stands,
    plan_was_made,
    plan_has_not_expired,
)
"""All of them must hold, of every plan; nobody's review can make up for one."""

BYTES_CONDITIONS: tuple[Check, ...] = (
    branch_is_the_planned_one,
    pull_request_shows_the_planned_head,
    tree_is_the_planned_one,
    merge_base_is_the_planned_one,
    nothing_was_pushed_since,
    nothing_protected_is_changed,
)
"""All of them must hold of a plan that acts on what lies on the branch. A machine by the hour is of no bytes there."""
