"""Spaces on the Hub that listens, judged by the official client."""

from __future__ import annotations

from tests.fakes.hub_client import HubClient
from tests.hub_server import HubServer
from tests.hub_server.job_runs import Jobs
from tests.hub_server.spaces import Spaces


def test_a_space_has_hardware_secrets_variables_and_a_life(client: HubClient, hub: HubServer, jobs: Jobs) -> None:
    jobs.settings.without_credit.add("lab")
    told = client("""
        api.create_repo("ada/demo", repo_type="space", space_sdk="gradio", space_secrets=[{"key": "FIRST", "value": "1"}],
                        space_variables=[{"key": "SEED", "value": "7"}])
        tell(empty=api.get_space_runtime("ada/demo").stage)
        api.upload_file(path_or_fileobj=b"print(1)", path_in_repo="app.py", repo_id="ada/demo", repo_type="space")
        built = api.wait_for_space("ada/demo", poll_interval=0.1)
        tell(stage=built.stage, hardware=built.hardware)
        asked = api.request_space_hardware("ada/demo", "t4-small", sleep_time=300)
        tell(asked=asked.requested_hardware, sleep=asked.sleep_time)
        tell(longer=api.set_space_sleep_time("ada/demo", 600).sleep_time)
        api.add_space_secret("ada/demo", "KEY", "bait", description="of a test")
        tell(secrets={key: one.description for key, one in api.get_space_secrets("ada/demo").items()})
        api.delete_space_secret("ada/demo", "KEY")
        api.add_space_variable("ada/demo", "MODEL", "ada/m")
        tell(left=sorted(api.get_space_secrets("ada/demo")),
             variables={key: one.value for key, one in api.get_space_variables("ada/demo").items()})
        api.delete_space_variable("ada/demo", "MODEL")
        tell(fewer=sorted(api.get_space_variables("ada/demo")), logs=list(api.fetch_space_logs("ada/demo"))[-1])
        tell(paused=api.pause_space("ada/demo").stage, awake=api.restart_space("ada/demo").stage)
        api.create_repo("lab/demo", repo_type="space", space_sdk="static")
        try:
            api.request_space_hardware("lab/demo", "t4-small")
        except HfHubHTTPError as refused:
            tell(credit=refused.response.status_code)
        tell(price=[one.unit_cost_usd for one in api.list_spaces_hardware() if one.name == "t4-small"])
    """)
    assert told == {
        "empty": "NO_APP_FILE",
        "stage": "RUNNING",
        "hardware": "cpu-basic",
        "asked": "t4-small",
        "sleep": 300,
        "longer": 600,
        "secrets": {"FIRST": None, "KEY": "of a test"},
        "left": ["FIRST"],
        "variables": {"SEED": "7", "MODEL": "ada/m"},
        "fewer": ["SEED"],
        "logs": "* Running on local URL:  http://0.0.0.0:7860\n",
        "paused": "PAUSED",
        "awake": "RUNNING",
        "credit": 402,
        "price": [0.006667],
    }
    assert "bait" not in str(hub.world.part(Spaces).table.items()[0][1].values)


def test_a_space_is_built_for_a_while(client: HubClient, hub: HubServer) -> None:
    hub.world.part(Spaces).settings.build_seconds = 2
    told = client("""
        api.create_repo("ada/demo", repo_type="space", space_sdk="static")
        api.upload_file(path_or_fileobj=b"<p>", path_in_repo="index.html", repo_id="ada/demo", repo_type="space")
        tell(before=api.get_space_runtime("ada/demo").stage, after=api.wait_for_space("ada/demo", poll_interval=0.1).stage)
    """)
    assert told == {"before": "BUILDING", "after": "RUNNING"}
