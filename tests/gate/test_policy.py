"""`.github/intern.yml`, as far as it decides about money: what it says, and what is wrong with it, by line."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from pydantic import BaseModel

from intern_action.core.entries import Limits
from intern_action.core.errors import Misconfigured
from intern_action.core.judgement import ApprovalPolicy, Tier
from intern_action.core.types import Expense
from intern_action.gate.policy import _BUDGET_KEYS, PolicyFile, parse_policy, tighter
from intern_action.settings.keys import POLICY_KEYS, POLICY_SECTIONS, REPOSITORY_MAY

WHOLE = b"""\
enabled: false
bots: ["renovate[bot]", "@helper"]
labels:
  intern-big: --flavor a100-large --timeout 4h
  "needs model":
mcp_servers: [docs, own]
protected: [deploy/**, "*.tf"]
model: anthropic/claude-opus-4.8   # a setting of the run, not of the gate
approvals:
  people: ["@ada", grace, hedy]
  people_needed: 2
  requester_may_approve: true
  code_above_usd: $50
  tiers:
    large: {above_usd: 200 USD, people_needed: 3}
    huge:
      above_usd: 1,000.50
      people_needed: 3
      code: true
  flavors: [t4-small, a100-large]
  models: [anthropic/*, recipes]
  hub_repositories: [ours/*]
  expire_after: 2 days
budget:
  month_usd: 1,000 USD
  session_usd: 12.50
  requester_usd: 100
  jobs: {month_usd: 600, session_usd: 12}
  sandboxes:
    requester_usd: 20
  endpoints: {month_usd: 0}
  model: {month_usd: 80, session_usd: $5, requester_usd: 40}
"""


def test_every_word_of_the_file_arrives():
    assert parse_policy(WHOLE) == ApprovalPolicy(
        enabled=False,
        bots=("renovate[bot]", "helper"),
        labels={"intern": "", "intern-big": "--flavor a100-large --timeout 4h", "needs model": ""},
        approvers=("ada", "grace", "hedy"),
        people_needed=2,
        requester_may_approve=True,
        code_above_usd=Decimal(50),
        tiers=(
            Tier(above_usd=Decimal(200), people_needed=3),
            Tier(above_usd=Decimal("1000.50"), people_needed=3, code=True),
        ),
        flavors=("t4-small", "a100-large"),
        models=("anthropic/*", "recipes"),
        protected=("deploy/**", "*.tf"),
        hub_repositories=("ours/*",),
        mcp_servers=("docs", "own"),
        limits=Limits(
            month_usd=Decimal(1000),
            session_usd=Decimal("12.50"),
            requester_usd=Decimal(100),
            kinds={
                Expense.JOBS: Limits(month_usd=Decimal(600), session_usd=Decimal(12)),
                Expense.SANDBOXES: Limits(requester_usd=Decimal(20)),
                Expense.ENDPOINTS: Limits(month_usd=Decimal(0)),
                Expense.MODEL: Limits(month_usd=Decimal(80), session_usd=Decimal(5), requester_usd=Decimal(40)),
            },
        ),
    )


@pytest.mark.parametrize("content", [None, b"", b"# nothing\n", b"approvals:\nbudget:\n", b"model: recipes\n"])
def test_a_repository_that_says_nothing_gets_the_documented_defaults(content: bytes | None):
    policy = parse_policy(content)
    assert policy == ApprovalPolicy()
    assert (policy.enabled, policy.people_needed, policy.requester_may_approve) == (True, 1, False)
    assert (policy.bots, policy.labels) == ((), {"intern": ""})


def test_who_we_are_is_handed_in_and_cannot_be_written_into_the_file():
    assert parse_policy(None, our_name="intern").our_name == "intern"
    with pytest.raises(Misconfigured, match=r"intern.yml:2: there is no key `approvals.our_name`"):
        parse_policy(b"approvals:\n  our_name: mallory\n")


def test_the_teams_own_flags_for_our_label_count():
    assert parse_policy(b"labels:\n  intern: --max-cost 2\n").labels == {"intern": "--max-cost 2"}


def test_an_unknown_key_is_refused_with_its_line_and_the_near_miss():
    with pytest.raises(
        Misconfigured, match=r"intern.yml:3: there is no key `approvals.poeple`; did you mean `approvals.people`\?"
    ):
        parse_policy(b"enabled: true\napprovals:\n  poeple: [ada]\n")


def test_a_misspelled_kill_switch_is_not_overlooked():
    with pytest.raises(Misconfigured, match=r"intern.yml:1: .*did you mean `enabled`"):
        parse_policy(b"enable: false\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"enabled: 1\n", r"intern.yml:1: `enabled`: Input should be a valid boolean"),
        (b"enabled: maybe\n", r"intern.yml:1: `enabled`"),
        (b"bots: renovate\n", r"intern.yml:1: `bots`"),
        (b"labels: [intern]\n", r"intern.yml:1: `labels` is a section"),
        (b"labels:\n  a:\n    b: c\n", r"intern.yml:3: there is no key `labels.a.b`"),
        (b"labels:\n  a: 5\n", r"intern.yml:2: `labels.a`: Input should be a valid string"),
        (b"labels:\n  a: true\n", r"intern.yml:2: `labels.a`: Input should be a valid string"),
        (b"label:\n  a: x\n", r"intern.yml:2: there is no key `label.a`"),
        (
            b"approvals:\n  people_needed: 0\n",
            r"intern.yml:2: `approvals.people_needed`: .* greater than or equal to 1",
        ),
        (b"approvals:\n  people_needed: '2'\n", r"intern.yml:2: `approvals.people_needed`"),
        (b"approvals:\n\n  people: ada\n", r"intern.yml:3: `approvals.people`"),
        (b"approvals:\n  people: [ada, '']\n", r"intern.yml:2: `approvals.people`"),
        (b"approvals:\n  people: ['@']\n", r"intern.yml:2: `approvals.people`"),
        (b"approvals:\n  people: [12]\n", r"intern.yml:2: `approvals.people`"),
        (
            b"approvals:\n  code_above_usd: cheap\n",
            r"intern.yml:2: `approvals.code_above_usd`: 'cheap' is not an amount",
        ),
        (b"protected: deploy\n", r"intern.yml:1: `protected`: Input should be a valid tuple"),
        (b"protected: ['']\n", r"intern.yml:1: `protected`: .*is no path"),
        (b"protected: [a, '/']\n", r"intern.yml:1: `protected`: .*is no path"),
        (b"protected: [a, '!b']\n", r"intern.yml:1: `protected`: .*is no path"),
        (b"approvals:\n  models: recipes\n", r"intern.yml:2: `approvals.models`"),
        (b"approvals:\n  models: ['']\n", r"intern.yml:2: `approvals.models`"),
        (b"mcp_servers: docs\n", r"intern.yml:1: `mcp_servers`"),
        (b"mcp_servers: ['']\n", r"intern.yml:1: `mcp_servers`"),
        (b"mcp_servers: ['${X}']\n", r"intern.yml:1: `mcp_servers` takes no"),
        (
            b"mcp_servers: {docs: yes}\n",
            r"intern.yml:1: there is no key `mcp_servers.docs`; `mcp_servers` takes a value",
        ),
        (b"mcp: {docs: {url: 'https://x.org'}}\n", r"intern.yml:1: a repository may not set `mcp.docs.url`"),
        (b"approvals:\n  tiers: 5\n", r"intern.yml:2: `approvals.tiers` is a section"),
        (b"approvals:\n  tiers:\n    big: 5\n", r"intern.yml:3: there is no key `approvals.tiers.big`"),
        (b"approvals:\n  tiers:\n    big:\n", r"intern.yml:3: there is no key `approvals.tiers.big`"),
        (b"approvals:\n  tiers:\n    big: {peple: 2}\n", r"intern.yml:3: there is no key `approvals.tiers.big.peple`"),
        (
            b"approvals:\n  tiers:\n    big: {code: true}\n",
            r"intern.yml:3: `approvals.tiers.big.above_usd`: Field required",
        ),
        (
            b"approvals:\n  tiers:\n    big: {above_usd: much, code: true}\n",
            r"intern.yml:3: `approvals.tiers.big.above_usd`: 'much' is not an amount",
        ),
        (
            b"approvals:\n  tiers:\n    big: {above_usd: 5, people_needed: 0}\n",
            r"intern.yml:3: `approvals.tiers.big.people_needed`: .* greater than or equal to 1",
        ),
        (b"approvals:\n  tiers:\n    big:\n      above_usd: 5\n      code: 1\n", r"intern.yml:5: .*valid boolean"),
        (b"approvals:\n  tiers:\n    big: {above_usd: 5}\n", r"intern.yml:3: .*asks for nothing more"),
        (
            b"approvals:\n  people_needed: 2\n  tiers:\n    big: {above_usd: 5, people_needed: 2}\n",
            r"intern.yml:4: .*asks for nothing more",
        ),
        (b"budget:\n  month_usd: -5\n", r"intern.yml:2: `budget.month_usd`: -5 is not an amount of money"),
        (b"budget:\n  month_usd: true\n", r"intern.yml:2: `budget.month_usd`: True is not an amount of money"),
        (b"budget: 50\n", r"intern.yml:1: `budget` is a section"),
        (b"budget:\n  model: 5\n", r"intern.yml:2: `budget.model` is a section"),
        (b"budget:\n  model:\n    mouth_usd: 5\n", r"intern.yml:3: .*did you mean `budget.model.month_usd`"),
        (b"budget:\n  cpus: {month_usd: 5}\n", r"intern.yml:2: there is no key `budget.cpus.month_usd`"),
        (b"budget:\n  jobs: {month_usd: -1}\n", r"intern.yml:2: `budget.jobs.month_usd`: -1 is not an amount"),
        (b"approvals:\n  people: &all [ada]\n  flavors: *all\n", r"intern.yml:3: `\*all` is an alias"),
        (b"enabled: true\nenabled: false\n", r"intern.yml:2: `enabled` stands here a second time"),
        (b"- enabled\n", r"intern.yml:1: a configuration is a list"),
        (b"enabled: [\n", r"intern.yml:\d: not valid YAML"),
        (b"\xff\xfe", r"intern.yml is not UTF-8"),
    ],
)
def test_a_wrong_value_is_refused_with_its_line(content: bytes, said: str):
    with pytest.raises(Misconfigured, match=said):
        parse_policy(content)


def test_nobody_can_be_needed_who_may_not_approve():
    with pytest.raises(Misconfigured, match=r"intern.yml:3: 2 people must approve and 1 may"):
        parse_policy(b"approvals:\n  people_needed: 2\n  people: [ada, '@Ada']\n")
    with pytest.raises(Misconfigured, match=r"intern.yml:2: 2 people must approve and 1 may"):
        parse_policy(b"approvals:\n  people: [ada]\n  tiers:\n    big: {above_usd: 9, people_needed: 2}\n")
    assert parse_policy(b"approvals:\n  people_needed: 2\n  people: [ada, grace]\n").people_needed == 2
    assert parse_policy(b"approvals:\n  people_needed: 2\n").approvers == ()


@pytest.mark.parametrize(
    "content",
    [
        b"approvals:\n  people: ['${WHO}']\n",
        b"budget:\n  month_usd: ${INTERN_VAR_BUDGET}\n",
        b"budget:\n  model:\n    month_usd: ${INTERN_VAR_BUDGET}\n",
        b"enabled: ${ON:-true}\n",
        b"labels:\n  a: ${X}\n",
        b"bots: ['${X}']\n",
        b"protected: ['${X}']\n",
        b"approvals:\n  models: ['${X}']\n",
        b"approvals:\n  tiers:\n    big: {above_usd: '${X}'}\n",
    ],
)
def test_who_may_spend_is_written_in_the_file_and_not_taken_from_an_environment(content: bytes):
    with pytest.raises(Misconfigured, match=r"takes no `\$\{...\}`"):
        parse_policy(content)


def test_a_setting_beside_the_policy_may_be_filled_in_later_and_is_none_of_its_business():
    assert parse_policy(b"model: ${INTERN_VAR_MODEL}\n") == ApprovalPolicy()


def test_a_file_that_says_where_tokens_go_is_refused_here_too():
    with pytest.raises(Misconfigured, match=r"intern.yml:2: a repository may not set `hub.endpoint`"):
        parse_policy(b"hub:\n  endpoint: https://evil.example\n")


def test_an_empty_limit_is_no_limit_and_an_empty_code_limit_asks_for_no_code():
    policy = parse_policy(b"approvals:\n  code_above_usd: null\nbudget:\n  month_usd: ~\n")
    assert policy == ApprovalPolicy()


def test_of_two_limits_the_tighter_counts():
    ours = Limits(month_usd=Decimal(10), session_usd=None, requester_usd=Decimal(7))
    theirs = Limits(month_usd=Decimal(20), session_usd=Decimal(5), requester_usd=None)
    both = Limits(month_usd=Decimal(10), session_usd=Decimal(5), requester_usd=Decimal(7))
    assert tighter(ours, theirs) == both == tighter(theirs, ours)
    assert tighter(ours, Limits()) == ours
    assert tighter(Limits(month_usd=Decimal(0)), ours).month_usd == 0


def test_limits_of_one_kind_tighten_each_other_and_stay_their_own():
    ours = Limits(kinds={Expense.JOBS: Limits(month_usd=Decimal(5)), Expense.MODEL: Limits(session_usd=Decimal(1))})
    theirs = Limits(kinds={Expense.JOBS: Limits(month_usd=Decimal(9), session_usd=Decimal(2))})
    both = {
        Expense.JOBS: Limits(month_usd=Decimal(5), session_usd=Decimal(2)),
        Expense.MODEL: Limits(session_usd=Decimal(1)),
    }
    assert tighter(ours, theirs).kinds == both == tighter(theirs, ours).kinds


def test_the_settings_budget_can_only_tighten_the_policys():
    content = b"budget:\n  month_usd: 100\n"
    assert parse_policy(content, limits=Limits(month_usd=Decimal(20))).limits.month_usd == 20
    assert parse_policy(content, limits=Limits(month_usd=Decimal(200))).limits.month_usd == 100


def _keys_of_the_policy() -> set[str]:
    return set(_leaves(PolicyFile, ""))


def _leaves(section: type[BaseModel], above: str) -> Iterator[str]:
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _leaves(field.annotation, f"{above}{name}.")
        else:
            yield above + name


def test_the_keys_that_are_left_to_the_gate_are_the_ones_it_reads():
    assert _keys_of_the_policy() - set(POLICY_SECTIONS) == POLICY_KEYS | _BUDGET_KEYS
    assert _BUDGET_KEYS <= REPOSITORY_MAY
