"""What a token needs for what.

docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens.
"""

from __future__ import annotations

import re

NEEDED: tuple[tuple[str, str, str], ...] = (
    # the part of the path behind the repository · permission to read · permission to write
    (r"/collaborators(/.*)?", "metadata", "administration"),
    (r"/actions/permissions.*", "administration", "administration"),
    (r"/actions/(organization-)?secrets", "secrets", "secrets"),
    (r"/environments/[^/]+/secrets", "environments", "environments"),
    (r"/environments/[^/]+", "actions", "administration"),
    (r"/actions/.*", "actions", "actions"),
    (r"/contents/.*", "contents", "contents"),
    (r"/rules/branches/.*", "metadata", "administration"),
    (r"/branches/.*/protection", "administration", "administration"),
    (r"/branches/.*", "contents", "contents"),
    (r"/activity", "contents", "contents"),
    (r"/actions/.*", "actions", "actions"),
    (r"/pulls/comments", "pull_requests", "pull_requests"),
    (r"/pulls/\d+/comments.*", "pull_requests", "pull_requests"),
    (r"/pulls/\d+/reviews.*", "pull_requests", "pull_requests"),
    (r"/pulls.*", "pull_requests", "pull_requests"),
    (r"/commits/.*/check-runs|/check-runs.*", "checks", "checks"),
    (r"/issues.*", "issues", "issues"),
    (r"/dispatches", "contents", "contents"),
    (r"", "metadata", "administration"),
)


def needed(method: str, inside: str) -> tuple[str, str]:
    """Return permission and level for a request; unknown paths need what no token here has."""
    for pattern, reads, writes in NEEDED:
        if re.fullmatch(pattern, inside):
            return (reads, "read") if method == "GET" else (writes, "write")
    return "administration", "admin"
