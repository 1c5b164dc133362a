"""The way from a request to its repository: it is there, it may be seen, read or written; or the Hub's refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .accounts import Caller, known
from .refusals import Refused
from .repositories import Repository, check_content, may_see, not_found, repositories
from .request import Request

if TYPE_CHECKING:
    from .world import World


def type_of(request: Request) -> str:
    """Return `model`, `dataset` or `space`; an address without a kind is a model's."""
    return request.values.get("kind", "models").removesuffix("s")


def visible(world: World, request: Request) -> Repository:
    """Return the repository of the address, if the caller may know of it."""
    kind, name = type_of(request), request.values["repo"]
    found = repositories(world).find(kind, name)
    if found is None and (goal := repositories(world).moved_to(kind, name)):
        raise _moved(request, name, goal)
    if found is None or not may_see(found, request.caller):
        raise not_found(request.caller)
    return found


def readable(world: World, request: Request) -> Repository:
    """Return the repository of the address, if the caller may read what is in it."""
    found = visible(world, request)
    check_content(found, request.caller)
    return found


def writable(world: World, request: Request) -> Repository:
    """Return the repository of the address, if the caller may change it."""
    found = visible(world, request)
    check_writing(found, known(request))
    return found


def check_writing(repository: Repository, caller: Caller) -> None:
    """Let those write who may."""
    if caller.may("repo.write", repository.owner, repository.id):
        return
    if not caller.belongs(repository.owner) and caller.role != "read":
        raise Refused(403, "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request")
    raise Refused(403, "Authorization error.")


def check_proposing(repository: Repository, caller: Caller) -> None:
    """Let those open pull requests who may: everybody who may see it and holds a token that writes."""
    if caller.role == "write" or caller.may("discussion.write", repository.owner, repository.id):
        return
    if not caller.may("repo.write", repository.owner, repository.id):
        raise Refused(403, "Authorization error.")


def _moved(request: Request, name: str, goal: str) -> Refused:
    where = request.path.replace(name, goal, 1) + (f"?{request.query_string}" if request.query_string else "")
    return Refused(307, f"Temporary Redirect. Redirecting to {where}", headers={"Location": where})
