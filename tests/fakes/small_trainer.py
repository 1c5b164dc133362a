"""A model that does a whole task in a few answers, and a script that trains in a moment: for stories of waiting."""

from __future__ import annotations

from typing import cast

from tests.fakes.model_server import Ask, Say, Seen

TRAINS = """\
import json, pathlib, sys

out = pathlib.Path(next(word.split("=", 1)[1] for word in sys.argv if word.startswith("--output-dir=")))
out.mkdir(parents=True, exist_ok=True)
(out / "metrics.json").write_text(json.dumps({"accuracy": 0.93}))
print("trained", sys.argv[1:])
"""
SLOWLY = f"import time\n\ntime.sleep(4)\n{TRAINS}"
JOB: dict[str, object] = {
    "script": "train.py",
    "flavor": "cpu-basic",
    "timeout": "10m",
    "parameters": {"batch-size": "32"},
}


def small_trainer(seen: Seen) -> Say:
    """Write, smoke-test, open the pull request, ask for the job; do it better when it is sent back; then say how it went."""
    said = [one for one in seen.messages if one["role"] == "assistant"]
    last = _since(seen, said[-1]) if said else ""
    asked = sum(1 for one in said if "hf_create_job" in str(one.get("tool_calls")))
    here = "on the runner" in _text(seen.messages[1])
    if not said:
        return _write("1", SLOWLY if here else TRAINS)
    if "exit code 0" in last and not asked:
        return Say(
            text="The small test is green.",
            calls=(
                Ask(name="open_pull_request", arguments={"title": "Train the filter", "body": "Why and how."}),
                Ask(name="hf_create_job", arguments={**JOB, "flavor": "local-cpu"} if here else JOB),
            ),
        )
    if "Refused by" in last:
        return _write(str(asked + 1))
    if " train.py: " in last:
        return _smoke()
    if "exit code 0" in last:
        return Say(calls=(Ask(name="hf_create_job", arguments=JOB),))
    if "push to ada/filter" in _text(seen.messages[1]) and "hf_upload_model" not in str(said):
        return Say(calls=(Ask(name="hf_upload_model", arguments={"repository": "ada/filter"}),))
    return Say(text="Trained: accuracy 0.93.")


def _write(version: str, script: str = TRAINS) -> Say:
    return Say(
        calls=(Ask(name="write_file", arguments={"path": "train.py", "content": f"# version {version}\n{script}"}),)
    )


def _smoke() -> Say:
    return Say(calls=(Ask(name="smoke_test", arguments={"script": "train.py", "parameters": {"batch-size": "2"}}),))


def _since(seen: Seen, message: dict[str, object]) -> str:
    """Return everything that was told after a message."""
    return "\n".join(map(_text, seen.messages[seen.messages.index(message) + 1 :]))


def _text(message: dict[str, object]) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return "".join(str(cast("dict[str, object]", part).get("text", "")) for part in cast("list[object]", content or []))
