"""Commands that install in a job on the Hub that listens."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.hub_client import HubClient
from tests.hub_server import HubServer


def test_installing_is_looking_whether_it_is_there(client: HubClient) -> None:
    told = client("""
        import os
        command = ["sh", "-c", "pip install 'pydantic>=2' && pip install -q absent-of-the-tests==1"]
        jobs = {
            "there": api.run_uv_job("python", script_args=["-c", "print(1 + 1)"], dependencies=["huggingface_hub>=1,<2"]),
            "absent": api.run_uv_job("python", script_args=["-c", "print(1)"], dependencies=["absent-of-the-tests"]),
            "newer": api.run_uv_job("python", script_args=["-c", "print(1)"], dependencies=["pydantic>=99"]),
            "pip": api.run_job(image="python:3.12", command=command),
        }
        for name, job in jobs.items():
            stage = api.wait_for_job(job.id, poll_interval=0.1).status.stage
            tell(**{name: [stage, *api.fetch_job_logs(job_id=job.id)]})
    """)
    assert told["there"] == ["COMPLETED", "2"]
    assert str(told["absent"]).count("absent-of-the-tests is not in this server's ready environment") == 1
    assert "you require pydantic>=99, it cannot be had" in str(told["newer"])
    assert "Requirement already satisfied: pydantic>=2" in str(told["pip"])
    assert str(told["pip"]).startswith("['ERROR'")


def test_a_script_brings_its_requirements_in_its_header(client: HubClient, hub: HubServer, tmp_path: Path) -> None:
    told = client("""
        header = "# /// script\\n# dependencies = ['pydantic>=99']\\n# ///\\n"
        write = f"import pathlib; pathlib.Path('a.py').write_text({header!r} + 'print(1)')"
        job = api.run_job(image="python:3.12", command=["sh", "-c", f'python -c "$0" && uv run a.py', write])
        tell(stage=api.wait_for_job(job.id).status.stage, lines=list(api.fetch_job_logs(job_id=job.id)))
    """)
    assert told["stage"] == "ERROR"
    assert "you require pydantic>=99" in str(told["lines"])
