"""Whether a revision can still be had: asked of the folder in the Hub's layout, then of the Hub. Nothing is fetched."""

from __future__ import annotations

from intern_action.hub._names import Kind, NotHere
from intern_action.hub._said import Asked, said
from intern_action.hub._shelf import Shelf
from intern_action.hub.client import hub_client


def is_there(kind: Kind, repository: str, revision: str, *, folder: str, endpoint: str, token: str = "") -> bool:
    """Return whether a repository has a revision.

    Args:
        kind: model or dataset.
        repository: `owner/name`.
        revision: a commit.
        folder: of a local hub.
        endpoint: of the Hub.
        token: a reading token for it, "" to see what is public.

    Raises:
        HubError: the Hub cannot be asked. ToolFailed: the name cannot be one, or the repository is gated.
    """
    kept = Shelf(folder).repository(kind, repository)
    if kept is not None and kept.at(revision) is not None:
        return True
    from huggingface_hub import errors

    api = hub_client(endpoint, token)
    asked = Asked(kind=kind, repository=repository, endpoint=endpoint, with_token=bool(token))
    try:
        with said(asked):
            try:
                api.repo_info(repository, repo_type=kind, revision=revision)
            except errors.RevisionNotFoundError:
                return False
    except NotHere:
        return False
    return True
