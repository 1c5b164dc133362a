"""A token is somebody's, and may do what its role and its scopes say: no more, in the Hub's own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.hub_server import HubServer
from tests.hub_server.accounts import Caller, Scope
from tests.hub_server_tests.conftest import Hand


@pytest.fixture
def hand(hub: HubServer, hands: Callable[[str], Hand]) -> Callable[..., Hand]:
    """Make a hand with a token of a role and of scopes."""

    def make(role: str, *scopes: Scope, user: str = "ada") -> Hand:
        return hands(hub.accounts.add_token(user, role, scopes=scopes))

    return make


def test_without_a_token_nobody_is_anybody(nobody: Hand) -> None:
    told = nobody.ask("GET", "/api/whoami-v2")
    assert (told.status, told.json["error"]) == (401, "Invalid username or password.")


def test_a_token_that_nobody_has_opens_nothing_not_even_what_is_public(
    hands: Callable[[str], Hand], hub: HubServer
) -> None:
    hub.add("model", "ada/public", {})
    told = hands("hf_made_up").ask("GET", "/api/models/ada/public")
    assert (told.status, told.headers["x-error-message"]) == (401, "Invalid credentials in Authorization header")


def test_a_revoked_token_is_nobodys(hub: HubServer, ada: Hand) -> None:
    hub.accounts.revoke(hub.token)
    assert ada.ask("GET", "/api/whoami-v2").status == 401


def test_a_fine_grained_token_tells_its_scopes(hand: Callable[..., Hand]) -> None:
    scope = Scope(entity="ada/m", type="model", permissions=frozenset({"repo.write"}))
    told = hand("fineGrained", scope).ask("GET", "/api/whoami-v2").json
    match told["auth"]:
        case {"accessToken": {"role": "fineGrained", "fineGrained": {"scoped": [one]}}}:
            assert (one["entity"]["name"], one["permissions"]) == ("ada/m", ["repo.write"])
        case other:
            raise AssertionError(other)


@pytest.mark.parametrize(("name", "status"), [("m", 200), ("n", 403)])
def test_a_fine_grained_token_writes_where_its_scope_is_and_nowhere_else(
    hand: Callable[..., Hand], name: str, status: int
) -> None:
    scope = Scope(entity="ada/m", type="model", permissions=frozenset({"repo.write"}))
    assert hand("fineGrained", scope).ask("POST", "/api/repos/create", {"name": name}).status == status


def test_a_reading_token_makes_nothing(hand: Callable[..., Hand]) -> None:
    told = hand("read").ask("POST", "/api/repos/create", {"name": "m"})
    assert told.status == 403
    assert told.json["error"] == 'You don\'t have the rights to create a model under the namespace "ada"'


def test_a_reader_of_an_organisation_reads_and_does_not_write(hand: Callable[..., Hand], hub: HubServer) -> None:
    hub.add("model", "lab/m", {}, private=True)
    hub.accounts.add_user("eve", orgs={"lab": "read"})
    eve = hand("write", user="eve")
    assert eve.ask("GET", "/api/models/lab/m").status == 200
    assert eve.ask("POST", "/api/repos/create", {"name": "n", "organization": "lab"}).status == 403


def test_what_is_private_looks_missing_to_others(hand: Callable[..., Hand], hub: HubServer, nobody: Hand) -> None:
    hub.add("model", "ada/secret", {}, private=True)
    hub.accounts.add_user("eve")
    for name in ("secret", "missing"):
        assert nobody.ask("GET", f"/api/models/ada/{name}").status == 401
        told = hand("write", user="eve").ask("GET", f"/api/models/ada/{name}")
        assert (told.status, told.headers["x-error-code"]) == (404, "RepoNotFound")


def test_permissions_are_of_the_place_they_were_given_for() -> None:
    scope = Scope(entity="lab", type="org", permissions=frozenset({"job.write"}))
    caller = Caller(user="ada", orgs={"lab": "admin"}, token="t", role="fineGrained", scopes=[scope])
    assert caller.may("job.write", "lab")
    assert not caller.may("job.write", "ada")
    assert not caller.may("repo.write", "lab")
