"""Which tokens may have to do with sandboxes on the Hub: none that writes reaches the agent or a machine it works on."""

from __future__ import annotations

from intern_action.core.errors import HubError, Misconfigured
from intern_action.hub.client import hub_client
from intern_action.hub.tokens import token_facts
from intern_action.sandboxes._hub_account import Guest, Landlord
from intern_action.settings.words import text

READS, INSIDE, WRITES = "HF_TOKEN", "HF_SANDBOX_TOKEN", "HF_WRITE_TOKEN"
RESERVED = frozenset({READS, "HF_ENDPOINT", "PYTHONUNBUFFERED"})
"""Variables of a sandbox that no secret may be called."""

_HIDDEN = frozenset({401, 403, 404})


def check_names(landlord: Landlord) -> None:
    """Refuse what cannot work or gives too much away, as far as it can be told without asking anybody.

    Raises:
        Misconfigured: names the variable and what to set it to.
    """
    account, guest = landlord.account, landlord.guest
    for variable, token in ((WRITES, account.token), (READS, guest.token)):
        if not token:
            raise _problem("no-token", variable, account.endpoint)
    if account.token in {guest.token, landlord.token}:
        raise _problem("writes", READS if account.token == guest.token else INSIDE, account.endpoint)
    ours = {account.token, account.job_token, guest.token, landlord.token} - {""}
    for name, value in landlord.secrets.items():
        if name in RESERVED or name.startswith("SBX_") or value in ours:
            raise _problem("secret", name, account.endpoint)
        if not value:
            raise _problem("no-secret", name, account.endpoint)


def check_rights(landlord: Landlord, namespace: str) -> None:
    """Refuse tokens that may do more than they should, or too little to get to a sandbox of `namespace`, before anything begins.

    Raises:
        Misconfigured: names the variable and what to set it to.
        HubError: the Hub could not be asked what a token may do.
    """
    check_guest(landlord.guest)
    if landlord.token and not token_facts(landlord.account.endpoint, landlord.token).only_reads:
        raise _problem("writes", INSIDE, landlord.account.endpoint)
    if not _sees_jobs(landlord.guest, namespace):
        raise _problem("blind", READS, landlord.account.endpoint, namespace)


def _sees_jobs(guest: Guest, namespace: str) -> bool:
    """Whether the Hub shows a token the jobs of a namespace: whom it does not, it does not let through to a sandbox either."""
    from huggingface_hub.errors import HfHubHTTPError

    try:
        next(iter(hub_client(guest.endpoint, guest.token).list_jobs(namespace=namespace, status="RUNNING")), None)
    except HfHubHTTPError as error:
        if error.response.status_code not in _HIDDEN:
            raise HubError(f"{guest.endpoint} could not be asked for the jobs of {namespace}: {error}") from error
        return False
    return True


def check_guest(guest: Guest) -> None:
    """Refuse a token for the agent half that is missing or can write.

    Raises:
        Misconfigured: it is.
        HubError: the Hub could not be asked.
    """
    if not guest.token:
        raise _problem("no-token", READS, guest.endpoint)
    if token_facts(guest.endpoint, guest.token).writes:
        raise _problem("writes", READS, guest.endpoint)


def _problem(problem: str, variable: str, endpoint: str, namespace: str = "") -> Misconfigured:
    words = text("sandbox-tokens", problem=problem, variable=variable, endpoint=endpoint, namespace=namespace)
    return Misconfigured(words.strip())
