"""What people may do, as the API tells it."""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import quote, unquote

from tests.github_server.accounts import Token
from tests.github_server.engines import Reply, json_reply
from tests.github_server.inside import Inside, Json, Route, refuse
from tests.github_server.listener import Asked


def permission(inside: Inside, _asked: Asked, _token: Token, found: re.Match[str]) -> Reply:
    """`maintain` is told as `write`, `triage` as `read`; a stranger to a public repository may `read`. Names come in any case.

    docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user.
    """
    login = inside.accounts.spelled(unquote(found[1]))
    brief = inside.user(quote(login))
    if brief is None:
        return refuse(404, "Not Found")
    role = inside.accounts.role(login)
    role = "read" if role == "none" and not inside.private else role
    word = {"maintain": "write", "triage": "read"}.get(role, role)
    told = cast("Json", inside.right(inside.ask("GET", f"/collaborators/{quote(login)}/permission").json))
    user = cast("Json", told.get("user") or brief)
    return json_reply({"permission": word, "role_name": role, "user": {**user, "role_name": role}})


ROUTES: tuple[Route, ...] = (("GET", r"/collaborators/([^/]+)/permission", permission),)
