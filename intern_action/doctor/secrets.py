"""Whether the secrets that our workflow needs are set: their names, GitHub tells no values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from intern_action.core.errors import InternError, Misconfigured
from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import MAIN, Site
from intern_action.doctor.environments import named_in
from intern_action.llm.route import BuiltIn, default_name, route
from intern_action.llm.settings import ModelSettings
from intern_action.settings.sources import read_repository_file

SUBJECT = "secrets"
READ = re.compile(r"\bsecrets\.([A-Za-z_][A-Za-z0-9_]*)")
WRITES, JOBS = "HF_WRITE_TOKEN", "HF_JOB_TOKEN"


def look(site: Site) -> Iterator[Finding]:
    """Compare what is set with what the model and the Hub ask for."""
    words = site.workflow(MAIN)
    if words is None:
        return  # `workflows` says so
    there = site.github.secrets() | {one for name in named_in(words) for one in site.github.environment_secrets(name)}
    faults = [*_model(site, there), *_hub(site, there), *_unread(site, there, words)]
    yield from faults or [fine(SUBJECT, names=sorted(there & set(READ.findall(words))))]


def _model(site: Site, there: frozenset[str]) -> Iterator[Finding]:
    settings, page = ModelSettings(variables=dict.fromkeys(there, "set")), _page(site)
    wanted = _wanted(site, "model")
    name = wanted or default_name(settings)
    try:
        way = route(name, settings)
    except Misconfigured as error:
        yield wrong(SUBJECT, "no_model", said=str(error), page=page)
    except InternError as error:
        yield wrong(SUBJECT, "no_key", said=str(error), page=page)
    else:
        if isinstance(way, BuiltIn) and not wanted:
            yield care(SUBJECT, "planner", page=page)


def _wanted(site: Site, key: str) -> str:
    """Return what the policy file sets, "" when it sets nothing there or cannot be read."""
    try:
        document = read_repository_file(site.policy_file or b"")
    except Misconfigured:
        return ""
    found = document.values.get(key)
    return str(found.value) if found and found.value else ""


def _hub(site: Site, there: frozenset[str]) -> Iterator[Finding]:
    if WRITES not in there:
        yield care(SUBJECT, "no_jobs", page=_page(site))
        if not site.repository.private and _wanted(site, "journals.home") != "repository":
            yield wrong(SUBJECT, "no_journals", page=_page(site), path=site.settings.approvals.policy)
    elif JOBS not in there:
        yield wrong(SUBJECT, "no_job_token", page=_page(site))


def _unread(site: Site, there: frozenset[str], words: str) -> Iterator[Finding]:
    """Say which secret of ours is set and never handed to the action."""
    read = set(READ.findall(words))
    unread = sorted(one for one in (WRITES, JOBS, "HF_TOKEN") if one in there and one not in read)
    if unread and "secrets: inherit" not in words:
        yield care(SUBJECT, "unread", names=unread, page=f"{site.page}/blob/HEAD/.github/workflows/{MAIN}")


def _page(site: Site) -> str:
    return f"{site.page}/settings/secrets/actions"


CHECK = Check(name="secrets", subject=SUBJECT, look=look, asks_github=True)
