"""The page about the policy shows each key there is, and what it shows is a policy."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from intern_action.core.types import Expense
from intern_action.gate.policy import parse_policy
from intern_action.settings.document import read_document
from intern_action.settings.keys import POLICY_KEYS, POLICY_SECTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
EXAMPLE = PAGE.partition("```yaml\n")[2].partition("```")[0].encode()


def test_what_the_page_shows_is_a_policy():
    policy = parse_policy(EXAMPLE)
    assert policy.enabled
    assert policy.tiers[1].above_usd == Decimal(1000)
    assert set(policy.limits.kinds) == set(Expense)


def test_no_key_is_left_out():
    shown = set(read_document(EXAMPLE, "the page").values)
    assert shown >= POLICY_KEYS
    for section in POLICY_SECTIONS:
        assert any(path.startswith(f"{section}.") for path in shown)
