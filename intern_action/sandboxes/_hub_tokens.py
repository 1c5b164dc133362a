"""Which tokens may have to do with sandboxes on the Hub: none that writes reaches the agent or a machine it works on."""

from __future__ import annotations

from intern_action.core.errors import Misconfigured
from intern_action.hub.tokens import token_facts
from intern_action.sandboxes._hub_account import Guest, Landlord
from intern_action.settings.words import text

READS, INSIDE, WRITES = "HF_TOKEN", "HF_SANDBOX_TOKEN", "HF_WRITE_TOKEN"
RESERVED = frozenset({READS, "HF_ENDPOINT", "PYTHONUNBUFFERED"})
"""Variables of a sandbox that no secret may be called."""


def check_landlord(landlord: Landlord) -> None:
    """Refuse what cannot work or gives too much away, before anything begins.

    Raises:
        Misconfigured: names the variable and what to set it to.
        HubError: the Hub could not be asked what a token may do.
    """
    account = landlord.account
    if not account.token:
        raise _problem("no-token", WRITES, account.endpoint)
    check_guest(landlord.guest)
    if landlord.token:
        _refuse_writing(account.endpoint, landlord.token, INSIDE)
    ours = {account.token, account.job_token, landlord.guest.token, landlord.token} - {""}
    for name, value in landlord.secrets.items():
        if name in RESERVED or name.startswith("SBX_") or value in ours:
            raise _problem("secret", name, account.endpoint)
        if not value:
            raise _problem("no-secret", name, account.endpoint)


def check_guest(guest: Guest) -> None:
    """Refuse a token for the agent half that is missing or can write.

    Raises:
        Misconfigured: it is.
        HubError: the Hub could not be asked.
    """
    if not guest.token:
        raise _problem("no-token", READS, guest.endpoint)
    _refuse_writing(guest.endpoint, guest.token, READS)


def _refuse_writing(endpoint: str, token: str, variable: str) -> None:
    if token_facts(endpoint, token).writes:
        raise _problem("writes", variable, endpoint)


def _problem(problem: str, variable: str, endpoint: str) -> Misconfigured:
    return Misconfigured(text("sandbox-tokens", problem=problem, variable=variable, endpoint=endpoint).strip())
