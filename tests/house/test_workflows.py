"""The action, our own workflows and those that we ship: what they promise, what they may do, and what they must never hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.source import ROOT

EXAMPLES = ROOT / "configs" / "examples"
OURS = ROOT / ".github" / "workflows"
SHIPPED = sorted(EXAMPLES.glob("*/*.yml"))
EVERY = [*SHIPPED, *sorted(OURS.glob("*.yml"))]
HOLDS_SECRETS_FOR = {"pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_target"}


def told(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def writes(job: dict[str, Any]) -> set[str]:
    return {name for name, level in job["permissions"].items() if level == "write"}


# --- the action ----------------------------------------------------------------------------------------------------------


def test_every_input_and_output_is_described_and_can_be_left_out():
    action = told(ROOT / "action.yml")
    for name, one in {**action["inputs"], **action["outputs"]}.items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
        assert one["description"].strip().endswith("."), name
    assert all(one["required"] is False and isinstance(one["default"], str) for one in action["inputs"].values())
    assert action["runs"]["args"] == ["action"]


def test_its_outputs_are_those_that_were_promised():
    promised = "state session pull_request branch head_sha metrics cost_usd trace_path report_path"
    assert list(told(ROOT / "action.yml")["outputs"]) == promised.split()


def test_a_release_differs_in_the_image_alone_and_has_a_second_one_that_trains(tmp_path: Path):
    images = [f"ghcr.io/o/n@sha256:{digit * 64}" for digit in "ab"]
    script = ROOT / ".github" / "released_action.py"
    subprocess.run([sys.executable, str(script), str(tmp_path), *images], check=True)
    action, plain, training = (told(path / "action.yml") for path in (ROOT, tmp_path, tmp_path / "train"))
    assert [plain["runs"].pop("image"), training["runs"].pop("image")] == [f"docker://{image}" for image in images]
    assert action["runs"].pop("image") == "Dockerfile"
    assert plain == action
    assert training == {**action, "name": training["name"]}


# --- workflows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EVERY, ids=named)
def test_a_workflow_begins_with_no_rights_and_every_job_says_which_it_needs(path: Path):
    workflow = told(path)
    assert workflow["permissions"] == {}
    assert all("permissions" in job and "timeout-minutes" in job for job in workflow["jobs"].values())


@pytest.mark.parametrize("path", EVERY, ids=named)
def test_an_action_is_pinned_to_a_commit_and_tells_its_version(path: Path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if re.match(r"\s*(- )?uses:", line) and "uses: ./ " not in line:
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


@pytest.mark.parametrize("path", EVERY, ids=named)
def test_no_workflow_that_a_pull_request_may_have_written_holds_a_secret_or_may_write(path: Path):
    workflow = told(path)
    if not HOLDS_SECRETS_FOR & set(workflow[True]):
        return
    assert "secrets." not in path.read_text(encoding="utf-8")
    assert all(not writes(job) for job in workflow["jobs"].values())


@pytest.mark.parametrize("path", EVERY, ids=named)
def test_no_words_of_an_event_stand_in_a_script(path: Path):
    scripts = [step.get("run", "") for job in told(path)["jobs"].values() for step in job["steps"]]
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("kind", ["quickstart", "hardened"])
def test_the_doorbell_can_do_nothing_and_rings_for_the_workflow_that_waits_for_it(kind: str):
    bell, main = told(EXAMPLES / kind / "intern-doorbell.yml"), told(EXAMPLES / kind / "intern.yml")
    assert [job["permissions"] for job in bell["jobs"].values()] == [{}]
    assert main[True]["workflow_run"] == {"workflows": [bell["name"]], "types": ["completed"]}


def test_in_the_hardened_set_up_the_half_that_thinks_holds_nothing_that_writes_or_spends():
    path = EXAMPLES / "hardened" / "intern.yml"
    agent, control = (told(path)["jobs"][name] for name in ("agent", "control"))
    words = yaml.safe_dump(agent)
    assert agent["permissions"] == {"contents": "read"}
    assert set(re.findall(r"secrets\.(\w+)", words)) == {"ANTHROPIC_API_KEY", "HF_TOKEN"}
    assert agent["environment"] != control["environment"]
    assert "ANTHROPIC_API_KEY" not in yaml.safe_dump(control)
    assert [step["with"].get("role") for step in (agent["steps"][0], control["steps"][-1])] == ["agent", "control"]


@pytest.mark.parametrize("path", [path for path in SHIPPED if "doorbell" not in path.name], ids=named)
def test_what_is_handed_to_the_action_is_an_input_of_it(path: Path):
    known = set(told(ROOT / "action.yml")["inputs"])
    steps = [step for job in told(path)["jobs"].values() for step in job["steps"] if "/intern-action" in step["uses"]]
    assert steps
    assert all(set(step["with"]) <= known for step in steps)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/intern-timer.yml")), ids=named)
def test_what_a_timer_costs_is_told_as_github_bills_it(path: Path):
    rows = re.findall(r'#   "(\S+) \* \* \* \*" .*? (\d+)(?: minutes for each day.*)?$', path.read_text(), re.MULTILINE)
    runs_an_hour = {"7": 1, "*/15": 4, "*/5": 12}
    assert {every: int(minutes) for every, minutes in rows} == {
        every: runs * 24 for every, runs in runs_an_hour.items()
    }


@pytest.mark.parametrize(("kind", "job"), [("quickstart", "intern"), ("hardened", "control")])
def test_the_timer_is_the_main_workflow_on_a_clock_that_can_be_switched_off_alone(kind: str, job: str):
    main, timer = (told(EXAMPLES / kind / name) for name in ("intern.yml", "intern-timer.yml"))
    assert "schedule" not in main[True]  # GitHub switches workflows with a clock off, and comments with them
    assert list(timer[True]) == ["schedule"]
    for name in ("runs-on", "permissions", "environment"):
        assert timer["jobs"][job].get(name) == main["jobs"][job].get(name)
    assert timer["jobs"][job]["steps"] == [main["jobs"][job]["steps"][-1]]
    assert timer["jobs"][job]["permissions"]["actions"] == "write"


def test_we_use_what_we_ship():
    ours, shipped = (told(path / "intern.yml") for path in (OURS, EXAMPLES / "quickstart"))
    mine, theirs = ours["jobs"]["intern"], shipped["jobs"]["intern"]
    assert {**ours, "jobs": {}} == {**shipped, "jobs": {}}
    assert mine["permissions"] == theirs["permissions"]
    assert mine["if"] == f"vars.INTERN == 'on' && {theirs['if']}"
    assert {**mine["steps"][-1], "uses": ""} == {**theirs["steps"][-1], "uses": ""}
    clock, timer = (told(path / "intern-timer.yml") for path in (OURS, EXAMPLES / "quickstart"))
    assert {**clock, "jobs": {}} == {**timer, "jobs": {}}
    assert clock["jobs"]["intern"]["steps"] == mine["steps"]
    bell = "intern-doorbell.yml"
    assert (
        (OURS / bell).read_text()
        == (EXAMPLES / "quickstart" / bell).read_text()
        == (EXAMPLES / "hardened" / bell).read_text()
    )
