"""Whether `.github/intern.yml` on the default branch can be read, and whether work is switched on."""

from __future__ import annotations

from collections.abc import Iterator

from intern_action.core.errors import Misconfigured
from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import Site
from intern_action.settings.sources import from_repository

SUBJECT = "policy"


def look(site: Site) -> Iterator[Finding]:
    """Read it as the gate does."""
    content, path, branch = site.policy_file, site.settings.approvals.policy, site.repository.default_branch
    try:
        policy = site.policy(content)
        journal = from_repository(content or b"", site.environment).get("journal")
    except Misconfigured as error:
        yield wrong(SUBJECT, "unreadable", said=str(error), branch=branch)
        return
    if content is None:
        yield care(SUBJECT, "missing", path=path, branch=branch)
    elif not policy.enabled:
        yield care(SUBJECT, "off", path=path, branch=branch)
    else:
        yield fine(SUBJECT, path=path, branch=branch, limits=policy.limits)
    if not site.repository.private and (journal is None or journal.value != "refs"):
        yield care(SUBJECT, "public", path=path, branch=branch)


CHECK = Check(name="policy", subject=SUBJECT, look=look, asks_github=True)
