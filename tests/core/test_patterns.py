"""Lists of names and paths with `*` in them: what is on them, and that nothing passes by a spelling."""

from __future__ import annotations

import pytest

from intern_action.core.patterns import is_listed, touched


@pytest.mark.parametrize(
    ("patterns", "name", "there"),
    [
        ((), "anything", True),
        (("recipes",), "recipes", True),
        (("recipes",), "recipes2", False),
        (("anthropic/*",), "anthropic/claude-opus-4.8", True),
        (("Anthropic/*",), "anthropic/Claude-Opus-4.8", True),
        (("anthropic/*",), "huggingface/anthropic/claude-opus-4.8", False),
        (("openai/gpt-5.5",), "openai/gpt-5.5:fal-ai", False),
        (("openai/gpt-5.5*", "local"), "local", True),
    ],
)
def test_a_name_is_on_the_list_or_nobody_keeps_one(patterns: tuple[str, ...], name: str, there: bool):
    assert is_listed(name, patterns) is there


@pytest.mark.parametrize(
    ("pattern", "path", "means"),
    [
        ("deploy", "deploy/prod.yaml", True),
        ("deploy/", "deploy/a/b", True),
        ("/deploy/**", "deploy/a/b", True),
        ("deploy/**", "docs/deploy/a", False),
        ("deploy/**", "deployment.md", False),
        ("*.tf", "main.tf", True),
        ("*.tf", "infra/main.tf", True),
        ("**/secrets.py", "secrets.py", True),
        ("**/secrets.py", "a/b/secrets.py", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "ab", False),
        ("Makefile", "makefile", True),
        ("makefile", "./Makefile", True),
        ("deploy", "train/../deploy/x", True),
        ("deploy", "deploy\\x", True),
        ("train.py", "train_py", False),
    ],
)
def test_a_pattern_means_paths_from_the_top_and_all_that_is_below_a_folder(pattern: str, path: str, means: bool):
    assert touched((path, "other.txt"), (pattern,)) == ((path,) if means else ())


def test_without_patterns_nothing_is_meant():
    assert touched(("a", "b"), ()) == ()


def test_paths_come_once_and_in_their_order():
    assert touched(("b/1", "a/1", "c"), ("a", "b", "*/1")) == ("b/1", "a/1")
