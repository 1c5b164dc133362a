"""What jobs on the Hub that listens say while they run: logs that break, and what they use."""

from __future__ import annotations

import json
from http.client import HTTPConnection, IncompleteRead

from tests.fakes.hub_client import HubClient
from tests.fakes.waiting import ENOUGH, until
from tests.hub_server import HubServer
from tests.hub_server.job_runs import Jobs, LogCut


def test_a_followed_log_that_breaks_is_told_whole_and_once(client: HubClient, jobs: Jobs) -> None:
    jobs.settings.log_cuts.append(LogCut(after_lines=3, further=2, times=2))
    # The client looks after each break whether the job has ended, and asks for no more if so: this one runs past both.
    told = client("""
        job = api.run_job(image="python:3.12", command=["sh", "-c", "seq 1 7; sleep 5"])
        tell(lines=list(api.fetch_job_logs(job_id=job.id, follow=True)))
    """)
    assert told == {"lines": ["1", "2", "3", "4", "5", "6", "7"]}
    assert jobs.settings.log_cuts[0].times == 0


def test_a_log_that_is_not_followed_is_what_there_is_by_now(client: HubClient, jobs: Jobs) -> None:
    job = client("""
        tell(id=api.run_job(image="python:3.12", command=["sh", "-c", "seq 1 50; sleep 300"]).id)
    """)["id"]
    (folder,) = jobs.folders.everywhere()
    until(lambda: folder.logs.read_bytes().count(b"\n") == 51)
    told = client(f"""
        tell(lines=list(api.fetch_job_logs(job_id="{job}", tail=3)), stage=api.inspect_job(job_id="{job}").status.stage)
    """)
    assert told == {"lines": ["48", "49", "50"], "stage": "RUNNING"}


def streamed(hub: HubServer, path: str, *, most: int = 10_000_000) -> tuple[bytes, bool]:
    """Return what a stream held, and whether it ended as it should."""
    connection = HTTPConnection(hub.url.removeprefix("http://"), timeout=ENOUGH)
    connection.request("GET", path, headers={"Authorization": f"Bearer {hub.token}"})
    answer = connection.getresponse()
    assert answer.headers["Content-Type"] == "text/event-stream"
    try:
        return answer.read(most), True
    except IncompleteRead as broken:
        return broken.partial, False
    finally:
        connection.close()


def test_a_log_is_server_sent_events_from_its_first_line_each_time_it_is_asked(
    client: HubClient, hub: HubServer, jobs: Jobs
) -> None:
    jobs.settings.log_cuts.append(LogCut(after_lines=1, further=1, times=20))
    told = client("""
        job = api.run_job(image="python:3.12", command=["seq", "1", "30"])
        tell(job=api.wait_for_job(job.id).id)
    """)
    path = f"/api/jobs/ada/{told['job']}/logs"
    broken = [streamed(hub, path) for _ in range(20)]
    whole, ended = streamed(hub, path)
    assert [complete for _, complete in broken] == [False] * 20
    assert ended
    assert all(whole.startswith(part) for part, _ in broken)
    assert [part.count(b"data: ") for part, _ in broken] == list(range(1, 21))
    events = [json.loads(line.removeprefix("data: ")) for line in whole.decode().split("\n\n") if line]
    assert events[0]["data"].startswith("===== Job started at ")
    assert [event["data"] for event in events[1:]] == [str(number) for number in range(1, 31)]
    assert events[5]["timestamp"].endswith("Z")


def test_a_log_can_break_so_that_it_looks_finished(client: HubClient, hub: HubServer, jobs: Jobs) -> None:
    jobs.settings.log_cuts.append(LogCut(after_lines=3, looks_finished=True))
    job = client("""
        job = api.run_job(image="python:3.12", command=["sh", "-c", "echo 1; echo 2; echo 3; sleep 300"])
        tell(id=job.id)
    """)["id"]
    told, ended = streamed(hub, f"/api/jobs/ada/{job}/logs")
    assert (told.count(b"data: "), ended) == (3, True)
    assert client(f"tell(stage=api.inspect_job(job_id='{job}').status.stage)") == {"stage": "RUNNING"}


def test_a_silent_log_says_that_it_is_alive(client: HubClient, hub: HubServer, jobs: Jobs) -> None:
    jobs.settings.keep_alive_seconds = 0.1
    job = client("tell(job=api.run_job(image='python:3.12', command=['sleep', '300']).id)")["job"]
    told, _ = streamed(hub, f"/api/jobs/ada/{job}/logs", most=250)
    assert told.count(b": keep-alive\n\n") >= 3


def test_a_running_job_tells_what_it_uses(client: HubClient) -> None:
    told = client("""
        job = api.run_job(image="python:3.12", command=["python", "-c", "import time; x = bytes(50_000_000); time.sleep(300)"],
                          flavor="a10g-small")
        api.wait_for_job(job.id, stages=["RUNNING"], poll_interval=0.05)
        for number, metrics in enumerate(api.fetch_job_metrics(job_id=job.id)):
            if metrics["memory_used_bytes"] > 0 or number == 5:
                break
        tell(**metrics)
        api.cancel_job(job_id=job.id)
        tell(after=list(api.fetch_job_metrics(job_id=job.id)))
    """)
    assert isinstance(told["memory_used_bytes"], int)
    assert 0 < told["memory_used_bytes"] < 500_000_000
    assert told["gpus"] == {
        "00000000": {"utilization": 0, "memory_used_bytes": 0, "memory_total_bytes": 24_000_000_000}
    }
    assert told["after"] == []
