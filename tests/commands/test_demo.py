"""The demo plays on this machine alone."""

from __future__ import annotations

from intern_action.commands.demo import alone


def test_the_demo_never_uses_an_account_of_its_owner():
    given = {"PATH": "/bin", "HF_TOKEN": "hf_a", "HF_WRITE_TOKEN": "hf_b", "INTERN_ACTION_JOBS_BACKEND": "hf"}
    assert alone(given, "/demo/hub") == {
        "PATH": "/bin",
        "INTERN_ACTION_HUB_FOLDER": "/demo/hub",
        "INTERN_ACTION_JOBS_BACKEND": "local",
    }
