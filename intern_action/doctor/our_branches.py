"""Whether a ruleset, of the repository or its organisation, or a branch protection refuses what we push."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from intern_action.doctor._check import Check, Finding, fine, wrong
from intern_action.doctor._site import Site
from intern_action.forge.setup import BranchRule

SUBJECT = "our branches"
LEDGER = "intern/ledger"
OURS: Mapping[str, str] = {"intern/1-example": "intern/*", LEDGER: LEDGER}
"""A branch of each kind, and how people write all of that kind."""

REFUSING = frozenset(
    {
        "branch_name_pattern",
        "commit_author_email_pattern",
        "commit_message_pattern",
        "committer_email_pattern",
        "creation",
        "merge_queue",
        "pull_request",
        "required_deployments",
        "required_signatures",
        "required_status_checks",
        "update",
        "workflows",
    }
)
"""Types of rules that refuse a plain, unsigned push of a new commit: docs.github.com/rest/repos/rules."""


def look(site: Site) -> Iterator[Finding]:
    """Ask for the rules of a branch of each kind."""
    refused: dict[tuple[str, str], dict[str, set[str]]] = {}
    for branch, people_write in OURS.items():
        for rule in site.github.rules(branch):
            if rule.type in REFUSING:
                by = refused.setdefault((_by(rule), _page(site, rule)), {"branches": set(), "types": set()})
                by["branches"].add(people_write)
                by["types"].add(rule.type)
    for (by_whom, page), found in refused.items():
        names, types = sorted(found["branches"]), sorted(found["types"])
        yield wrong(SUBJECT, "rules", names=names, types=types, by=by_whom, page=page)
    if not refused:
        yield fine(SUBJECT, names=list(OURS.values()))


def _by(rule: BranchRule) -> str:
    return f"the {rule.ruleset_source_type.lower() or 'repository'} {rule.ruleset_source}".strip()


def _page(site: Site, rule: BranchRule) -> str:
    """Return where the ruleset is changed."""
    if rule.ruleset_source_type == "Organization":
        return f"{site.server_url.rstrip('/')}/organizations/{rule.ruleset_source}/settings/rules"
    return f"{site.page}/settings/rules"


CHECK = Check(name="our_branches", subject=SUBJECT, look=look, asks_github=True)
