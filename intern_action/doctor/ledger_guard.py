"""Whether the branch of the ledger is protected from being rewritten, and not from us."""

from __future__ import annotations

from collections.abc import Iterator

from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import Site
from intern_action.doctor.our_branches import LEDGER
from intern_action.forge.setup import Protection

SUBJECT = "guard of the ledger"
GUARDS = frozenset({"deletion", "non_fast_forward"})


def look(site: Site) -> Iterator[Finding]:
    """Look at rulesets first: whoever may write can see them. A classic protection is shown to administrators."""
    page = f"{site.page}/settings/rules"
    guarded = frozenset(rule.type for rule in site.github.rules(LEDGER))
    branch = site.github.branch(LEDGER)
    classic = site.github.protection(LEDGER) if branch is not None and branch.protected else None
    if classic is not None and (refusals := _refusals(classic)):
        yield wrong(SUBJECT, "refuses", refusals=refusals, page=f"{site.page}/settings/branches")
    if guarded >= GUARDS or (classic is not None and _keeps(classic)):
        yield fine(SUBJECT)
    else:
        yield care(SUBJECT, "open", page=page, branch=LEDGER)


def _refusals(classic: Protection) -> tuple[str, ...]:
    """Return what in a classic protection refuses our pushes, as GitHub's page calls it."""
    found = (
        ("Require a pull request before merging", classic.required_pull_request_reviews is not None),
        ("Require signed commits", classic.required_signatures.enabled),
        ("Restrict who can push to matching branches", classic.restrictions is not None),
        ("Lock branch", classic.lock_branch.enabled),
    )
    return tuple(words for words, holds in found if holds)


def _keeps(classic: Protection) -> bool:
    return not (classic.allow_force_pushes.enabled or classic.allow_deletions.enabled)


CHECK = Check(name="ledger_guard", subject=SUBJECT, look=look, asks_github=True)
