"""Who is there at the beginning: from a seed file, or one user with a writing token."""

from __future__ import annotations

from .accounts import Accounts, Scope
from .fields import Fields

USER = "ada"
ORGANISATION = "lab"


def plant(accounts: Accounts, seed: Fields | None) -> None:
    """Make the seed's users and tokens; without a seed, and with nobody there yet, `ada` with a token.

    A seed is `{"users": [{"name", "orgs": {name: role}, "pro"}], "tokens": [{"user", "role", "token", "scopes"}]}`.
    """
    if seed is None:
        if not accounts.tokens():
            accounts.add_user(USER, orgs={ORGANISATION: "admin"})
            accounts.add_token(USER)
        return
    for user in seed.each("users"):
        accounts.add_user(user.text("name"), orgs=user.pairs("orgs"), pro=user.flag("pro"))
    for token in seed.each("tokens"):
        accounts.add_token(
            token.text("user"),
            token.text("role", "write"),
            token=token.text("token", ""),
            scopes=[_scope(one) for one in token.each("scopes")],
        )


def _scope(one: Fields) -> Scope:
    return Scope(
        entity=one.text("entity"), type=one.text("type", "user"), permissions=frozenset(one.texts("permissions"))
    )
