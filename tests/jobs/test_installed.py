"""Pins against what is installed."""

from __future__ import annotations

import pytest

from intern_action.core.ports import Command, Outcome
from intern_action.jobs._installed import missing


class Says:
    """A shell in which Python says what is installed."""

    def run(self, command: Command) -> Outcome:
        assert command.argv[0] == "python"
        return Outcome(exit_code=0, output='{"torch": "2.13.0+cpu", "peft": "0.21.2"}', seconds=0.1)

    def detach(self, command: Command, *, pid_file: str, status_file: str) -> None:
        raise AssertionError(f"asking starts nothing: {command}, {pid_file}, {status_file}")


@pytest.mark.parametrize("pin", ["torch==2.13.0", "torch==2.13.0+cpu", "peft==0.21.2", "peft[extra]==0.21.2"])
def test_a_pin_is_met_by_its_version_in_any_build(pin: str):
    assert missing((pin,), Says(), "python", cwd="/") == ()


@pytest.mark.parametrize("pin", ["torch==2.13.0+cu128", "torch==2.13", "peft==0.21.1", "trl==1.16.0"])
def test_a_pin_is_not_met_by_another_version(pin: str):
    assert missing((pin,), Says(), "python", cwd="/") == (pin,)
