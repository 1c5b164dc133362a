"""Whether work can start in the folder, and whether its policy can be read."""

from __future__ import annotations

from collections.abc import Iterator

from intern_action.core.errors import Misconfigured
from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import Site
from intern_action.git.facts import ready_repository
from intern_action.git.run import Git

SUBJECT = "repository"


def look(site: Site) -> Iterator[Finding]:
    """Look at the checkout and at the policy of its last commit."""
    path = site.settings.approvals.policy
    try:
        facts = ready_repository(str(site.folder))
        found = Git().ask("cat-file", "blob", f"{facts.head_sha}:{path}", cwd=facts.top)
        site.policy(None if found.code else found.out)
    except Misconfigured as error:
        grade = care if site.reachable else wrong  # on GitHub work starts from the default branch, whatever lies here
        yield grade(SUBJECT, "unfit", said=str(error), here=site.folder)
        return
    yield fine(SUBJECT, facts=facts, policy="" if found.code else path, path=path)


CHECK = Check(name="checkout", subject=SUBJECT, look=look)
