"""What a token of the Hub may do, as the Hub itself tells it (`GET /api/whoami-v2`)."""

from __future__ import annotations

from functools import cache
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from intern_action.core.errors import HubError
from intern_action.core.frozen import frozen
from intern_action.hub.client import hub_client

UNAUTHORISED = 401
Role = Literal["read", "write", "fineGrained"]
USER = "{user}"
_ASKS = frozenset({"inference.serverless.write", "inference.endpoints.infer.write"})


@frozen
class Grant:
    """What a fine-grained token may do in one place: `ada` or `ada/model`; "" is everywhere."""

    place: str
    permissions: tuple[str, ...]


@frozen
class TokenFacts:
    """Whose a token is, and what it allows.

    Args:
        name: the account.
        organisations: those the account belongs to.
        grants: of a fine-grained token; empty for the others.
    """

    name: str
    role: Role
    organisations: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether something on the Hub could be changed with it."""
        return self.role == "write" or any(_changes(one) for grant in self.grants for one in grant.permissions)

    @property
    def only_reads(self) -> bool:
        """Whether nothing can be done with it but read, not even a model be asked on the account's bill."""
        asked = [one for grant in self.grants for one in grant.permissions]
        return self.role != "write" and all(one.endswith(".read") for one in asked)

    @property
    def starts_jobs(self) -> bool:
        """Whether money could be spent with it."""
        return self.role == "write" or any("job.write" in grant.permissions for grant in self.grants)

    @property
    def writes_in(self) -> tuple[str, ...]:
        """The places that a fine-grained token can change, "everywhere" for a writing one."""
        if self.role == "write":
            return ("everywhere",)
        places = {
            grant.place or "everywhere" for grant in self.grants if any(_changes(one) for one in grant.permissions)
        }
        return tuple(sorted(places))


@cache
def of_user(name: str, endpoint: str, token: str) -> str:
    """Return a repository's name with `{user}` replaced by whoever the token belongs to; asked for once.

    Raises:
        HubError: as `token_facts`.
    """
    return name.replace(USER, token_facts(endpoint, token).name) if USER in name else name


def token_facts(endpoint: str, token: str) -> TokenFacts:
    """Ask the Hub about a token.

    Raises:
        HubError: the Hub does not know the token, cannot be reached, or answers in a shape that we do not know.
    """
    import httpx
    from huggingface_hub import errors

    api = hub_client(endpoint, token)
    try:
        answer = cast("object", api.whoami())  # pyright: ignore[reportUnknownMemberType] -- a dictionary of anything
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        known = "does not know this token" if status == UNAUTHORISED else "failed"
        raise HubError(f"{endpoint} {known} ({status}); make a new one at {endpoint}/settings/tokens") from error
    except httpx.HTTPError as error:
        raise HubError(f"{endpoint} could not be reached ({error}); look at the network") from error
    try:
        return _facts(_Whoami.model_validate(answer))
    except ValidationError as error:
        first = error.errors()[0]
        raise HubError(
            f"{endpoint}/api/whoami-v2 answers in a shape that is not known here ({'.'.join(map(str, first['loc']))}: "
            f"{first['msg']}); install a newer intern-action"
        ) from error


# --- the Hub's answer ------------------------------------------------------------------------------------------------


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class _Entity(_Part):
    name: str = ""


class _Scope(_Part):
    entity: _Entity = _Entity()
    permissions: tuple[str, ...] = ()


class _FineGrained(_Part):
    everywhere: tuple[str, ...] = Field(default=(), alias="global")
    scoped: tuple[_Scope, ...] = ()


class _AccessToken(_Part):
    role: Role
    fine_grained: _FineGrained = _FineGrained()


class _Auth(_Part):
    access_token: _AccessToken


class _Organisation(_Part):
    name: str


class _Whoami(_Part):
    name: str
    orgs: tuple[_Organisation, ...] = ()
    auth: _Auth


def _facts(found: _Whoami) -> TokenFacts:
    token = found.auth.access_token
    grants = [Grant(place=one.entity.name, permissions=one.permissions) for one in token.fine_grained.scoped]
    if token.fine_grained.everywhere:
        grants.append(Grant(place="", permissions=token.fine_grained.everywhere))
    return TokenFacts(
        name=found.name,
        role=token.role,
        organisations=tuple(one.name for one in found.orgs),
        grants=tuple(grants),
    )


def _changes(permission: str) -> bool:
    """Whether something is another thing afterwards. Asking a model is not, though the Hub calls it a write."""
    return not permission.endswith(".read") and permission not in _ASKS
