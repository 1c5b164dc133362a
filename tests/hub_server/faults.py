"""What can be made to go wrong on purpose: from a test, or through `/_faults`, an address that the real Hub does not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from .fields import Fields
from .refusals import Refused
from .request import Answer, Request, json_answer
from .routes import Route

if TYPE_CHECKING:
    from .world import World

WORDS = {
    401: "Invalid credentials in Authorization header",
    402: "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs.",
    403: "You don't have the required permissions to perform this action",
    404: "Repository not found",
    409: "Conflict: this was changed by somebody else",
    412: "A commit has happened since. Please refresh and try again.",
    429: "You have been rate limited; please retry after the time in the Retry-After header",
    500: "Internal Error - We're working hard to fix this as soon as possible!",
    503: "Service Unavailable",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Refuse:
    """Nothing is done; this status is the answer, with the Hub's own words unless others are given."""

    status: int
    message: str = ""
    code: str = ""
    retry_after: int | None = None

    def refusal(self) -> Refused:
        """Return it as a handler would raise it."""
        seconds = self.retry_after if self.retry_after is not None else 1
        waits = self.status == 429 or self.retry_after is not None
        headers = {"Retry-After": str(seconds)} if waits else {}
        if self.status == 429:
            headers |= {"RateLimit": f'"api";r=0;t={seconds}', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}
        words = self.message or WORDS.get(self.status, "Something went wrong")
        return Refused(self.status, words, code=self.code, headers=headers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """The work is done, and its answer never arrives: the connection is closed instead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slow:
    """The answer comes after so many seconds."""

    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """The answer ends after so many bytes of its body, with the connection."""

    after_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """Nothing is done: the connection ends after so many bytes of the request's body have come."""

    after_bytes: int


Kind: TypeAlias = Refuse | Lost | Slow | Cut | Broken


@dataclass(kw_only=True)
class Fault:
    """One fault, and how often it still strikes."""

    method: str
    """`*` is any."""
    path: str
    """With `*` for any characters; without the query unless it has a `?`."""
    kind: Kind
    after: int = 0
    """So many fitting requests pass first."""
    times: int | None = 1
    """None is for ever."""
    struck: int = 0

    def strikes(self, method: str, path: str, query: str) -> bool:
        """Return whether it strikes now; counts the request."""
        where = f"{path}?{query}" if "?" in self.path else path
        if self.method not in {"*", method} or not fnmatchcase(where, self.path.replace("?", "[?]")):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None and self.struck >= self.times:
            return False
        self.struck += 1
        return True


@dataclass(kw_only=True)
class Faults:
    """All that are switched on; the first that fits a request strikes."""

    on: list[Fault] = field(default_factory=list[Fault])
    _lock: Lock = field(default_factory=Lock)

    def add(self, fault: Fault) -> Fault:
        """Switch one on."""
        with self._lock:
            self.on.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all off."""
        with self._lock:
            self.on.clear()

    def strike(self, method: str, path: str, query: str) -> Kind | None:
        """Return what goes wrong with this request, None for nothing."""
        with self._lock:
            return next((fault.kind for fault in self.on if fault.strikes(method, path, query)), None)


def _list(world: World, request: Request) -> Answer:
    return json_answer([_shown(fault) for fault in world.faults.on])


def _add(world: World, request: Request) -> Answer:
    asked = request.json
    times = None if asked.values.get("times", 1) is None else asked.number("times", 1)
    fault = Fault(
        method=asked.text("method", "*"),
        path=asked.text("path", "*"),
        kind=_kind(asked),
        after=asked.number("after", 0),
        times=times,
    )
    world.faults.add(fault)
    return json_answer(_shown(fault), 201)


def _clear(world: World, request: Request) -> Answer:
    world.faults.clear()
    return json_answer([])


def _kind(asked: Fields) -> Kind:
    match asked.text("kind"):
        case "refuse":
            waits = asked.number("retry_after") if "retry_after" in asked else None
            return Refuse(
                status=asked.number("status"),
                message=asked.text("message", ""),
                code=asked.text("code", ""),
                retry_after=waits,
            )
        case "lost":
            return Lost()
        case "slow":
            return Slow(seconds=asked.number("milliseconds") / 1000)
        case "cut":
            return Cut(after_bytes=asked.number("after_bytes", 0))
        case "broken":
            return Broken(after_bytes=asked.number("after_bytes", 0))
        case other:
            raise Refused(400, f"{other} is none of refuse, lost, slow, cut, broken")


def _shown(fault: Fault) -> Mapping[str, object]:
    about = {"method": fault.method, "path": fault.path, "kind": type(fault.kind).__name__.lower()}
    return {**about, "after": fault.after, "times": fault.times, "struck": fault.struck}


def _requests(world: World, request: Request) -> Answer:
    return json_answer([{"method": one.method, "path": one.path, "status": one.status} for one in world.requests])


ROUTES = (
    Route("GET", "/_faults", _list),
    Route("POST", "/_faults", _add),
    Route("DELETE", "/_faults", _clear),
    Route("GET", "/_requests", _requests),
)
