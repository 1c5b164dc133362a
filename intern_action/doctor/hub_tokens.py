"""Whether the Hub knows each token, and whether it may do more than who holds it should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from intern_action.core.errors import HubError
from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import Site
from intern_action.hub.tokens import TokenFacts, token_facts

TOKENS = ("HF_TOKEN", "HF_WRITE_TOKEN", "HF_JOB_TOKEN", "HF_SANDBOX_TOKEN")
"""The reading one of the agent, the writing one of control, and those that jobs and sandboxes hold."""


def look(site: Site) -> Iterator[Finding]:
    """Ask the Hub about each token that is set."""
    known = {name: site.key(name) for name in TOKENS if site.key(name)}
    for variable in TOKENS:
        if variable not in known:
            yield fine(variable, "unset", variable=variable)
            continue
        try:
            facts = token_facts(site.settings.hub.endpoint, known[variable])
        except HubError as error:
            yield wrong(variable, "unknown", said=str(error))
        else:
            yield judged(variable, facts, same_as=_same(variable, known), endpoint=site.settings.hub.endpoint)


def _same(variable: str, known: Mapping[str, str]) -> str:
    return next((name for name in TOKENS if name != variable and known.get(name) == known[variable]), "")


def judged(variable: str, facts: TokenFacts, *, same_as: str, endpoint: str) -> Finding:
    """Judge a token by who holds it.

    Wrong is what lets somebody spend or write who must not; care is what is larger than it need be.
    """
    values = {"variable": variable, "facts": facts, "same_as": same_as, "endpoint": endpoint}
    if variable == "HF_JOB_TOKEN" and (facts.starts_jobs or same_as):
        return wrong(variable, "token", **values)
    if variable == "HF_SANDBOX_TOKEN" and not facts.only_reads:
        return wrong(variable, "token", **values)
    if variable == "HF_WRITE_TOKEN" and not facts.writes:
        return wrong(variable, "token", **values)
    if (variable == "HF_TOKEN" and facts.writes) or same_as:
        return care(variable, "token", **values)
    return fine(variable, "token", **values)


CHECK = Check(name="hub_tokens", subject="Hub", look=look)
