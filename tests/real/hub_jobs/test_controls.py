"""What another process changes about the jobs of a Hub that listens: through addresses that the real one does not have."""

from __future__ import annotations

import json
from http.client import HTTPConnection

from tests.fakes.hub_client import HubClient
from tests.hub_server import HubServer
from tests.hub_server.job_runs import Jobs


def ask(hub: HubServer, method: str, path: str, **body: object) -> tuple[int, dict[str, str]]:
    connection = HTTPConnection(hub.url.removeprefix("http://"), timeout=20)
    connection.request(method, path, body=json.dumps(body))
    answer = connection.getresponse()
    told: dict[str, str] = json.loads(answer.read())
    connection.close()
    return answer.status, told


def test_prices_queue_nodes_and_logs_are_steered_from_outside(client: HubClient, hub: HubServer, jobs: Jobs) -> None:
    assert ask(hub, "PUT", "/_jobs/settings", queue_seconds=None, page_size=7, without_credit=["lab"])[0] == 200
    assert ask(hub, "PUT", "/_jobs/prices/h200", usd_per_hour="6.00")[0] == 200
    assert ask(hub, "PUT", "/_jobs/prices/h900", usd_per_hour="6.00")[0] == 404
    assert ask(hub, "POST", "/_jobs/log-cuts", after_lines=2, times=3)[0] == 201
    assert (jobs.settings.page_size, jobs.settings.without_credit, jobs.settings.log_cuts[0].times) == (7, {"lab"}, 3)
    job = client("""
        tell(job=api.run_job(image="python:3.12", command=["sleep", "300"]).id,
             price=[one.unit_cost_usd for one in api.list_jobs_hardware() if one.name == "h200"])
    """)
    assert job["price"] == [0.1]
    (folder,) = jobs.folders.everywhere()
    assert folder.status().stage == "SCHEDULING"
    assert ask(hub, "POST", f"/_jobs/{job['job']}/go")[0] == 200
    client(f"api.wait_for_job('{job['job']}', stages=['RUNNING'], poll_interval=0.05)")
    assert ask(hub, "POST", f"/_jobs/{job['job']}/preempt")[0] == 200
    assert client(f"tell(stage=api.wait_for_job('{job['job']}', poll_interval=0.05).status.stage)") == {
        "stage": "ERROR"
    }


def test_what_a_client_needs_to_reach_ports_is_told(hub: HubServer) -> None:
    status, told = ask(hub, "GET", "/_jobs/front")
    assert status == 200
    assert told["HTTPS_PROXY"].startswith("http://127.0.0.1:")
    assert told["SSL_CERT_FILE"].endswith("authority.pem")
