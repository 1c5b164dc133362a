"""Whether our workflows stand on the default branch, are switched on, and are what this version writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import OURS, WORKFLOWS, Site
from intern_action.wiring.workflow import DOORBELL, MAIN, TIMER

SUBJECT = "workflows"
MISSING = {MAIN: "missing", DOORBELL: "no_doorbell", TIMER: "no_timer"}
PIN = re.compile(r"(uses:\s*[^@\s]+)@\S+(\s*#.*)?")


def look(site: Site) -> Iterator[Finding]:
    """Look at each of them."""
    branch, faults = site.repository.default_branch, 0
    for name in OURS:
        for fault in _faults(site, name, branch):
            faults += 1
            yield fault
    if not faults:
        yield fine(SUBJECT, branch=branch, names=OURS)


def _faults(site: Site, name: str, branch: str) -> Iterator[Finding]:
    path, words = f"{WORKFLOWS}/{name}", site.workflow(name)
    if words is None:
        yield wrong(SUBJECT, MISSING[name], path=path, branch=branch)
        return
    known = site.workflows.get(name)
    if known is not None and known.state == "disabled_manually" and name != TIMER:  # that one switches itself off
        yield wrong(SUBJECT, "disabled", path=path, page=f"{site.page}/actions/workflows/{name}")
    ours = _shipped(site, name)
    if bare(words) not in ours.values():
        yield care(SUBJECT, "differs", path=path, branch=branch)


def _shipped(site: Site, name: str) -> Mapping[str, str]:
    """Return what this version writes, by its kind."""
    found = site.examples.glob(f"*/{name}")
    return {path.parent.name: bare(path.read_text(encoding="utf-8")) for path in found}


def bare(words: str) -> str:
    """Return a workflow without what others keep up to date in it: the pins of actions."""
    return PIN.sub(r"\1", words.replace("\r\n", "\n")).strip()


CHECK = Check(name="workflows", subject=SUBJECT, look=look, asks_github=True)
