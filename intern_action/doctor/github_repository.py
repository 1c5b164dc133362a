"""Whether anybody can ask for anything: issues are on, the repository is not archived."""

from __future__ import annotations

from collections.abc import Iterator

from intern_action.doctor._check import Check, Finding, fine, wrong
from intern_action.doctor._site import Site

SUBJECT = "repository on GitHub"


def look(site: Site) -> Iterator[Finding]:
    """Look at the repository itself."""
    repository = site.repository
    if repository.archived:
        yield wrong(SUBJECT, "archived", page=site.page)
    elif not repository.has_issues:
        yield wrong(SUBJECT, "no_issues", page=site.page)
    else:
        visible = "private" if repository.private else "public"
        yield fine(SUBJECT, name=repository.full_name, visible=visible, branch=repository.default_branch)


CHECK = Check(name="github_repository", subject=SUBJECT, look=look, asks_github=True)
