"""The next version of the Hub's client against the same Hub: one flow through everything that runs there."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.fakes.hub_client import HubClient
from tests.hub_server import HubServer
from tests.hub_server.front import Front
from tests.hub_server.job_runs import Jobs, LogCut

NEXT = Path(__file__).parents[3] / ".cache" / "judges" / "python" / "bin" / "python"


@pytest.fixture
def following(client: HubClient, hub: HubServer) -> HubClient:
    return dataclasses.replace(client, python=str(NEXT), environment=hub.world.part(Front).environment())


def test_the_next_client_runs_jobs_sandboxes_schedules_spaces_webhooks_and_endpoints(
    following: HubClient, jobs: Jobs
) -> None:
    jobs.settings.page_size = 1
    jobs.settings.log_cuts += [LogCut(after_lines=2), LogCut(after_lines=3, looks_finished=True)]
    told = following("""
        import huggingface_hub
        from huggingface_hub import Sandbox, constants
        constants.INFERENCE_ENDPOINTS_ENDPOINT = f"{constants.ENDPOINT}/v2"
        job = api.run_job(image="python:3.12", command=["sh", "-c", "seq 1 5; sleep 4"], labels={"k": "v"}, secrets={"S": "s"})
        tell(version=huggingface_hub.__version__[0], log=list(api.fetch_job_logs(job_id=job.id, follow=True)),
             secrets=job.secrets)
        late = api.run_job(image="python:3.12", command=["sleep", "60"], timeout=1)
        tell(stage=api.wait_for_job(job.id).status.stage, late=api.wait_for_job(late.id).status.message)
        tell(listed=[one.id == job.id for one in api.list_jobs(labels={"k": "v"})], all=len(list(api.list_jobs())),
             price=[one.unit_cost_micro_usd for one in api.list_jobs_hardware()][0])
        with Sandbox.create() as box:
            box.files.write("a.py", "print(6 * 7)")
            tell(said=box.run("python a.py").stdout, background=box.run("sleep 60", background=True).kill())
        made = api.create_scheduled_job(image="python:3.12", command=["true"], schedule="@hourly")
        tell(run=api.wait_for_job(api.trigger_scheduled_job(scheduled_job_id=made.id).id).status.stage)
        api.create_repo("ada/s", repo_type="space", space_sdk="static")
        api.add_space_variable("ada/s", "A", "b")
        tell(space=[api.get_space_runtime("ada/s").stage, api.get_space_variables("ada/s")["A"].value])
        hook = api.create_webhook(url="http://127.0.0.1:9", watched=[{"type": "user", "name": "ada"}])
        tell(hook=[api.disable_webhook(hook.id).disabled, len(api.list_webhooks())])
        api.create_repo("ada/m")
        one = api.create_inference_endpoint("e", repository="ada/m", framework="pytorch", accelerator="cpu", instance_size="x1",
                                            instance_type="intel-spr", region="us-east-1", vendor="aws").wait(timeout=10)
        tell(endpoint=[one.status, one.scale_to_zero().status])
    """)
    assert told == {
        "version": "2",
        "log": ["1", "2", "3", "4", "5"],
        "secrets": ["S"],
        "stage": "COMPLETED",
        "late": "Job timeout",
        "listed": [True],
        "all": 2,
        "price": 167,
        "said": "42\n",
        "background": True,
        "run": "COMPLETED",
        "space": ["NO_APP_FILE", "b"],
        "hook": [True, 1],
        "endpoint": ["running", "scaledToZero"],
    }
