"""Webhooks of the Hub that listens, judged by the official client and by a receiver that listens too."""

from __future__ import annotations

import json
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tests.fakes.hub_client import HubClient
from tests.fakes.waiting import until
from tests.hub_server import HubServer
from tests.hub_server.webhooks import Webhooks


class Receiver(BaseHTTPRequestHandler):
    got: list[tuple[str, dict[str, object]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.headers.get("X-Webhook-Secret", ""), json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's own name
        """Say nothing."""


@pytest.fixture
def receiver() -> Generator[tuple[str, list[tuple[str, dict[str, object]]]]]:
    got: list[tuple[str, dict[str, object]]] = []
    server = HTTPServer(("127.0.0.1", 0), type("One", (Receiver,), {"got": got}))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_webhook_is_kept_changed_and_deleted(client: HubClient) -> None:
    told = client("""
        watched = [{"type": "user", "name": "ada"}]
        made = api.create_webhook(url="https://example.com/hook", watched=watched, domains=["repo"], secret="s")
        tell(made=[made.url, made.domains, made.secret, made.disabled, made.watched[0].name])
        changed = api.update_webhook(made.id, url="https://example.com/other", watched=[{"type": "model", "name": "ada/m"}])
        tell(changed=[changed.url, changed.watched[0].type, changed.secret])
        tell(off=api.disable_webhook(made.id).disabled, on=not api.enable_webhook(made.id).disabled)
        tell(listed=[one.id == made.id for one in api.list_webhooks()], found=api.get_webhook(made.id).url)
        api.delete_webhook(made.id)
        tell(left=api.list_webhooks())
    """)
    assert told == {
        "made": ["https://example.com/hook", ["repo"], "s", False, "ada"],
        "changed": ["https://example.com/other", "model", "s"],
        "off": True,
        "on": True,
        "listed": [True],
        "found": "https://example.com/other",
        "left": [],
    }


def test_what_happens_to_a_watched_repository_is_sent_with_the_secret(
    client: HubClient, receiver: tuple[str, list[tuple[str, dict[str, object]]]]
) -> None:
    address, got = receiver
    client(f"""
        watched = [{{"type": "user", "name": "ada"}}]
        api.create_webhook(url="{address}", watched=watched, domains=["repo"], secret="the secret")
        off = api.create_webhook(url="{address}", watched=watched)
        api.disable_webhook(off.id)
        api.create_repo("lab/other")
        api.create_repo("ada/m", private=True)
        api.upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id="ada/m")
        api.create_discussion("ada/m", title="A word")
    """)
    until(lambda: len(got) == 2)
    assert {secret for secret, _ in got} == {"the secret"}
    payloads = json.dumps([payload for _, payload in got])
    told = client(f"""
        made, changed = (WebhookPayload.model_validate(payload) for payload in json.loads({payloads!r}))
        tell(made=[made.event.action, made.event.scope, made.repo.name, made.repo.private])
        tell(what=[changed.event.action, changed.event.scope])
        tell(head=changed.updatedRefs[0].newSha == changed.repo.head_sha == api.model_info("ada/m").sha)
    """)
    assert told == {"made": ["create", "repo", "ada/m", True], "what": ["update", "repo.content"], "head": True}


def test_an_address_that_does_not_answer_holds_nothing_up(client: HubClient, hub: HubServer) -> None:
    told = client("""
        api.create_webhook(url="http://127.0.0.1:9/hook", watched=[{"type": "user", "name": "ada"}])
        tell(made=api.create_repo("ada/m").repo_id)
    """)
    assert told == {"made": "ada/m"}
    until(lambda: hub.world.part(Webhooks).lost == ["http://127.0.0.1:9/hook"])


def test_a_webhook_can_run_a_job(client: HubClient) -> None:
    told = client("""
        import time
        command = ["sh", "-c", "echo $WEBHOOK_REPO_TYPE $WEBHOOK_REPO_ID $WEBHOOK_SECRET"]
        source = api.run_job(image="python:3.12", command=command)
        api.create_webhook(job_id=source.id, watched=[{"type": "user", "name": "ada"}], secret="s")
        api.create_repo("ada/m")
        while len(jobs := list(api.list_jobs())) < 2:
            time.sleep(0.05)
        api.wait_for_job(jobs[0].id, poll_interval=0.05)
        tell(by=jobs[0].initiator.type, said=list(api.fetch_job_logs(job_id=jobs[0].id)))
    """)
    assert told == {"by": "webhook", "said": ["model ada/m s"]}
