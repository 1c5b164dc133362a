"""Whether GitHub knows the token, and whether it may do what is needed and little more."""

from __future__ import annotations

from collections.abc import Iterator

from intern_action.core.errors import ForgeError
from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import Site
from intern_action.forge.setup import NotSeen, TokenUnknown

SUBJECT = "GitHub token"
USEFUL = frozenset({"repo", "public_repo", "workflow", "read:org", "read:user", "user:email"})


def look(site: Site) -> Iterator[Finding]:
    """Ask what the token may see; that it may write is shown by writing alone."""
    if not site.name:
        yield fine(SUBJECT, "nowhere")
        return
    if not site.token:
        yield care(SUBJECT, "missing", name=site.name)
        return
    try:
        seen = site.seen
    except TokenUnknown:
        yield wrong(SUBJECT, "unknown", server=site.server_url)
    except NotSeen:
        yield wrong(SUBJECT, "blind", name=site.name)
    except ForgeError as error:
        yield wrong(SUBJECT, "unreachable", said=str(error))
    else:
        yield from _classic(site, seen.scopes) if seen.scopes is not None else _narrow(site)


def _classic(site: Site, scopes: frozenset[str]) -> Iterator[Finding]:
    """Judge a classic token by its scopes, and by what its owner may do."""
    needed = "repo" if site.repository.private else "public_repo"
    rights = site.repository.permissions
    if scopes.isdisjoint({"repo", needed}):
        yield wrong(SUBJECT, "scopes", needed=needed, scopes=sorted(scopes), server=site.server_url)
    elif rights is not None and not rights.push:
        yield wrong(SUBJECT, "reader", name=site.name)
    elif wide := sorted(scopes - USEFUL):
        yield care(SUBJECT, "wide", scopes=wide, server=site.server_url)
    else:
        yield fine(SUBJECT, "classic", scopes=sorted(scopes))


def _narrow(site: Site) -> Iterator[Finding]:
    """Judge any other token by what it is answered."""
    refused = site.github.refused(site.repository.default_branch)
    rights = site.repository.permissions
    if refused:
        yield wrong(SUBJECT, "permissions", refused=refused)
    elif rights is not None and not rights.push:
        yield wrong(SUBJECT, "reader", name=site.name)
    else:
        yield fine(SUBJECT, "narrow", name=site.name)


CHECK = Check(name="github_token", subject=SUBJECT, look=look)
