"""Whether the environments that hold our secrets are for the default branch alone; in the hardened set-up control runs in one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import yaml

from intern_action.doctor._check import Check, Finding, fine, wrong
from intern_action.doctor._site import MAIN, Site

SUBJECT = "environment"


def look(site: Site) -> Iterator[Finding]:
    """Look at each that our workflow names."""
    for name in named_in(site.workflow(MAIN) or ""):
        found, page = site.github.environment(name), f"{site.page}/settings/environments"
        if found is None:
            yield wrong(SUBJECT, "missing", name=name, page=page)
        elif found.deployment_branch_policy is None:
            yield wrong(SUBJECT, "open", name=name, page=page)
        else:
            yield fine(SUBJECT, name=name)


def named_in(workflow: str) -> tuple[str, ...]:
    """Return the environments that the jobs of a workflow run in."""
    try:
        loaded: object = yaml.safe_load(workflow)
    except yaml.YAMLError:
        return ()
    jobs = cast("Mapping[str, object]", loaded).get("jobs") if isinstance(loaded, dict) else None
    every = cast("Mapping[str, Mapping[str, object]]", jobs or {}).values()
    return tuple(dict.fromkeys(name for job in every if (name := _name(job.get("environment")))))


def _name(environment: object) -> str:
    named = cast("Mapping[str, object]", environment).get("name") if isinstance(environment, dict) else environment
    return str(named or "")


CHECK = Check(name="environments", subject=SUBJECT, look=look, asks_github=True)
