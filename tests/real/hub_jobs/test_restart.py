"""Jobs and a Hub server that is killed under them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

from tests.fakes.hub_client import HubClient
from tests.fakes.waiting import until
from tests.hub_server.job_records import JobFolder

ROOT = Path(__file__).parents[3]


def listening(root: Path, port: int = 0) -> tuple[subprocess.Popen[str], dict[str, str]]:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.hub_server", "--root", str(root), "--port", str(port)],
        cwd=ROOT,
        env={},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    lines = [server.stdout.readline().strip().removeprefix("export ").partition("=") for _ in range(2)]
    return server, {name: value for name, _, value in lines}


def test_a_job_outlives_a_server_that_was_killed(tmp_path: Path) -> None:
    server, given = listening(tmp_path / "hub")
    client = HubClient(endpoint=given["HF_ENDPOINT"], token=given["HF_TOKEN"], home=tmp_path / "home")
    job = client("""
        command = ["sh", "-c", "echo before; while [ ! -e go ]; do sleep 0.05; done; echo after"]
        job = api.run_job(image="python:3.12", command=command)
        tell(job=api.wait_for_job(job.id, stages=["RUNNING"], poll_interval=0.05).id)
    """)["job"]
    server.kill()
    server.communicate()
    (tmp_path / "hub" / "jobs" / "ada" / str(job) / "files" / "go").touch()
    server, given = listening(tmp_path / "hub", port=int(given["HF_ENDPOINT"].rpartition(":")[2]))
    told = client(f"tell(stage=api.wait_for_job('{job}').status.stage, lines=list(api.fetch_job_logs(job_id='{job}')))")
    server.terminate()
    server.communicate()
    assert told == {"stage": "COMPLETED", "lines": ["before", "after"]}


def test_a_job_whose_process_died_with_the_server_is_an_error(tmp_path: Path) -> None:
    server, given = listening(tmp_path / "hub")
    client = HubClient(endpoint=given["HF_ENDPOINT"], token=given["HF_TOKEN"], home=tmp_path / "home")
    job = client("""
        job = api.run_job(image="python:3.12", command=["sh", "-c", "echo $$ > process; sleep 300"])
        tell(job=api.wait_for_job(job.id, stages=["RUNNING"], poll_interval=0.05).id)
    """)["job"]
    folder = JobFolder(tmp_path / "hub" / "jobs" / "ada" / str(job))
    until(lambda: (folder.files / "process").exists() and (folder.files / "process").read_text(encoding="utf-8") != "")
    server.kill()
    server.communicate()
    os.kill(int((folder.path / "keeper.pid").read_text(encoding="utf-8")), signal.SIGKILL)
    os.killpg(int((folder.files / "process").read_text(encoding="utf-8")), signal.SIGKILL)
    until(lambda: not folder.is_kept())
    server, given = listening(tmp_path / "hub", port=int(given["HF_ENDPOINT"].rpartition(":")[2]))
    told = client(f"status = api.inspect_job(job_id='{job}').status; tell(stage=status.stage, why=status.message)")
    server.terminate()
    server.communicate()
    assert told == {"stage": "ERROR", "why": "Job lost: the machine that ran it has gone"}


def test_a_job_whose_server_never_comes_back_ends_by_itself(tmp_path: Path) -> None:
    server, given = listening(tmp_path / "hub")
    client = HubClient(endpoint=given["HF_ENDPOINT"], token=given["HF_TOKEN"], home=tmp_path / "home")
    put(given["HF_ENDPOINT"], "/_jobs/settings", {"orphan_seconds": 1})
    job = client("""
        job = api.run_job(image="python:3.12", command=["sh", "-c", "echo $$ > process; sleep 300"])
        tell(job=api.wait_for_job(job.id, stages=["RUNNING"], poll_interval=0.05).id)
    """)["job"]
    folder = JobFolder(tmp_path / "hub" / "jobs" / "ada" / str(job))
    until(lambda: (folder.files / "process").exists() and (folder.files / "process").read_text(encoding="utf-8") != "")
    server.kill()
    server.communicate()
    until(lambda: not folder.is_kept())
    assert not Path(f"/proc/{(folder.files / 'process').read_text(encoding='utf-8').strip()}").exists()
    assert folder.status().message == "Job lost: the machine that ran it has gone"


def put(endpoint: str, path: str, body: dict[str, object]) -> None:
    connection = HTTPConnection(endpoint.removeprefix("http://"), timeout=20)
    connection.request("PUT", path, body=json.dumps(body))
    assert connection.getresponse().status == 200
    connection.close()
