"""Area: what a repository is, and lists of repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .about import About, Facts, about, only
from .gates import type_of, visible
from .repositories import MAIN, Repository, may_see, repositories
from .request import Answer, Request, json_answer
from .routes import Route

if TYPE_CHECKING:
    from .world import World

_PAGE = 500
_SORTS = {"lastModified", "createdAt", "downloads", "likes", "trendingScore", "id"}
_FULL = ("siblings", "cardData", "lastModified", "sha", "disabled")
_BRIEF = ("sha", "lastModified", "author")


def _info(world: World, request: Request) -> Answer:
    found = visible(world, request)
    told = about(world, repositories(world), found, request.values.get("revision", MAIN)).tell(
        blobs=request.wishes("blobs"), security=request.wishes("securityStatus")
    )
    expand = [*request.query.get("expand", []), *request.query.get("expand[]", [])]
    return json_answer(only(told, expand) if expand else told)


def _list(world: World, request: Request) -> Answer:
    house, start = repositories(world), int(request.asked("cursor", "0"))
    found = [
        about(world, house, one)
        for one in house.all()
        if one.type == type_of(request) and may_see(one, request.caller) and _named(one, request)
    ]
    fits = [one for one in found if _tagged(one, request)]
    told = [_told(one, request) for one in fits]
    sort = request.asked("sort", "trendingScore")
    if sort in _SORTS:
        told.sort(key=lambda one: str(one.get(sort, "")), reverse=request.asked("direction", "-1") == "-1")
    size = min(int(request.asked("limit", str(_PAGE))), _PAGE)
    page = [_shown(one, request) for one in told[start : start + size]]
    return json_answer(page, headers=next_page(request, start + size) if start + size < len(told) else {})


def next_page(request: Request, cursor: int | str) -> dict[str, str]:
    """Return the header that leads to the next page."""
    query = [(name, value) for name, values in request.query.items() for value in values if name != "cursor"]
    where = f"http://{request.host}{request.path}?{urlencode([*query, ('cursor', str(cursor))])}"
    return {"Link": f'<{where}>; rel="next"'}


def _named(one: Repository, request: Request) -> bool:
    words = [word.lower() for word in request.query.get("search", [])]
    author, gated = request.asked("author"), request.asked("gated")
    fits = all(word in one.id.lower() for word in words) and (not author or one.owner == author)
    return fits and (not gated or bool(one.gated) == (gated.lower() == "true"))


def _tagged(one: About, request: Request) -> bool:
    asked = [word for value in request.query.get("filter", []) for word in value.split(",")]
    pipeline = request.asked("pipeline_tag")
    tags = one.tags()
    return all(word in tags for word in asked) and (not pipeline or pipeline in tags)


def _told(one: About, request: Request) -> Facts:
    return one.tell() if request.query.keys() & {"full", "cardData", "config", "expand"} else one.brief()


def _shown(told: Facts, request: Request) -> Facts:
    if expand := request.query.get("expand"):
        return only(told, expand)
    if request.wishes("full"):
        return told
    left = {name: value for name, value in told.items() if name not in {*_FULL, *_BRIEF, "usedStorage", "config"}}
    added = {name: told[name] for name in ("cardData", "config") if request.wishes(name) and name in told}
    return {**left, **added}


ROUTES = (
    Route("GET", "/api/{kind}", _list),
    Route("GET", "/api/{kind}/{repo}", _info),
    Route("GET", "/api/{kind}/{repo}/revision/{revision}", _info),
)
