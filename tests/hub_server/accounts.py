"""Who there is: users, organisations, tokens with their roles and scopes, and `whoami`."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .fields import Fields
from .refusals import INVALID_TOKEN, NOT_LOGGED_IN, Refused
from .request import Answer, Request, json_answer
from .routes import Route
from .store import Store

if TYPE_CHECKING:
    from .world import World

FINE_GRAINED = "fineGrained"
SINCE = "2024-01-01T00:00:00.000Z"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What a fine-grained token may do in one place."""

    entity: str
    """A user, an organisation, or `owner/name`."""
    permissions: frozenset[str]
    """As the Hub names them: `repo.content.read`, `repo.write`, `job.write`, `discussion.write`, …"""
    type: str = "user"
    """`user`, `org`, `model`, `dataset` or `space`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Whose token came with a request, and what it allows."""

    user: str
    orgs: Mapping[str, str]
    """Role in each: `admin`, `write`, `contributor` or `read`."""
    token: str
    role: str
    """`read`, `write` or `fineGrained`."""
    scopes: Sequence[Scope] = ()
    reads_gated: bool = True

    def belongs(self, namespace: str) -> bool:
        """Return whether the namespace is this user's own, or one of the organisations."""
        return namespace == self.user or namespace in self.orgs

    def may(self, permission: str, namespace: str, repository: str = "") -> bool:
        """Return whether person and token together allow it.

        Args:
            permission: as a fine-grained token names it; anything but `….read` needs a writing token.
            namespace: the user or organisation it happens in.
            repository: `owner/name`, when it happens in one.
        """
        reading = permission.endswith(".read")
        if not self.belongs(namespace) or (not reading and self.orgs.get(namespace) == "read"):
            return False
        if self.role != FINE_GRAINED:
            return reading or self.role == "write"
        places = {namespace, repository}
        granted = {one for scope in self.scopes if scope.entity in places for one in scope.permissions}
        return permission in granted or (permission == "repo.content.read" and "repo.write" in granted)


class Accounts:
    """The users, organisations and tokens of one Hub."""

    def __init__(self, store: Store) -> None:
        self._users, self._orgs = store.table("users"), store.table("orgs")
        self._tokens = store.table("tokens")

    def add_org(self, name: str) -> None:
        """Make an organisation, or leave it as it is."""
        if self._orgs.get(name) is None:
            self._orgs.put(name, {"name": name})

    def add_user(self, name: str, *, orgs: Mapping[str, str] | None = None, pro: bool = False) -> None:
        """Make a user, or give one other organisations; organisations that are not there are made."""
        for org in orgs or {}:
            self.add_org(org)
        self._users.put(name, {"name": name, "orgs": dict(orgs or {}), "pro": pro})

    def add_token(
        self,
        user: str,
        role: str = "write",
        *,
        token: str = "",
        scopes: Sequence[Scope] = (),
        reads_gated: bool = True,
    ) -> str:
        """Make a token and return it; without words of its own it is made up."""
        made = token or "hf_" + "".join(secrets.choice(string.ascii_letters) for _ in range(34))
        about = [{"entity": one.entity, "type": one.type, "permissions": sorted(one.permissions)} for one in scopes]
        document = {"token": made, "user": user, "role": role, "scopes": about, "reads_gated": reads_gated}
        self._tokens.put(hashlib.sha256(made.encode()).hexdigest(), document)
        return made

    def revoke(self, token: str) -> None:
        """Take a token out of the world."""
        self._tokens.delete(hashlib.sha256(token.encode()).hexdigest())

    def tokens(self) -> Sequence[Caller]:
        """Return every token with whose it is."""
        return [self._caller(found) for _, found in self._tokens.items()]

    def exists(self, namespace: str) -> bool:
        """Return whether there is a user or organisation of that name."""
        return self._users.get(namespace) is not None or self._orgs.get(namespace) is not None

    def is_org(self, namespace: str) -> bool:
        """Return whether the name is an organisation's."""
        return self._orgs.get(namespace) is not None

    def is_pro(self, user: str) -> bool:
        """Return whether the user pays for more."""
        found = self._users.get(user)
        return found is not None and found.flag("pro")

    def caller(self, authorization: str) -> Caller | None:
        """Return whose token this is; None without one.

        Raises:
            Refused: nobody has this token.
        """
        if not authorization:
            return None
        token = authorization.removeprefix("Bearer ").strip()
        found = self._tokens.get(hashlib.sha256(token.encode()).hexdigest())
        if found is None:
            raise Refused(401, INVALID_TOKEN)
        return self._caller(found)

    def _caller(self, found: Fields) -> Caller:
        user = self._users.get(found.text("user")) or Fields({})
        scopes = [
            Scope(entity=one.text("entity"), type=one.text("type"), permissions=frozenset(one.texts("permissions")))
            for one in found.each("scopes")
        ]
        return Caller(
            user=found.text("user"),
            orgs=user.pairs("orgs"),
            token=found.text("token"),
            role=found.text("role"),
            scopes=scopes,
            reads_gated=found.flag("reads_gated"),
        )


def known(request: Request) -> Caller:
    """Return the caller; the Hub's 401 without one."""
    if request.caller is None:
        raise Refused(401, NOT_LOGGED_IN)
    return request.caller


def allowed(request: Request, permission: str, namespace: str, repository: str = "") -> Caller:
    """Return the caller if it may do that there; the Hub's 401 or 403 otherwise."""
    caller = known(request)
    if not caller.may(permission, namespace, repository):
        raise Refused(403, f"Authorization error: missing permission {permission} on {repository or namespace}")
    return caller


def identity(name: str) -> str:
    """Return the Hub's 24 hex digits for a name."""
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def _whoami(world: World, request: Request) -> Answer:
    caller = known(request)
    about = {"type": "user", "id": identity(caller.user), "name": caller.user, "fullname": caller.user.title()}
    money = {"canPay": True, "billingMode": "postpaid", "periodEnd": None, "isPro": world.accounts.is_pro(caller.user)}
    contact = {
        "email": f"{caller.user}@example.com",
        "emailVerified": True,
        "avatarUrl": f"/avatars/{identity(caller.user)}.svg",
    }
    orgs = [_org(name, role) for name, role in caller.orgs.items()]
    return json_answer({**about, **contact, **money, "orgs": orgs, "auth": _auth(caller)})


def _org(name: str, role: str) -> Mapping[str, object]:
    about = {"type": "org", "id": identity(name), "name": name, "fullname": name.title(), "email": None}
    money = {"canPay": True, "periodEnd": None, "isEnterprise": False}
    return {**about, **money, "avatarUrl": f"/avatars/{identity(name)}.svg", "roleInOrg": role}


def _auth(caller: Caller) -> Mapping[str, object]:
    token: dict[str, object] = {"displayName": f"{caller.role} token", "role": caller.role, "createdAt": SINCE}
    if caller.role == FINE_GRAINED:
        scoped = [
            {
                "entity": {"_id": identity(one.entity), "type": one.type, "name": one.entity},
                "permissions": sorted(one.permissions),
            }
            for one in caller.scopes
        ]
        token["fineGrained"] = {"canReadGatedRepos": caller.reads_gated, "global": [], "scoped": scoped}
    return {"type": "access_token", "accessToken": token}


ROUTES = (Route("GET", "/api/whoami-v2", _whoami),)
