"""Jobs on the Hub that listens, judged by the Hub's official client."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.hub_client import HubClient
from tests.fakes.waiting import until
from tests.hub_server import HubServer, Lost
from tests.hub_server.job_records import JobFolder
from tests.hub_server.job_runs import Jobs


def only(jobs: Jobs) -> JobFolder:
    (folder,) = jobs.folders.everywhere()
    return folder


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_job_runs_with_what_it_was_given_and_nothing_of_ours(client: HubClient) -> None:
    told = client("""
        program = "import os, json; print(json.dumps(dict(os.environ))); print(os.getcwd() == os.environ['HOME'])"
        job = api.run_job(image="python:3.12", command=["python", "-c", program], env={"GREETING": "a b"},
                          secrets={"HF_TOKEN": "hf_of_the_job"}, labels={"intern": "pr-7"}, timeout="30m")
        lines = list(api.fetch_job_logs(job_id=job.id, follow=True))
        after = api.inspect_job(job_id=job.id)
        tell(environment=json.loads(lines[0]), home=lines[1], lines=len(lines), stage=after.status.stage, secrets=after.secrets,
             labels=after.labels, job=job.id, owner=after.owner.name, by=after.initiator.name, message=after.status.message,
             ordered=after.created_at < after.started_at < after.finished_at, running=after.durations.running_secs)
    """)
    environment = told["environment"]
    assert isinstance(environment, dict)
    assert environment["GREETING"] == "a b"
    assert environment["HF_TOKEN"] == "hf_of_the_job"
    assert environment["HF_ENDPOINT"] == client.endpoint
    assert environment["JOB_ID"] == told["job"]
    assert not {"PYTEST_CURRENT_TEST", "PYTHONPATH", "VIRTUAL_ENV"} & set(environment)
    assert (told["lines"], told["home"], told["ordered"]) == (2, "True", True)
    assert (told["stage"], told["message"], told["secrets"]) == ("COMPLETED", None, ["HF_TOKEN"])
    assert (told["owner"], told["by"]) == ("ada", "ada")
    assert told["labels"] == {"intern": "pr-7", "name": "python-3-12-" + str(told["labels"])[-10:-2]}


def test_the_value_of_a_secret_is_written_nowhere(client: HubClient, hub: HubServer, jobs: Jobs) -> None:
    client("""
        job = api.run_job(image="python:3.12", command=["sh", "-c", "sleep 30"], secrets={"KEY": "bait-of-this-test"})
        api.wait_for_job(job.id, stages=["RUNNING"])
    """)
    files = [path for path in only(jobs).path.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if b"bait-of-this-test" in path.read_bytes()] == []


def test_each_way_to_fail_has_the_hubs_words(client: HubClient) -> None:
    told = client("""
        ways = {"code": ["sh", "-c", "exit 3"], "memory": ["sh", "-c", "kill -9 $$"], "absent": ["no-such-program"],
                "size": ["true", "x" * 240_000]}
        jobs = {way: api.run_job(image="python:3.12", command=command).id for way, command in ways.items()}
        jobs["time"] = api.run_job(image="python:3.12", command=["sh", "-c", "sleep 60 & sleep 60"], timeout=1).id
        for way, job in jobs.items():
            status = api.wait_for_job(job).status
            tell(**{way: [status.stage, status.message]})
    """)
    assert told == {
        "code": ["ERROR", "Job failed with exit code: 3. Reason: Error"],
        "memory": ["ERROR", "Job failed with exit code: 137. Reason: OOMKilled"],
        "absent": ["ERROR", "Job failed with exit code: 128. Reason: StartError"],
        "size": ["ERROR", "Job failed with exit code: 128. Reason: StartError"],
        "time": ["ERROR", "Job timeout"],
    }


@pytest.mark.parametrize("ending", ["cancel", "time", "server"])
def test_with_a_job_everything_ends_that_it_started(ending: str, client: HubClient, hub: HubServer, jobs: Jobs) -> None:
    timeout = 1 if ending == "time" else 600
    told = client(f"""
        command = ["sh", "-c", "sleep 300 & echo $! > child; wait"]
        tell(job=api.run_job(image="python:3.12", command=command, timeout={timeout}).id)
    """)
    child = only(jobs).files / "child"
    until(lambda: child.exists() and child.read_text(encoding="utf-8") != "")
    process = int(child.read_text(encoding="utf-8"))
    assert is_running(process)
    if ending == "cancel":
        stage = client(
            f"api.cancel_job(job_id='{told['job']}'); tell(stage=api.inspect_job(job_id='{told['job']}').status.stage)"
        )
        assert stage == {"stage": "CANCELED"}
    if ending == "server":
        hub.world.close()
    until(lambda: not is_running(process))


def test_a_list_is_filtered_by_label_and_stage_over_all_its_pages(
    client: HubClient, hub: HubServer, jobs: Jobs
) -> None:
    jobs.settings.page_size = 2
    told = client("""
        made = [api.run_job(image="python:3.12", command=["sh", "-c", f"exit {number % 2}"],
                            labels={"turn": str(number % 5), **({"intern": "yes"} if number < 5 else {})}).id
                for number in range(6)]
        api.wait_for_job(made)
        ours = list(api.list_jobs(labels={"intern": "yes"}))
        tell(all=[made.index(job.id) for job in api.list_jobs()], ours=[made.index(job.id) for job in ours],
             one=[made.index(job.id) for job in api.list_jobs(labels={"intern": "yes", "turn": "0"})],
             failed=[made.index(job.id) for job in api.list_jobs(status="error", labels={"intern": "yes"})],
             none=[job.id for job in api.list_jobs(status=["RUNNING", "SCHEDULING"])])
        tell(labels=api.update_job_labels(job_id=made[5], labels={"intern": "yes"}).labels)
        tell(later=len(list(api.list_jobs(labels={"intern": "yes"}))))
    """)
    assert told == {
        "all": [5, 4, 3, 2, 1, 0],
        "ours": [4, 3, 2, 1, 0],
        "one": [0],
        "failed": [3, 1],
        "none": [],
        "labels": {"intern": "yes"},
        "later": 6,
    }
    assert hub.count("GET", "/api/jobs/ada?") >= 8


def test_a_job_waits_for_its_hardware_until_it_comes(client: HubClient, jobs: Jobs) -> None:
    jobs.settings.queue_seconds = None
    waiting = client("""
        job = api.inspect_job(job_id=api.run_job(image="python:3.12", command=["true"]).id)
        tell(stage=job.status.stage, started=job.started_at, scheduling=job.durations.scheduling_secs, id=job.id)
    """)
    assert (waiting["stage"], waiting["started"], waiting["scheduling"]) == ("SCHEDULING", None, None)
    jobs.let_go(only(jobs))
    assert client(f"tell(stage=api.wait_for_job('{waiting['id']}', poll_interval=0.05).status.stage)") == {
        "stage": "COMPLETED"
    }


def test_a_node_can_be_taken_away_from_a_job(client: HubClient, jobs: Jobs) -> None:
    told = client("""
        job = api.run_job(image="python:3.12", command=["sleep", "300"])
        tell(id=api.wait_for_job(job.id, stages=["RUNNING"], poll_interval=0.05).id)
    """)
    jobs.preempt(only(jobs))
    ended = client(
        f"status = api.wait_for_job('{told['id']}', poll_interval=0.05).status; tell(stage=status.stage, why=status.message)"
    )
    assert ended == {"stage": "ERROR", "why": "Job was preempted: its node was reclaimed"}


def test_a_price_is_by_the_minute_and_can_be_raised(client: HubClient, jobs: Jobs) -> None:
    ask = """
        of = {one.name: one for one in api.list_jobs_hardware()}
        tell(usd=of["a100-large"].unit_cost_usd, micro=of["cpu-basic"].unit_cost_micro_usd, label=of["cpu-basic"].unit_label,
             card=[of["h200x8"].accelerator.model, of["h200x8"].accelerator.quantity, of["h200x8"].accelerator.vram],
             none=of["cpu-basic"].accelerator)
    """
    assert client(ask) == {
        "usd": 0.041667,
        "micro": 167,
        "label": "minute",
        "card": ["H200", "8", "1128 GB"],
        "none": None,
    }
    jobs.prices.set_price("a100-large", Decimal("3.00"))
    assert client(ask)["usd"] == 0.05


def test_a_job_whose_answer_is_lost_runs_all_the_same(client: HubClient, hub: HubServer, jobs: Jobs) -> None:
    hub.fault("POST", "/api/jobs/ada", Lost())
    told = client("""
        try:
            api.run_job(image="python:3.12", command=["true"], labels={"launch-key": "k1"})
        except http.HTTPError as lost:
            tell(lost=type(lost).__name__)
        tell(found=[api.wait_for_job(job.id).status.stage for job in api.list_jobs(labels={"launch-key": "k1"})])
    """)
    assert told == {"lost": "RemoteProtocolError", "found": ["COMPLETED"]}


def test_what_may_not_be_is_refused_before_anything_runs(client: HubClient, hub: HubServer, jobs: Jobs) -> None:
    hub.accounts.add_user("mallory")
    jobs.settings.without_credit.add("lab")
    told = client(f"""
        def status(**kwargs):
            who = HfApi(token=kwargs.pop("token", None))
            try:
                who.run_job(**{{"image": "python:3.12", "command": ["true"], "namespace": "ada", **kwargs}})
            except HfHubHTTPError as refused:
                return refused.response.status_code
        tell(flavor=status(flavor="dgx-9000"), credit=status(namespace="lab"), label=status(labels={{"a b": "c"}}),
             reader=status(token="{hub.accounts.add_token("ada", "read")}"),
             stranger=status(token="{hub.accounts.add_token("mallory")}"),
             nobody=status(token=False), wrong=status(token="hf_wrong"), empty=status(command=[]))
        try:
            api.inspect_job(job_id="0123456789abcdef01234567")
        except HfHubHTTPError as refused:
            tell(absent=refused.response.status_code)
    """)
    assert told == {
        "flavor": 400,
        "credit": 402,
        "label": 400,
        "reader": 403,
        "stranger": 403,
        "nobody": 401,
        "wrong": 401,
        "empty": 400,
        "absent": 404,
    }
    assert list(jobs.folders.everywhere()) == []
