"""Scheduled jobs on the Hub that listens, judged by the official client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.fakes.hub_client import HubClient
from tests.hub_server import HubServer
from tests.hub_server.schedules import Schedules


def test_a_schedule_is_kept_suspended_run_now_and_deleted(client: HubClient) -> None:
    told = client("""
        made = api.create_scheduled_job(image="python:3.12", command=["sh", "-c", "echo $KEY; sleep 300"], schedule="@daily",
                                        secrets={"KEY": "k"}, labels={"intern": "nightly"})
        tell(due=made.status.next_job_run_at.strftime("%H:%M"), last=made.status.last_job, suspended=made.suspend,
             secrets=made.job_spec.secrets,
             listed=[one.id == made.id for one in api.list_scheduled_jobs(labels={"intern": "nightly"})])
        api.suspend_scheduled_job(scheduled_job_id=made.id)
        tell(paused=api.inspect_scheduled_job(scheduled_job_id=made.id).suspend)
        api.resume_scheduled_job(scheduled_job_id=made.id)
        run = api.trigger_scheduled_job(scheduled_job_id=made.id)
        after = api.inspect_scheduled_job(scheduled_job_id=made.id)
        tell(resumed=not after.suspend, by=run.initiator.type, of=run.initiator.id == made.id,
             linked=after.status.last_job.id == run.id)
        try:
            api.trigger_scheduled_job(scheduled_job_id=made.id)
        except HfHubHTTPError as refused:
            tell(twice=refused.response.status_code)
        api.update_scheduled_job_labels(scheduled_job_id=made.id, labels={"a": "b"})
        tell(labels=api.inspect_scheduled_job(scheduled_job_id=made.id).job_spec.labels)
        api.delete_scheduled_job(scheduled_job_id=made.id)
        tell(left=len(api.list_scheduled_jobs()))
        try:
            api.create_scheduled_job(image="python:3.12", command=["true"], schedule="every day")
        except HfHubHTTPError as refused:
            tell(words=refused.response.status_code)
    """)
    assert told == {
        "due": "00:00",
        "last": None,
        "suspended": False,
        "secrets": ["KEY"],
        "listed": [True],
        "paused": True,
        "resumed": True,
        "by": "scheduled-job",
        "of": True,
        "linked": True,
        "twice": 409,
        "labels": {"a": "b"},
        "left": 0,
        "words": 400,
    }


def test_what_is_due_runs_once_each_time(client: HubClient, hub: HubServer) -> None:
    client("api.create_scheduled_job(image='python:3.12', command=['true'], schedule='0 6 * * 1-5', concurrency=True)")
    schedules, day = hub.world.part(Schedules), datetime.now(UTC) + timedelta(days=7)
    schedules.tick(day)
    schedules.tick(day)
    schedules.tick(day + timedelta(days=3))
    told = client("tell(by=[job.initiator.type for job in api.list_jobs()])")
    assert told == {"by": ["scheduled-job", "scheduled-job"]}
