"""Where a model or a data set comes from: which session, job, plan, people, files and data. It travels in the card."""

from __future__ import annotations

from intern_action.core.frozen import frozen


@frozen
class Provenance:
    """What control knows of a model that it uploads.

    Args:
        commit, tree: what was approved and ran.
        plan: digest of the plan that was approved. approved_by: by whom.
        backend, job, launch_key: the job that made it.
        model, model_revision, dataset, dataset_revision: what went in. Data without a revision lies in the tree.
        files: digest of everything that is uploaded but the card, "" while nobody has counted.
    """

    session: str
    requester: str
    commit: str
    tree: str
    plan: str
    approved_by: tuple[str, ...]
    backend: str
    job: str
    launch_key: str
    model: str
    model_revision: str
    dataset: str
    dataset_revision: str
    files: str = ""


@frozen
class DataOrigin:
    """What control knows of data that it uploads. It travels in the data set's card.

    Args:
        name: of the repository, without its owner.
        tree, folder: where it lay: a tree of the repository, and a folder in it.
        files: digest of everything that is uploaded but the card, "" while nobody has counted.
    """

    session: str
    requester: str
    name: str
    tree: str
    folder: str
    files: str = ""
