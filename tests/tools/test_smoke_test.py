"""The planned job, small, as we saw it run."""

from __future__ import annotations

from pathlib import Path

import pytest

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import Desk
from tests.tools.conftest import Use

SCRIPT = """
import json, os, sys, time
flags = dict(word[2:].partition("=")[::2] for word in sys.argv[1:])
print("flags", sorted(flags.items()))
out = flags["output-dir"]
assert os.path.isdir(out)
if "fail" in flags: sys.exit("no such luck")
if "mess" in flags: open("mess.txt", "w").write("left behind")
if "sleep" in flags: time.sleep(30)
json.dump({"metrics": {"accuracy": 0.5}}, open(out + "/metrics.json", "w"))
"""


@pytest.fixture(autouse=True)
def script(checkout: Path) -> None:
    """The script of the job."""
    (checkout / "training").mkdir()
    (checkout / "training" / "train.py").write_text(SCRIPT)


def test_it_is_recorded_what_ran_on_which_tree_and_how_it_ended(use: Use, desk: Desk):
    result = use("smoke_test", script="training/train.py", parameters={"smoke": True, "epochs": 1})
    data = result.data
    assert (data["script"], data["exit_code"], data["timed_out"]) == ("training/train.py", 0, False)
    assert data["tree"] == desk.checkout.tree()
    assert data["changed"] is False
    assert data["metrics"] == {"metrics": {"accuracy": 0.5}}
    assert data["command"] == [
        desk.python,
        "training/train.py",
        "--smoke",
        "--epochs=1",
        f"--output-dir={data['output']}",
    ]
    assert str(data["output"]).startswith(desk.scratch)
    assert '"accuracy": 0.5' in result.text


def test_a_script_that_fails_fails_the_test(use: Use):
    result = use("smoke_test", script="training/train.py", parameters={"fail": "true"})
    assert result.failed
    assert result.data["exit_code"] == 1
    assert result.data["metrics"] == {}
    assert "no such luck" in result.text


def test_files_left_in_the_checkout_are_said(use: Use, desk: Desk):
    before = desk.checkout.tree()
    result = use("smoke_test", script="training/train.py", parameters={"mess": "true"})
    assert result.data["changed"] is True
    assert result.data["tree"] == before != desk.checkout.tree()
    assert "changed files of the checkout" in result.text


def test_bytecode_is_not_left_in_the_checkout(use: Use, checkout: Path):
    (checkout / "training" / "helper.py").write_text("x = 1\n")
    (checkout / "training" / "train.py").write_text("import helper\n")
    assert use("smoke_test", script="training/train.py").data["changed"] is False


def test_metrics_of_an_earlier_test_do_not_pass_for_new_ones(use: Use):
    assert use("smoke_test", script="training/train.py").data["metrics"]
    assert use("smoke_test", script="training/train.py", parameters={"fail": "true"}).data["metrics"] == {}


def test_a_test_that_takes_too_long_is_ended(use: Use):
    result = use("smoke_test", script="training/train.py", parameters={"sleep": "true"}, timeout="2s")
    assert (result.data["timed_out"], result.data["exit_code"], result.failed) == (True, 137, True)
    assert "the time limit" in result.text


@pytest.mark.parametrize("script", ["/etc/passwd", "../train.py", "train.sh", "training/none.py", "training"])
def test_only_a_python_file_of_the_checkout_is_run(use: Use, script: str):
    with pytest.raises(ToolFailed):
        use("smoke_test", script=script)


def test_flags_that_are_none_are_refused(use: Use):
    with pytest.raises(ToolFailed, match="name of a flag"):
        use("smoke_test", script="training/train.py", parameters={"-x; rm": "1"})
