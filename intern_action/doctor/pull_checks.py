"""Whether checks of other workflows start on our pull requests: what a workflow's own token opens starts none.

docs.github.com/actions, "Triggering a workflow from a workflow" and "GITHUB_TOKEN": they start none, or wait for approval.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import cast

import yaml

from intern_action.doctor._check import Check, Finding, care, fine
from intern_action.doctor._site import OURS, Site
from intern_action.wiring.workflow import MAIN

SUBJECT = "checks on our pull requests"
APP = re.compile(
    r"create-github-app-token|^\s*github_token:\s*\$\{\{\s*(?!secrets\.GITHUB_TOKEN|github\.token)", re.MULTILINE
)
STARTS = frozenset({"pull_request", "pull_request_target", "push"})


def look(site: Site) -> Iterator[Finding]:
    """Look for workflows that should start, and for an App's token in ours."""
    waiting = sorted(name for name in site.workflows if name not in OURS and _starts(site.workflow(name)))
    if not waiting:
        yield fine(SUBJECT, "none")
    elif APP.search(site.workflow(MAIN) or ""):
        yield fine(SUBJECT, "app", names=waiting)
    else:
        yield care(SUBJECT, "waiting", names=waiting, page=site.page)


def _starts(words: str | None) -> bool:
    """Whether a workflow is one that a pull request starts."""
    try:
        loaded: object = yaml.safe_load(words or "")
    except yaml.YAMLError:
        return False  # GitHub does not start it either
    if not isinstance(loaded, dict):
        return False
    told = cast("dict[object, object]", loaded)
    events: object = told.get("on", told.get(True))  # YAML 1.1 takes a bare `on` for true
    if isinstance(events, str):
        return events in STARTS
    return bool(STARTS & {str(one) for one in cast("Mapping[object, object] | list[object]", events or [])})


CHECK = Check(name="pull_checks", subject=SUBJECT, look=look, asks_github=True)
