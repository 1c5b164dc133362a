"""What huggingface_hub keeps to itself about sandboxes, used in this one place: how their job is started, and how one is opened.

Its own `Sandbox.create` gives a job a time limit of a day, finds none again after an answer that was lost, and ends it when it is
slow to come up; ours is launched as every job is. From there on its client does everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex
from typing import TYPE_CHECKING

from intern_action.core.errors import HubError
from intern_action.hub.client import hub_client
from intern_action.launches.body import Body
from intern_action.launches.tenant import SANDBOX
from intern_action.sandboxes._hub_account import Guest
from intern_action.sandboxes._keys import Key

if TYPE_CHECKING:
    from huggingface_hub import JobInfo, Sandbox

_MODE, _NONCE = "hf-sandbox-mode", "hf-sandbox-nonce"
_CONNECTIONS = 18


def sandbox_body(
    *,
    control: str,
    endpoint: str,
    image: str,
    flavor: str,
    timeout_seconds: int,
    environment: Mapping[str, str],
    secrets: Mapping[str, str],
) -> Body:
    """Return the job that becomes a sandbox. Its key hangs on control's token and a number that is its own.

    Args:
        control: control's token; only a digest of it goes into the job.
        endpoint: the Hub's address.
        image: anything with a shell and python3.
        flavor: the hardware.
        timeout_seconds: of the lease: the Hub itself ends the machine then.
        environment: what it gets.
        secrets: what it gets besides.
    """
    from huggingface_hub import _sandbox  # pyright: ignore[reportPrivateUsage] -- see above

    nonce = token_hex(16)
    command, told, hidden, volumes = _sandbox._bootstrap_job_spec(  # pyright: ignore[reportPrivateUsage] -- see above
        hub_client(endpoint, control),
        control,
        env=dict(environment),
        secrets=dict(secrets),
        volumes=None,
        idle_timeout=None,  # the lease is the limit: a session that waits for people still has its machine
        forward_hf_token=False,
        sandbox_token=_derived(control, nonce),
    )
    return Body(
        image=image,
        command=tuple(command),
        flavor=flavor,
        timeout_seconds=timeout_seconds,
        environment={name: str(value) for name, value in told.items()},
        secrets={name: str(value) for name, value in hidden.items()},
        ports=(_sandbox.SANDBOX_SERVER_PORT,),
        buckets={volume.mount_path: volume.source for volume in volumes},
        labels={SANDBOX: "1", _MODE: "dedicated", _NONCE: nonce},
    )


def key_of(job: JobInfo, *, control: str) -> Key | None:
    """Return the key of a sandbox that was begun with control's token, None for a job that is none."""
    nonce = (job.labels or {}).get(_NONCE)
    if nonce is None:
        return None
    return Key(job=job.id, namespace=job.owner.name, key=_derived(control, nonce))


def opened(job: JobInfo, key: Key, guest: Guest) -> Sandbox:
    """Return the client of a sandbox that runs.

    Raises:
        HubError: the address that the Hub tells is not this job's own; nothing was sent there.
    """
    from huggingface_hub import Sandbox, _sandbox  # pyright: ignore[reportPrivateUsage] -- see above

    rejected = _sandbox._server_url_rejection(job)  # pyright: ignore[reportPrivateUsage] -- see above
    if rejected:
        raise HubError(f"the sandbox {job.id} {rejected}; it was not spoken to")
    server = _sandbox._SandboxServer.from_job(  # pyright: ignore[reportPrivateUsage] -- see above
        job=job,
        nonce=(job.labels or {}).get(_NONCE, ""),
        sandbox_token=key.key,
        api=hub_client(guest.endpoint, guest.token),
        max_connections=_CONNECTIONS,
    )
    return Sandbox(id=job.id, server=server, local_id=None, owns_sandbox=False, owns_server=True)


def _derived(control: str, nonce: str) -> str:
    from huggingface_hub import _sandbox  # pyright: ignore[reportPrivateUsage] -- see above

    return _sandbox._derive_sandbox_token(control, nonce)  # pyright: ignore[reportPrivateUsage] -- see above
