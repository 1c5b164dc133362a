"""PyGithub's line to one server, set so that nothing is repeated or waited for behind our back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen

if TYPE_CHECKING:
    from github.Auth import Auth
    from github.Requester import Requester

API_URL = "https://api.github.com"
SERVER_URL = "https://github.com"
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
TIMEOUT_SECONDS = 30
PER_PAGE = 100
API_VERSION = "2022-11-28"
AGENT = "intern-action"
BASE = re.compile(r"https?://[^/@\s]+(/[^\s?#]*)?")


@frozen
class Token:
    """Says who asks, as `github.Auth.Token` does; that one comes with all of cryptography."""

    word: str

    def authentication(self, headers: dict[str, str]) -> None:
        """Add it to the headers of a request."""
        headers["Authorization"] = f"token {self.word}"

    def mask_authentication(self, headers: dict[str, str]) -> None:
        """Take it out of headers that are shown."""
        headers["Authorization"] = "token (removed)"


def connect(api_url: str, token: str) -> Requester:
    """Return PyGithub's line to a server; importing that takes a tenth of a second, so it is imported here.

    Raises:
        Misconfigured: an address that is none, or no token.
    """
    if not BASE.fullmatch(api_url):
        raise Misconfigured(f"GITHUB_API_URL is {api_url!r}; it has to be an address such as https://api.github.com")
    if not token or not token.isascii() or any(letter.isspace() for letter in token):
        raise Misconfigured("GITHUB_TOKEN is empty or not a token; give one that may write to this repository")
    from intern_action.forge._requester import Requester

    return Requester(
        auth=cast("Auth", Token(word=token)),
        base_url=api_url.rstrip("/"),
        timeout=TIMEOUT_SECONDS,
        user_agent=AGENT,
        per_page=PER_PAGE,
        verify=True,
        retry=None,  # we ask again ourselves, only where that is harmless, and wait by our clock
        pool_size=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
        api_version=API_VERSION,
    )
