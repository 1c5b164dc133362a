"""Where emulate is not like GitHub, GitHub's documentation is right: who may do what, and what it does not have at all.

It stands behind the judge, so what is answered here is judged like everything else. emulate is asked with the rights of an
administrator in everybody's name; what anybody may do is decided here alone.
"""

from __future__ import annotations

import re
import threading
from urllib.parse import urlsplit

from tests.github_server import checks, people, pulls, pushes, setup, talk
from tests.github_server.accounts import APP, Token
from tests.github_server.engines import Reply
from tests.github_server.inside import Inside, Json, Route, body_of, inner, invalid, refuse
from tests.github_server.listener import Asked
from tests.github_server.permissions import needed

ROUTES: tuple[Route, ...] = (*people.ROUTES, *pushes.ROUTES, *talk.ROUTES, *pulls.ROUTES, *checks.ROUTES, *setup.ROUTES)
BODY_MOST, TITLE_MOST = 65_536, 256


class Corrections:
    """One repository, corrected."""

    def __init__(self, inside: Inside) -> None:
        self.inside = inside
        self._lock = threading.RLock()

    def seed(self) -> Json:
        """Return what emulate begins with: everybody, each with a token of the inside, and the repository."""
        inside = self.inside
        logins = [*inside.accounts.roles, APP]
        repository = {"owner": inside.owner, "name": inside.name.partition("/")[2], "private": inside.private}
        return {
            "tokens": {inner(login): {"login": login, "scopes": ["repo", "user"]} for login in logins},
            "github": {
                "users": [{"login": login, "name": login, "site_admin": login == inside.owner} for login in logins],
                "repos": [{**repository, "auto_init": True}],
            },
        }

    def begin(self, emulate_port: int, url: str) -> None:
        """Take up work: everybody may write inside, so that emulate refuses nobody."""
        inside = self.inside
        inside.emulate_port, inside.url = emulate_port, url
        for login in [*inside.accounts.roles, APP]:
            if login != inside.owner:
                inside.ask("PUT", f"/collaborators/{login}", {"permission": "admin"}, inside.owner)

    def answer(self, asked: Asked) -> Reply:
        """Answer what the judge passed on."""
        token = self.inside.accounts.bearer(asked.headers.get("authorization", ""))
        if token is None:
            return refuse(401, "Bad credentials")
        reply = self._answer(asked, token)
        if token.scopes is not None:
            reply.headers["x-oauth-scopes"] = ", ".join(sorted(token.scopes))
        return reply

    def _answer(self, asked: Asked, token: Token) -> Reply:
        refusal = self._refusal(asked, token) or _too_long(asked)
        if refusal is not None:
            return refusal
        path = urlsplit(asked.path).path.removeprefix(self.inside.path)
        with self._lock:
            for method, pattern, handler in ROUTES:
                found = re.fullmatch(pattern, path)
                if method == asked.method and found:
                    return handler(self.inside, asked, token, found)
            return self.inside.plain(asked, token)

    def _refusal(self, asked: Asked, token: Token) -> Reply | None:
        """What a token was not given is 403; what a person may not see is 404.

        docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api ("Resource not accessible", "404 Not Found for an
        existing resource", the header X-Accepted-GitHub-Permissions).
        """
        accounts, path = self.inside.accounts, urlsplit(asked.path).path
        if not f"{path}/".casefold().startswith(f"{self.inside.path}/".casefold()):
            return refuse(404, "Not Found")
        if self.inside.private and not (accounts.may(token, "read") and token.sees_private):
            return refuse(404, "Not Found")
        permission, level = needed(asked.method, path[len(self.inside.path) :])
        if not token.allows(permission, level):
            kind = "integration" if token.is_app else "personal access token"
            told = {"X_Accepted_GitHub_Permissions": f"{permission}={level}"}
            return refuse(403, f"Resource not accessible by {kind}", **told)
        return None

    def graphql(self, asked: Asked) -> Reply:
        """Answer GraphQL; the judge does not know it."""
        token = self.inside.accounts.bearer(asked.headers.get("authorization", ""))
        return refuse(401, "Bad credentials") if token is None else pulls.graphql(self.inside, asked, token)

    @property
    def reactions(self) -> list[tuple[str, str, str]]:
        """What was reacted to, by whom and how: (`issues/1`, login, content)."""
        return list(self.inside.reactions)


def _too_long(asked: Asked) -> Reply | None:
    """GitHub takes 65,536 characters in a body and 256 in a title; emulate takes anything."""
    if asked.method not in {"POST", "PATCH"}:
        return None
    body = body_of(asked)
    if len(str(body.get("body") or "")) > BODY_MOST:
        message = f"body is too long (maximum is {BODY_MOST} characters)"
        return invalid("IssueComment", "custom", field="body", message=message)
    if len(str(body.get("title") or "")) > TITLE_MOST:
        message = f"title is too long (maximum is {TITLE_MOST} characters)"
        return invalid("Issue", "custom", field="title", message=message)
    return None
