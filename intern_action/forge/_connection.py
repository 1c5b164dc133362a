"""PyGithub's line to one server, set so that nothing is repeated or waited for behind our back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from intern_action.core.errors import Misconfigured

if TYPE_CHECKING:
    from github.Requester import Requester

TIMEOUT_SECONDS = 30
API_VERSION = "2022-11-28"
AGENT = "intern-action"
BASE = re.compile(r"https?://[^/@\s]+(/[^\s?#]*)?")


def connect(api_url: str, token: str) -> Requester:
    """Return PyGithub's line to a server. It takes half a second to import, so it is imported here.

    Raises:
        Misconfigured: an address that is none, or no token.
    """
    import github

    if not BASE.fullmatch(api_url):
        raise Misconfigured(f"GITHUB_API_URL is {api_url!r}; it has to be an address such as https://api.github.com")
    if not token or not token.isascii() or any(letter.isspace() for letter in token):
        raise Misconfigured("GITHUB_TOKEN is empty or not a token; give one that may write to this repository")
    return github.Github(
        auth=github.Auth.Token(token),
        base_url=api_url.rstrip("/"),
        timeout=TIMEOUT_SECONDS,
        user_agent=AGENT,
        retry=None,  # we ask again ourselves, only where that is harmless, and wait by our clock
        seconds_between_requests=None,
        seconds_between_writes=None,
        api_version=API_VERSION,
    ).requester
