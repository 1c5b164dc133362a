"""What a comment may ask for at most: what settings and policy say, by name."""

from __future__ import annotations

from pathlib import Path

from intern_action.core.incoming import NotUnderstood
from intern_action.core.judgement import ApprovalPolicy
from intern_action.settings.load import load
from intern_action.triggers._command import parse_command
from intern_action.wiring.bounds import bounds_of


def refusal(command: str, tmp_path: Path, **flags: object) -> str:
    policy = ApprovalPolicy(
        flavors=("t4-small",), models=("recipes",), labels={"intern": "", "big": "--flavor t4-small"}
    )
    bounds = bounds_of(load(flags, {}, tmp_path, tmp_path).settings, policy)
    assert bounds.presets == policy.labels
    found = parse_command(f"/intern {command} train", bounds)
    assert isinstance(found, NotUnderstood)
    return found.words


def test_each_flag_is_bounded_by_its_setting_or_the_policy(tmp_path: Path):
    assert "at most 300 are allowed here (`max_turns`)" in refusal("--max-iterations 301", tmp_path)
    assert "at most $2 are allowed here" in refusal("--max-cost 3", tmp_path, max_cost_usd="2")
    assert "at most 6h are allowed here (`jobs.local.timeout`)" in refusal("--timeout 7h", tmp_path)
    assert "at most 3d are allowed here (`jobs.hf.timeout`)" in refusal(
        "--timeout 4d", tmp_path, **{"jobs.backend": "hf"}
    )
    assert "allowed here are t4-small" in refusal("--flavor h200", tmp_path)
    assert "allowed here are recipes" in refusal("--model openai/gpt-5.5", tmp_path)
