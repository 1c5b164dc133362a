"""Jobs on Hugging Face, over HTTP with the official client, on a Hub that really runs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from intern_action.core.types import JobStage
from tests.fakes.hub_jobs import HubWorkshop, hub_workshop

TRAINS = """
import json, os, pathlib, sys
out = pathlib.Path(next(word.split("=", 1)[1] for word in sys.argv if word.startswith("--output-dir=")))
(out / "model").mkdir(parents=True)
(out / "model" / "weights.bin").write_bytes(bytes(range(256)) * 40)
(out / "metrics.json").write_text(json.dumps({"accuracy": 0.93, "argv": sys.argv[1:]}))
print("trained", len(sys.argv), "words")
"""


@pytest.fixture
def at(tmp_path: Path) -> Iterator[HubWorkshop]:
    with hub_workshop(tmp_path) as made:
        yield made


def test_a_job_runs_the_approved_script_and_its_results_come_home(at: HubWorkshop) -> None:
    jobs = at.jobs()
    ref = jobs.launch(at.order(TRAINS))
    status = at.end_of(ref)
    assert (status.stage, status.message) == (JobStage.COMPLETED, f"completed in {status.seconds:.0f} s")
    output = Path(status.output_dir)
    assert json.loads((output / "metrics.json").read_text())["accuracy"] == 0.93
    assert (output / "model" / "weights.bin").read_bytes() == bytes(range(256)) * 40
    assert jobs.logs(ref) == "trained 2 words\n"
    assert at.launched() == 1
