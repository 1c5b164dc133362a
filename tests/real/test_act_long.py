"""Long sessions as GitHub runs them: from one comment, in our image, to the draft pull request that waits for a review."""

from __future__ import annotations

from pathlib import Path

from tests.act.deliveries import Run
from tests.act.world import a_world, small
from tests.fakes.github_team import BOT
from tests.fakes.long_work import LongWork
from tests.fakes.model_server import Ask, ModelServer

ASK = "/intern read through the whole log, then train the filter"
ENDS_WITHIN_SECONDS = 180
TURNS = 300
"""As many as a session has when nobody says otherwise."""
WINDOW_TOKENS = 8_192
SMALL_TURNS = 120
LEAST_FOLDS = 10


def cheap(turn: int) -> Ask:
    """Return calls of several kinds; every tenth changes the checkout, which is a snapshot each time."""
    if turn % 10 == 9:
        return Ask(name="write_file", arguments={"path": "notes.md", "content": f"read up to part {turn}\n"})
    if turn % 3 == 0:
        return Ask(name="read_file", arguments={"path": "README.md", "limit": 1_000 + turn})
    return Ask(name="bash", arguments={"command": f"echo part {turn}"})


def large(turn: int) -> Ask:
    """Return a call whose answer is some 9 kB, more than a third of the window."""
    return Ask(name="bash", arguments={"command": f"seq -f 'part {turn} step %06.0f loss 0.1' 1 300"})


def session(provider: LongWork, place: Path, **settings: str) -> Run:
    """Let one comment begin a session, and see that it comes to its draft pull request."""
    with (
        ModelServer(provider, keep_bodies=False) as server,
        a_world("quickstart", place, {**small(server), **settings}) as world,
    ):
        issue = world.team.issue("eve", "The filter lets spam through", "It got worse lately.")
        world.team.github.act("ada", "POST", f"/issues/{issue}/comments", {"body": ASK})
        (run,) = world.runner.take()
        outputs = world.outputs(run)
        assert outputs["state"] == "awaiting-review", run.ran.log[-4000:]
        pull = world.team.pull(int(outputs["pull_request"]))
        assert (pull["draft"], pull["user"]["login"]) == (True, BOT)
        assert pull["head"]["sha"] == outputs["head_sha"]
        assert "costs at most" in pull["body"]
        assert world.team.github.violations == []
        return run


def test_300_turns_from_one_comment_end_in_a_draft_pull_request(tmp_path: Path):
    provider = LongWork(turns=TURNS, call=cheap)
    run = session(provider, tmp_path)

    assert provider.asked == TURNS
    assert ASK.partition(" ")[2] in str(provider.last[1]["content"])
    assert run.ran.seconds < ENDS_WITHIN_SECONDS


def test_a_long_task_on_a_model_of_8192_tokens_ends_in_a_draft_pull_request(tmp_path: Path):
    provider = LongWork(turns=SMALL_TURNS, call=large, window_tokens=WINDOW_TOKENS)
    run = session(provider, tmp_path, INTERN_ACTION_MODELS_WINDOWS=f"local/tiny {WINDOW_TOKENS}")

    assert provider.asked == SMALL_TURNS
    assert provider.refused == 0
    assert provider.summaries >= LEAST_FOLDS
    told = str(provider.last[1]["content"])
    assert ASK.partition(" ")[2] in told, "the task is still there"
    assert "parts were read" in told, "and what was found"
    assert run.ran.seconds < ENDS_WITHIN_SECONDS
