"""Whether there is somebody whose approval counts: a solo maintainer is requester and only approver."""

from __future__ import annotations

from collections.abc import Iterator

from intern_action.core.errors import Misconfigured
from intern_action.core.judgement import ApprovalPolicy
from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import Site

SUBJECT = "approvers"


def look(site: Site) -> Iterator[Finding]:
    """Count those who may approve, now."""
    try:
        policy = site.policy(site.policy_file)
    except Misconfigured:
        return  # `policy` says so
    path = site.settings.approvals.policy
    powerless = tuple(one for one in policy.approvers if not site.github.permission(one).writes)
    for person in powerless:
        yield wrong(SUBJECT, "powerless", person=person, path=path, page=f"{site.page}/settings/access")
    listed = tuple(one for one in policy.approvers if one not in powerless)
    yield from _counted(policy, listed if policy.approvers else site.github.writers(), path)


def _counted(policy: ApprovalPolicy, people: tuple[str, ...], path: str) -> Iterator[Finding]:
    needed, may_self = policy.people_needed, policy.requester_may_approve
    if len(people) == needed == 1 and not may_self:
        yield wrong(SUBJECT, "solo", person=people[0], path=path)
    elif len(people) < needed:
        yield wrong(SUBJECT, "few", people=people, needed=needed, path=path)
    elif len(people) == needed and not may_self:
        yield care(SUBJECT, "tight", people=people, needed=needed, path=path)
    else:
        yield fine(SUBJECT, people=people, needed=needed)


CHECK = Check(name="approvers", subject=SUBJECT, look=look, asks_github=True)
