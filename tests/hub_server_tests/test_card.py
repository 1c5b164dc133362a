"""What a card says in front is read as a YAML library reads it: PyYAML writes, and is the judge."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hub_server.card import NotYaml, front_matter, parse

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(-1e6, 1e6).map(lambda value: round(value, 4))
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=100)
)
KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,12}", fullmatch=True).filter(lambda key: yaml.safe_load(key) == key)
CARDS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)

REAL = """
license: mit   # as the text says
language: [en, "de"]
widget:
  - text: "a: b # c"
    example_title: It's
- not: reached
"""
CARD = """---
license: apache-2.0
tags:
- text-classification
- 'quoted: yes'
datasets: [ada/mails, lab/more]
empty:
model-index:
- name: m
  results:
  - task: {type: text-classification, name: Text}
    metrics:
    - type: accuracy
      value: 0.95
      verified: false
description: >-
  folded over
  two lines

  and a paragraph
code: |
  def f():
      return 1
plain: goes on
  over two lines
---

# Words
"""


def test_a_card_as_people_write_it() -> None:
    assert front_matter(CARD) == yaml.safe_load(CARD.split("---")[1])


@settings(max_examples=60)
@given(st.dictionaries(KEYS, CARDS, max_size=4), st.booleans())
def test_what_pyyaml_writes_is_read_the_same(card: dict[str, object], flow: bool) -> None:
    written = yaml.safe_dump(card, default_flow_style=True if flow else None, allow_unicode=True)
    assert parse(written) == yaml.safe_load(written)


@pytest.mark.parametrize("text", ["", "# only words", "---\n---\n", "--- not closed"])
def test_a_readme_may_say_nothing_in_front(text: str) -> None:
    assert front_matter(text) == {}


@pytest.mark.parametrize("text", [REAL, "a: b: c", "a: [1, 2", "a: 'x", "a: &anchor x", "a: 1\n   b: 2"])
def test_what_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(NotYaml):
        parse(text)
