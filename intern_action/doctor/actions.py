"""Whether GitHub lets our workflows run, and lets them open pull requests."""

from __future__ import annotations

from collections.abc import Iterator

from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import Site

SUBJECT = "Actions settings"


def look(site: Site) -> Iterator[Finding]:
    """Look at Settings, Actions, General."""
    page = f"{site.page}/settings/actions"
    actions = site.github.actions()
    if not actions.enabled:
        yield wrong(SUBJECT, "off", page=page)
        return
    if actions.allowed_actions == "local_only":
        yield wrong(SUBJECT, "local", page=page, owner=site.repository.owner.login)
    elif actions.allowed_actions == "selected":
        yield care(SUBJECT, "selected", page=page)
    yield from _rights(site, page)


def _rights(site: Site, page: str) -> Iterator[Finding]:
    rights = site.github.workflow_rights()
    if not rights.can_approve_pull_request_reviews:
        yield wrong(SUBJECT, "no_pulls", page=page)
    if rights.default_workflow_permissions == "write":
        yield care(SUBJECT, "writes", page=page)
    elif rights.can_approve_pull_request_reviews:
        yield fine(SUBJECT)


CHECK = Check(name="actions", subject=SUBJECT, look=look, asks_github=True)
