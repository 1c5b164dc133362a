"""The model card before the training: what the model is made from is filled in here, the numbers follow in the job."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import PurePosixPath
from string import Template

from intern_action.core.types import DatasetFacts, ModelFacts

A_FOLDER = "none, it was a folder"
UNKNOWN = "unknown"
"""What the Hub's own list of licences has for this."""


def text(model: ModelFacts, data: DatasetFacts, *, lora_rank: int) -> str:
    """Return training/model_card.md; what is still a `$name` in it the script fills in."""
    names = {"model": _plain(spoken(model.id)), "dataset": _plain(spoken(data.id))}
    linked = {"base_model": model, "datasets": data}
    facts = {
        "name": "-".join(PurePosixPath(name).name for name in names.values()),
        "made_from": "".join(f'{key}:\n- "{one.id}"\n' for key, one in linked.items() if _on_the_hub(one)),
        "model_revision": model.revision or A_FOLDER,
        "model_licence": model.licence or UNKNOWN,
        "dataset_revision": data.revision or A_FOLDER,
        "dataset_licence": data.licence or UNKNOWN,
        "adapter": _words("adapter_card.md") if lora_rank else "",
    }
    return Template(_words("model_card.md")).safe_substitute(names, **facts)


def _words(name: str) -> str:
    return resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def spoken(name: str) -> str:
    """Return what people call a model or data set: the id, or of a folder its last name that says something."""
    path = PurePosixPath(name)
    if not path.is_absolute() and not name.startswith("."):
        return name
    return next((part for part in reversed(path.parts) if part not in {"model", "models", "data", "/", "."}), name)


def _on_the_hub(found: ModelFacts | DatasetFacts) -> bool:
    """Whether it is a repository on the Hub, which a card may link to: a folder has no revision of its own."""
    return bool(found.revision) and re.fullmatch(r"[A-Za-z0-9][\w.-]*/[\w.-]+", found.id) is not None


def _plain(name: str) -> str:
    """Return a name that needs no quoting, neither in YAML nor in Markdown."""
    return re.sub(r"[^\w./-]", "-", name)
