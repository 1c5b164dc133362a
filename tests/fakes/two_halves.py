"""The two halves in jobs of their own: what control started is played as the workflow plays it."""

from __future__ import annotations

from tests.fakes.github_team import Ran, Team


def alone(ours: Team) -> None:
    """Put the workflow that control wakes the agent half by onto the default branch."""
    ours.git.push(
        "main", {".github/workflows/intern.yml": "on: [workflow_dispatch]\njobs: {}\n"}, at=ours.git.clock.now()
    )


def thought(ours: Team, *, delivers: bool = True) -> Ran:
    """Let the run that control has started play its two jobs: the agent half without a token that writes, then control."""
    name, payload = ours.github.corrections.inside.dispatched.pop(0)
    assert name == "workflow_dispatch"
    token = ours.github.token(granted={"contents": "read"})
    nothing = dict.fromkeys(("INPUT_HF_WRITE_TOKEN", "INPUT_HF_JOB_TOKEN"), "")
    agent = ours.run(name, payload, INPUT_ROLE="agent", INPUT_GITHUB_TOKEN=token, **nothing)
    ours.handed = agent.workspace / "intern-bundle" if delivers else None
    try:
        return ours.run(name, payload, code=None, INPUT_ROLE="control")
    finally:
        ours.handed = None
