"""`intern-action verify MODEL`: from a model back to job, plan, approval, commit and data; names the first broken link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from intern_action.commands.config import home_of
from intern_action.core.errors import Misconfigured, ToolFailed
from intern_action.core.provenance import Provenance
from intern_action.git.run import GitFailed
from intern_action.hub.provenance import files_of, read_provenance
from intern_action.hub.there import is_there
from intern_action.session.verify import Link, first_broken, from_ledger, links
from intern_action.settings.clock import SystemClock
from intern_action.settings.load import load
from intern_action.settings.world import find
from intern_action.wiring.house import House
from intern_action.wiring.local import LocalDoor
from intern_action.wiring.parts import hub_for
from intern_action.wiring.premises import Premises

BROKEN = 3


def verify(environment: Mapping[str, str], model: str, revision: str, *, out: str | None) -> int:
    """Print each link; 3 when one does not hold."""
    loaded = load({"out": out}, environment, Path().absolute(), home_of(environment))
    premises = Premises(loaded.settings, find("", loaded.settings.out, environment), environment, SystemClock())
    try:
        found = hub_for(premises, str(Path().absolute()), model).fetch("model", model, revision)
    except ToolFailed as failure:
        raise Misconfigured(str(failure)) from failure
    told = read_provenance(found.card)
    if told is None:
        click.echo(f"broken  card        {model} at {found.revision[:12]} tells no origin that could be verified")
        return BROKEN
    with LocalDoor(premises).open(told.session) as house:
        chain = _chain(house, told, files_of(found.path))
    return _say(model, found.revision, chain)


def _chain(house: House, told: Provenance, files: str) -> tuple[Link, ...]:
    publisher = house.office.publisher
    try:
        tree = publisher.tree_of(told.commit)
    except GitFailed:
        tree = ""
    evidence = from_ledger(house.premises.ledger.read(), told, files=files, tree=tree)
    chain = links(evidence)
    # what the plan does not say is not looked for: a card that lies must not send us to ask a hub about it
    return chain if first_broken(chain) else links(replace(evidence, lost=_lost(house, told, tree)))


def _lost(house: House, told: Provenance, tree: str) -> frozenset[str]:
    """Return what went in and is not there any more. Data of the tree is looked for in the tree."""
    settings, keys = house.settings, house.settings.keys
    folder = settings.hub.folder or str(house.world.hub)
    token = keys["HF_TOKEN"].get_secret_value() if "HF_TOKEN" in keys else ""
    lost: set[str] = set()
    for kind, name, at in (
        ("model", told.model, told.model_revision),
        ("dataset", told.dataset, told.dataset_revision),
    ):
        if not name or name.startswith("local/"):
            continue  # it lay in a folder of its machine; its content is pinned by its revision
        if at:
            there = is_there(
                "model" if kind == "model" else "dataset",
                name,
                at,
                folder=folder,
                endpoint=settings.hub.endpoint,
                token=token,
            )
        else:
            there = bool(tree and house.office.export(told.commit, name))
        if not there:
            lost.add(name)
    return frozenset(lost)


def _say(model: str, revision: str, chain: tuple[Link, ...]) -> int:
    for link in chain:
        click.echo(
            f"{'broken' if link.flaw else 'holds '}  {link.name:<11} {link.words}{f': {link.flaw}' if link.flaw else ''}"
        )
    broken = first_broken(chain)
    if broken is None:
        click.echo(f"\n{model} at {revision[:12]} comes from where its card says.")
        return 0
    click.echo(f"\n{model} at {revision[:12]} is not proven: the first broken link is `{broken.name}`.")
    return BROKEN
