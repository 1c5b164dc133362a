"""Inference endpoints on the Hub that listens, judged by the official client."""

from __future__ import annotations

from tests.fakes.hub_client import HubClient
from tests.hub_server import HubServer
from tests.hub_server.endpoints import Endpoints
from tests.hub_server.job_runs import Jobs

DEPLOY = """
    from huggingface_hub import constants
    constants.INFERENCE_ENDPOINTS_ENDPOINT = f"{constants.ENDPOINT}/v2"
    machine = dict(accelerator="cpu", instance_size="x1", instance_type="intel-spr", region="us-east-1", vendor="aws")
    def deploy(name="spam", **changes):
        words = dict(repository="ada/m", framework="pytorch", task="text-classification", min_replica=0, scale_to_zero_timeout=15)
        return api.create_inference_endpoint(name, **{**machine, **words, "secrets": {"KEY": "bait"}, **changes})
    api.create_repo("ada/m", exist_ok=True)
"""


def test_an_endpoint_is_made_waited_for_asked_and_put_away(client: HubClient, hub: HubServer) -> None:
    hub.world.part(Endpoints).settings.initializing_seconds = 2
    told = client(f"""{DEPLOY}
    made = deploy()
    tell(first=made.status, url=made.url)
    made.wait(timeout=20, refresh_every=1)
    who = {{"Authorization": f"Bearer {{get_token()}}"}}
    asked = http.post(made.url, json={{"inputs": "win money"}}, headers=who)
    tell(ready=made.status, answer=asked.json()[0][0]["label"], stranger=http.post(made.url, json={{"inputs": ""}}).status_code)
    tell(model=[made.revision == api.model_info("ada/m").sha, made.raw["model"]["secrets"]],
         listed=[one.name for one in api.list_inference_endpoints()])
    tell(zero=made.scale_to_zero().status, paused=made.pause().status, resumed=made.resume().status)
    tell(grown=made.update(instance_size="x4").raw["compute"]["instanceSize"])
    made.delete()
    tell(left=api.list_inference_endpoints())
    """)
    assert told == {
        "first": "initializing",
        "url": None,
        "ready": "running",
        "answer": "LABEL_0",
        "stranger": 401,
        "model": [True, ["KEY"]],
        "listed": ["spam"],
        "zero": "scaledToZero",
        "paused": "paused",
        "resumed": "initializing",
        "grown": "x4",
        "left": [],
    }


def test_an_endpoint_scaled_to_nothing_wakes_when_it_is_asked(client: HubClient) -> None:
    told = client(f"""{DEPLOY}
    made = deploy().scale_to_zero()
    asked = http.post(made.url, json={{"inputs": "a"}}, headers={{"Authorization": f"Bearer {{get_token()}}"}})
    tell(asked=asked.status_code, state=made.fetch().status)
    """)
    assert told == {"asked": 200, "state": "running"}


def test_what_cannot_be_deployed_is_refused_and_what_fails_says_so(
    client: HubClient, hub: HubServer, jobs: Jobs
) -> None:
    jobs.settings.without_credit.add("lab")
    hub.world.part(Endpoints).settings.fails = True
    told = client(f"""{DEPLOY}
    def status(**changes):
        try:
            deploy(**changes)
        except HfHubHTTPError as refused:
            return refused.response.status_code
    tell(repository=status(repository="ada/absent"), machine=status(instance_type="nvidia-b300"), credit=status(namespace="lab"))
    made = deploy()
    tell(twice=status())
    try:
        made.wait(timeout=5)
    except InferenceEndpointError as failed:
        tell(failed=str(failed).startswith("Inference Endpoint spam failed"))
    machines = [one for one in api.list_inference_endpoints_hardware() if one.accelerator == "cpu"]
    tell(prices={{one.instance_size: one.price_per_hour for one in machines}})
    """)
    assert told == {
        "repository": 400,
        "machine": 400,
        "credit": 402,
        "twice": 409,
        "failed": True,
        "prices": {"x1": 0.033, "x4": 0.134},
    }
