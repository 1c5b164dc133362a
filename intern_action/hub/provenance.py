"""A trained model made ready for the Hub: its files at the top, where every library looks, and its origin in the card.

The card's head (https://huggingface.co/docs/hub/model-cards#model-card-metadata) keeps what the job wrote and gets one more key,
`intern_action`. Whoever wonders reads it back, and asks the ledger whether it is true.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

from intern_action.core.errors import HubError, ToolFailed
from intern_action.core.provenance import Provenance
from intern_action.hub._card import parted
from intern_action.hub._source import Source, revision_of

CARD = "README.md"
KEY = "intern_action"
MODEL = "model/"
"""Where a job puts its model; what lies beside it (numbers, curves) goes along, what lies deeper (checkpoints) does not."""


Words = Callable[[Provenance], str]
"""The card of a model whose job wrote none."""


def dress(output: str, target: str, provenance: Provenance, words: Words) -> str:
    """Lay out a job's output for the Hub, with its origin in the card; return `target`, made anew. The same each time.

    Raises:
        HubError: the output holds links, or nothing.
    """
    source = Source(folder=Path(output).resolve(), strict=True)
    shutil.rmtree(target, ignore_errors=True)
    try:
        names = layout(source.sizes())
        digests = {there: source.digest(here) for there, here in names.items() if there != CARD}
        for there, here in names.items():
            lay(source, here, Path(target) / there)
        card = source.text(names[CARD]) if CARD in names else ""
    except (OSError, ToolFailed) as failure:
        raise HubError(f"{output} cannot be uploaded: {failure}") from failure
    if not digests:
        raise HubError(f"{output} holds no files; nothing was uploaded")
    place = Path(target) / CARD
    place.unlink(missing_ok=True)
    place.write_text(signed(card, replace(provenance, files=revision_of(digests)), words), encoding="utf-8")
    return target


def layout(names: Mapping[str, int]) -> Mapping[str, str]:
    """Return which file of an output goes where in the repository (repository's name first)."""
    if not any(name.startswith(MODEL) for name in names):
        return {name: name for name in names}
    beside = {name: name for name in names if "/" not in name}
    return beside | {name.removeprefix(MODEL): name for name in names if name.startswith(MODEL)}


def signed(card: str, provenance: Provenance, words: Words) -> str:
    """Return a card with its origin in the head; a model without a card gets a short one."""
    import yaml

    head, body = parted(card)
    origin: dict[str, object] = {**asdict(provenance), "approved_by": list(provenance.approved_by)}
    usual: dict[str, object] = {"base_model": provenance.model} if provenance.model else {}
    whole = usual | dict(head) | {KEY: origin}
    written = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{written}---\n{body or words(provenance)}"


def read_provenance(card: str) -> Provenance | None:
    """Return the origin that a card tells, None when it tells none that is whole. It may be a lie: `verify` asks the ledger."""
    head, _ = parted(card)
    told = head.get(KEY)
    if not isinstance(told, Mapping):
        return None
    values = {str(name): value for name, value in cast("Mapping[object, object]", told).items()}
    people = values.pop("approved_by", ())
    approved = tuple(str(one) for one in cast("list[object]", people)) if isinstance(people, list) else ()
    try:
        return Provenance(**{name: str(value) for name, value in values.items()}, approved_by=approved)
    except TypeError:  # a field is missing, or one that we do not know
        return None


def files_of(folder: str) -> str:
    """Return the digest of everything in a repository's folder but the card."""
    source = Source(folder=Path(folder).resolve(), strict=False)
    names = source.sizes().keys() - {CARD, ".gitattributes"}
    return revision_of({name: source.digest(name) for name in names})


def lay(source: Source, name: str, target: Path) -> None:
    """Put a file into a layout: a second name of the same file where that can be, a copy elsewhere."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.folder / name, target, follow_symlinks=False)
    except OSError:
        source.copy(name, target)
