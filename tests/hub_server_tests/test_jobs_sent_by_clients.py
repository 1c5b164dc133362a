"""What official clients were seen to send about jobs and what runs beside them, word for word, is answered as they need it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.hub_server import HubServer
from tests.hub_server_tests.conftest import Hand

SEEN = Path(__file__).parent / "jobs_sent_by_clients.jsonl"
ABSENT = "/api/jobs/alice/nope"


def test_everything_that_clients_send_about_jobs_is_answered(hub: HubServer, hands: Callable[[str], Hand]) -> None:
    hub.accounts.add_user("alice")
    alice = hands(hub.accounts.add_token("alice"))
    alice.ask("POST", "/api/repos/create", {"name": "s", "type": "space", "sdk": "gradio"})
    made = {"JOB": "", "SCHEDULE": ""}
    for line in SEEN.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        path: str = one["path"].replace("JOB", made["JOB"]).replace("SCHEDULE", made["SCHEDULE"])
        told = alice.ask(one["method"], path, one["body"].encode(), {"Content-Type": one["type"] or ""})
        assert told.status in wanted(path), (one, told)
        if (one["method"], path) == ("POST", "/api/jobs/alice"):
            made["JOB"] = made["JOB"] or str(told.json["id"])
        if (one["method"], path) == ("POST", "/api/scheduled-jobs/alice"):
            made["SCHEDULE"] = made["SCHEDULE"] or str(told.json["id"])


def wanted(path: str) -> set[int]:
    if path == ABSENT:
        return {404}
    return {200, 500} if path.endswith("/metrics") else {200}  # the Hub has no metrics of a job that has ended
