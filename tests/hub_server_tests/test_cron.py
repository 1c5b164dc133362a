"""When schedules of jobs are due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.hub_server.cron import Cron, NotCron


@pytest.mark.parametrize(
    ("words", "after", "due"),
    [
        ("*/15 * * * *", "2026-02-28T23:50:30", "2026-03-01T00:00:00"),
        ("30 6 * * 1-5", "2026-11-27T06:30:00", "2026-11-30T06:30:00"),
        ("0 0 29 2 *", "2026-11-25T00:00:00", "2028-02-29T00:00:00"),
        ("0 9 1 * 7", "2026-11-25T00:00:00", "2026-11-29T09:00:00"),
        ("@weekly", "2026-11-25T00:00:00", "2026-11-29T00:00:00"),
    ],
)
def test_a_schedule_is_due_when_cron_says(words: str, after: str, due: str) -> None:
    assert Cron.read(words).after(datetime.fromisoformat(after)) == datetime.fromisoformat(due)


@pytest.mark.parametrize("words", ["", "* * * *", "60 * * * *", "a * * * *", "*/0 * * * *", "5-1 * * * *"])
def test_what_is_no_schedule_is_refused(words: str) -> None:
    with pytest.raises(NotCron):
        Cron.read(words)


def test_a_day_that_never_comes_is_never_due() -> None:
    assert Cron.read("0 0 30 2 *").after(datetime(2026, 1, 1, tzinfo=UTC)) is None
