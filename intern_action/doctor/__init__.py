"""What a set-up needs, each thing looked at by one file. `intern-action doctor` asks them all.

A check is the constant `CHECK` of a module in this folder; its words stand in `configs/texts/doctor/` under the same name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache

from intern_action.core.errors import InternError
from intern_action.core.plugins import plugins
from intern_action.doctor._check import Check, Finding, Grade
from intern_action.doctor._site import Site
from intern_action.forge.setup import NotSeen

__all__ = ["Check", "Finding", "Grade", "Site", "checks", "findings"]


@cache
def checks() -> tuple[Check, ...]:
    """Return the checks of this folder."""
    return plugins(sys.modules[__name__], "CHECK", Check)


def findings(site: Site) -> Iterator[tuple[Check, Finding]]:
    """Return what every check found. One that cannot be made is a finding, and the others are made all the same."""
    for check in checks():
        if check.asks_github and not site.reachable:
            continue  # `github_token` says why
        for finding in _looked(check, site):
            yield check, finding


def _looked(check: Check, site: Site) -> Iterator[Finding]:
    try:
        yield from check.look(site)
    except NotSeen as error:
        yield Finding(subject=check.subject, grade=Grade.UNSEEN, kind="unseen", values={"said": str(error)})
    except InternError as error:
        yield Finding(subject=check.subject, grade=Grade.WRONG, kind="failed", values={"said": str(error)})
