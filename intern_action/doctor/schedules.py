"""Whether the timer still runs: in public repositories GitHub switches schedules off after 60 days without activity.

docs.github.com/actions, "Events that trigger workflows", `schedule`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import Site
from intern_action.wiring.workflow import DOORBELL, MAIN

SUBJECT = "timer"
QUIET_DAYS, WARN_DAYS = 60, 45


def look(site: Site) -> Iterator[Finding]:
    """Look at the state of the timer, and at how long it has been quiet here."""
    asleep = [name for name in (MAIN, DOORBELL) if _state(site, name) == "disabled_inactivity"]
    for name in asleep:
        yield wrong(SUBJECT, "asleep", name=name, page=f"{site.page}/actions/workflows/{name}")
    if asleep:
        return
    pushed = site.repository.pushed_at
    quiet = site.clock.now() - pushed if pushed else timedelta(0)
    if not site.repository.private and quiet > timedelta(days=WARN_DAYS):
        yield care(SUBJECT, "quiet", days=quiet.days, left=max(0, QUIET_DAYS - quiet.days))
    else:
        yield fine(SUBJECT, public=not site.repository.private)


def _state(site: Site, name: str) -> str:
    known = site.workflows.get(name)
    return known.state if known else ""


CHECK = Check(name="schedules", subject=SUBJECT, look=look, asks_github=True)
