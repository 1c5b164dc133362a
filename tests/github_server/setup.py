"""How the repository is set up, as GitHub tells it. emulate knows no settings, no rules and no files of the bare repository."""

from __future__ import annotations

import base64
import fnmatch
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, unquote, urlsplit

from tests.github_server.accounts import Token
from tests.github_server.commits import pull_commit
from tests.github_server.engines import Reply, json_reply
from tests.github_server.listener import Asked

if TYPE_CHECKING:
    from tests.github_server.inside import Inside, Json, Route

SINCE = "2026-01-01T00:00:00Z"
ADMIN_ONLY = "Must have admin rights to Repository."


@dataclass
class Setup:
    """What people click together under Settings; as a careful owner leaves it.

    Args:
        disabled: path of a workflow → its state (`disabled_inactivity`, `disabled_manually`).
        rules: (pattern of branches, type of rule), of a ruleset of the organisation.
        protections: branch → its classic protection.
        environments: name → whether only protected branches may use it.
        environment_secrets: name of the environment → names of its secrets.
    """

    actions: bool = True
    allowed_actions: str = "all"
    default_permissions: str = "read"
    may_open_pulls: bool = True
    has_issues: bool = True
    archived: bool = False
    pushed_at: str = ""
    disabled: dict[str, str] = field(default_factory=dict[str, str])
    rules: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    protections: dict[str, dict[str, object]] = field(default_factory=dict[str, "dict[str, object]"])
    secrets: set[str] = field(default_factory=set[str])
    organisation_secrets: set[str] = field(default_factory=set[str])
    environments: dict[str, bool] = field(default_factory=dict[str, bool])
    environment_secrets: dict[str, set[str]] = field(default_factory=dict[str, "set[str]"])


def _refuse(status: int, message: str) -> Reply:
    from tests.github_server.inside import refuse

    return refuse(status, message)


def repository(inside: Inside, asked: Asked, token: Token, _found: re.Match[str]) -> Reply:
    """`permissions` are told to people, not to Apps: docs.github.com/rest/repos/repos#get-a-repository."""
    setup, reply = inside.setup, inside.plain(asked, token)
    told = cast("Json", reply.json) | {"has_issues": setup.has_issues, "archived": setup.archived}
    told |= {"default_branch": inside.default_branch}
    if setup.pushed_at:
        told["pushed_at"] = setup.pushed_at
    told.pop("permissions", None)
    if not token.is_app:
        may = {name: inside.accounts.may(token, level) for name, level in LEVELS.items()}
        told["permissions"] = may
    return json_reply(told, reply.status)


LEVELS = {"admin": "admin", "maintain": "admin", "push": "write", "triage": "triage", "pull": "read"}


def actions(inside: Inside, asked: Asked, token: Token, _found: re.Match[str]) -> Reply:
    """Administrators alone: docs.github.com/rest/actions/permissions."""
    if not inside.accounts.may(token, "admin"):
        return _refuse(403, ADMIN_ONLY)
    setup = inside.setup
    if asked.path.endswith("/workflow"):
        rights = {"default_workflow_permissions": setup.default_permissions}
        return json_reply({**rights, "can_approve_pull_request_reviews": setup.may_open_pulls})
    allowed = {"allowed_actions": setup.allowed_actions} if setup.actions else {}
    return json_reply({"enabled": setup.actions, **allowed})


def workflows(inside: Inside, _asked: Asked, _token: Token, _found: re.Match[str]) -> Reply:
    """Those of the default branch: docs.github.com/rest/actions/workflows#list-repository-workflows."""
    names = inside.git("ls-tree", "--name-only", f"refs/heads/{inside.default_branch}", ".github/workflows/").split()
    url, page = f"{inside.url}{inside.path}/actions/workflows", f"{inside.url}/{inside.name}"
    told = [
        {
            "id": number,
            "node_id": f"W_{number}",
            "name": path.rpartition("/")[2],
            "path": path,
            "state": inside.setup.disabled.get(path, "active"),
            "created_at": SINCE,
            "updated_at": SINCE,
            "url": f"{url}/{number}",
            "html_url": f"{page}/blob/{inside.default_branch}/{path}",
            "badge_url": f"{page}/workflows/{number}/badge.svg",
        }
        for number, path in enumerate(names, 1)
    ]
    return json_reply({"total_count": len(told), "workflows": told})


