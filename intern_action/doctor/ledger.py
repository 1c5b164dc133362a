"""Whether the ledger can be reached and its chain is whole."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from intern_action.core.errors import LedgerError, OutsideError
from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import Site
from intern_action.doctor.our_branches import LEDGER
from intern_action.git.branch import GitBranch
from intern_action.git.remote import with_token
from intern_action.ledger.ledger import GitLedger
from intern_action.settings.world import world_at
from intern_action.wiring.keys import ledger_keys

SUBJECT = "ledger"
AT_HOME = "local"


def look(site: Site) -> Iterator[Finding]:
    """Read every line of it, from its first one, in a mirror of its own."""
    here = str(world_at(site.settings.out, site.environment).remote)
    if site.reachable:
        yield _read(site, site.git_url, origin=site.name.lower())
    elif Path(here).exists():
        yield _read(site, here, origin=AT_HOME)
    else:
        yield fine(SUBJECT, "none")


def _read(site: Site, url: str, *, origin: str) -> Finding:
    keys = ledger_keys(site.settings)
    config = with_token(site.token, site.server_url) if origin != AT_HOME else None
    with tempfile.TemporaryDirectory() as folder:
        branch = GitBranch.at(f"{folder}/mirror", url, LEDGER, config=config)
        try:
            view = GitLedger(branch, clock=site.clock, origin=origin, key=keys.key, previous=keys.previous).read()
        except LedgerError as error:
            broken = not isinstance(error.__cause__, OutsideError)
            return wrong(SUBJECT, "broken" if broken else "unreachable", said=str(error), url=url)
    if not view.head:
        return fine(SUBJECT, "none")
    sessions = len({one.session for one in view.admissions()})
    if not keys.key and origin != AT_HOME:
        return care(SUBJECT, "unsigned", sessions=sessions)
    return fine(SUBJECT, "whole", sessions=sessions, signed=bool(keys.key))


CHECK = Check(name="ledger", subject=SUBJECT, look=look)
