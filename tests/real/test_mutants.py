"""Every clause of the gate, negated one by one, is noticed by a test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(900)
def test_no_clause_of_the_gate_can_be_negated_without_a_test_noticing():
    ran = subprocess.run(
        [sys.executable, "bench/mutants.py"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=880
    )
    survivors = [line for line in ran.stdout.splitlines() if line.startswith("SURVIVED")]
    counted = re.search(r"^(\d+) mutants, (\d+) survived", ran.stdout, re.MULTILINE)
    assert survivors == []
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert counted
    assert int(counted[1]) > 200