def secrets(inside: Inside, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
    """Names alone, for collaborators: docs.github.com/rest/actions/secrets."""
    if not inside.accounts.may(token, "write"):
        return _refuse(403, "Resource not accessible by personal access token")
    setup = inside.setup
    names = {
        "actions/secrets": setup.secrets,
        "actions/organization-secrets": setup.organisation_secrets,
    }.get(found[1], set[str]())
    if found[2]:
        if unquote(found[2]) not in setup.environments:
            return _refuse(404, "Not Found")
        names = setup.environment_secrets.get(unquote(found[2]), set[str]())
    told = [{"name": name, "created_at": SINCE, "updated_at": SINCE} for name in sorted(names)]
    return json_reply({"total_count": len(told), "secrets": told})


def environment(inside: Inside, _asked: Asked, _token: Token, found: re.Match[str]) -> Reply:
    """docs.github.com/rest/deployments/environments#get-an-environment."""
    name = unquote(found[1])
    if name not in inside.setup.environments:
        return _refuse(404, "Not Found")
    closed = inside.setup.environments[name]
    branches = {"protected_branches": True, "custom_branch_policies": False} if closed else None
    rules = [{"id": 1, "node_id": "GA_1", "type": "branch_policy"}] if closed else []
    return json_reply(
        {
            "id": 1,
            "node_id": "EN_1",
            "name": name,
            "url": f"{inside.url}{inside.path}/environments/{name}",
            "html_url": f"{inside.url}/{inside.name}/deployments/activity_log?environments_filter={name}",
            "created_at": SINCE,
            "updated_at": SINCE,
            "protection_rules": rules,
            "deployment_branch_policy": branches,
        }
    )


def content(inside: Inside, asked: Asked, _token: Token, found: re.Match[str]) -> Reply:
    """A file of a branch, in base64 with line ends: docs.github.com/rest/repos/contents#get-repository-content."""
    query = parse_qs(urlsplit(asked.path).query)
    ref, path = query.get("ref", [inside.default_branch])[0], unquote(found[1])
    listed = inside.git("ls-tree", "-l", f"refs/heads/{ref}", "--", path).split()
    if not listed:
        return _refuse(404, "Not Found")
    sha, size = listed[2], int(listed[3])
    page, url = f"{inside.url}/{inside.name}", f"{inside.url}{inside.path}/contents/{path}?ref={ref}"
    git_url = f"{inside.url}{inside.path}/git/blobs/{sha}"
    return json_reply(
        {
            "type": "file",
            "encoding": "base64",
            "size": size,
            "name": path.rpartition("/")[2],
            "path": path,
            "content": base64.encodebytes(inside.blob(sha)).decode(),
            "sha": sha,
            "url": url,
            "git_url": git_url,
            "html_url": f"{page}/blob/{ref}/{path}",
            "download_url": f"{page}/raw/{ref}/{path}",
            "_links": {"self": url, "git": git_url, "html": f"{page}/blob/{ref}/{path}"},
        }
    )


def rules(inside: Inside, _asked: Asked, _token: Token, found: re.Match[str]) -> Reply:
    """For a name, whether or not there is such a branch: docs.github.com/rest/repos/rules#get-rules-for-a-branch."""
    branch = unquote(found[1])
    about = {"ruleset_source_type": "Organization", "ruleset_source": inside.owner, "ruleset_id": 1}
    return json_reply(
        [{"type": kind, **about} for pattern, kind in inside.setup.rules if fnmatch.fnmatchcase(branch, pattern)]
    )


def branch_state(inside: Inside, _asked: Asked, _token: Token, found: re.Match[str]) -> Reply:
    """docs.github.com/rest/branches/branches#get-a-branch."""
    name = unquote(found[1])
    head = inside.bare.head(name)
    if head is None:
        return _refuse(404, "Branch not found")
    url = f"{inside.url}{inside.path}/branches/{name}"
    protected = name in inside.setup.protections
    return json_reply(
        {
            "name": name,
            "commit": pull_commit(inside.folder, head, f"{inside.url}{inside.path}"),
            "_links": {"self": url, "html": f"{inside.url}/{inside.name}/tree/{name}"},
            "protected": protected,
            "protection": {"enabled": protected},
            "protection_url": f"{url}/protection",
        }
    )


def protection(inside: Inside, _asked: Asked, token: Token, found: re.Match[str]) -> Reply:
    """Administrators alone; 404 without any: docs.github.com/rest/branches/branch-protection#get-branch-protection."""
    if not inside.accounts.may(token, "admin"):
        return _refuse(403, ADMIN_ONLY)
    found_one = inside.setup.protections.get(unquote(found[1]))
    return _refuse(404, "Branch not protected") if found_one is None else json_reply(found_one)


def collaborators(inside: Inside, asked: Asked, token: Token, _found: re.Match[str]) -> Reply:
    """Push access lists them: docs.github.com/rest/collaborators/collaborators#list-repository-collaborators."""
    if not inside.accounts.may(token, "write"):
        return _refuse(403, "Must have push access to view repository collaborators.")
    wanted = parse_qs(urlsplit(asked.path).query).get("permission", ["pull"])[0]
    level = {"pull": 1, "push": 2, "admin": 3}[wanted]
    from tests.github_server.accounts import LEVELS as ROLES

    people = [who for who, role in inside.accounts.roles.items() if ROLES[role] >= level]
    return json_reply([{**(inside.user(who) or {}), "role_name": inside.accounts.role(who)} for who in people])


ROUTES: tuple[Route, ...] = (
    ("GET", r"", repository),
    ("GET", r"/actions/permissions(?:/workflow)?", actions),
    ("GET", r"/actions/workflows", workflows),
    ("GET", r"/(actions/secrets|actions/organization-secrets|environments/([^/]+)/secrets)", secrets),
    ("GET", r"/environments/([^/]+)", environment),
    ("GET", r"/contents/(.+)", content),
    ("GET", r"/rules/branches/(.+)", rules),
    ("GET", r"/branches/(.+)/protection", protection),
    ("GET", r"/branches/(.+)", branch_state),
    ("GET", r"/collaborators", collaborators),
)
