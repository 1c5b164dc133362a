"""Who there is, whose token is whose, and what each may do."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

LEVELS = {"none": 0, "read": 1, "triage": 1, "write": 2, "maintain": 2, "admin": 3}
APP = "github-actions[bot]"


@dataclass(frozen=True)
class Token:
    """A token: whose it is, and what it was given, by GitHub's names of permissions (`issues`: `write`).

    A classic one was given `scopes` instead: `repo` is everything its owner may do in repositories, `public_repo` in public ones
    (docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps).
    """

    login: str
    granted: Mapping[str, str]
    scopes: frozenset[str] | None = None

    @property
    def sees_private(self) -> bool:
        """Whether it is good for private repositories."""
        return self.scopes is None or "repo" in self.scopes

    @property
    def is_app(self) -> bool:
        """Whether it is an installation's, such as the one every workflow gets."""
        return self.login.endswith("[bot]")

    def allows(self, permission: str, level: str) -> bool:
        """Whether it was given a permission at least at this level."""
        if self.scopes is not None:
            return level == "read" or not self.scopes.isdisjoint({"repo", "public_repo"})
        return permission == "metadata" or LEVELS[self.granted.get(permission, "none")] >= LEVELS[level]


@dataclass
class Accounts:
    """Everybody, and their role in the one repository."""

    roles: dict[str, str] = field(default_factory=dict[str, str])
    tokens: dict[str, Token] = field(default_factory=dict[str, Token])

    def token(self, login: str, granted: Mapping[str, str], scopes: frozenset[str] | None = None) -> str:
        """Make a token for somebody; with `scopes`, a classic one."""
        made = f"{'ghs' if login.endswith('[bot]') else 'ghp'}_{secrets.token_hex(18)}"
        self.tokens[made] = Token(login, granted, scopes)
        return made

    def role(self, login: str) -> str:
        """Return somebody's role, "none" for a stranger."""
        return self.roles.get(self.spelled(login), "none")

    def spelled(self, login: str) -> str:
        """Return a name as its owner spells it; GitHub takes any case."""
        return next((who for who in self.roles if who.casefold() == login.casefold()), login)

    def may(self, token: Token, level: str) -> bool:
        """Whether whose a token is has at least this role. An installation has what it was given, and no role."""
        return token.is_app or LEVELS[self.role(token.login)] >= LEVELS[level]

    def bearer(self, authorization: str) -> Token | None:
        """Return whose a header is, in any of the ways in which GitHub takes a token."""
        kind, _, value = authorization.partition(" ")
        if kind.lower() == "basic":
            value = base64.b64decode(value).decode().partition(":")[2]
        return self.tokens.get(value)
