"""Launches a job: what was asked is looked at, written down, and run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .accounts import Caller, identity
from .fields import Fields
from .job_records import JobFolder, now
from .job_runs import Jobs, Order
from .refusals import Refused
from .sandboxes import at_home, own_ports

if TYPE_CHECKING:
    from .world import World

_LABEL = re.compile(r"[a-zA-Z0-9._-]{0,100}")
NO_CREDIT = "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs."


def launch(world: World, spec: Fields, *, namespace: str, initiator: Mapping[str, object]) -> JobFolder:
    """Run a job as ordered; used for what a client asks, and for what a schedule or a webhook does in its place.

    Raises:
        Refused: 400 for an order that makes no sense, 402 for a namespace that cannot pay.
    """
    jobs = world.part(Jobs)
    record = {**checked(jobs, spec), "initiator": dict(initiator), "owner": owner_of(world, namespace)}
    if namespace in jobs.settings.without_credit:
        raise Refused(402, NO_CREDIT)
    folder = jobs.folders.make(namespace)
    listening = own_ports(spec.pairs("environment"), _ports(spec))
    record |= {"type": "job", "id": folder.id, "createdAt": now(), "listening": listening}
    jobs.start(folder, record, _order(jobs, folder, spec, listening))
    return folder


def _order(jobs: Jobs, folder: JobFolder, spec: Fields, listening: Mapping[int, int]) -> Order:
    given = {**_machine(jobs, spec.text("flavor", "cpu-basic")), **spec.pairs("environment")}
    if (told := given.get("SBX_PORT", "")).isdigit():
        given["SBX_PORT"] = str(listening.get(int(told), told))
    return Order(
        command=at_home([*spec.texts("command"), *spec.texts("arguments")], folder.files / "tmp"),
        environment=given,
        secrets=spec.pairs("secrets"),
        timeout_seconds=spec.number("timeoutSeconds", jobs.settings.timeout_seconds),
    )


def checked(jobs: Jobs, spec: Fields) -> dict[str, object]:
    """Return an order as it is kept, without the values of its secrets.

    Raises:
        Refused: 400 with what is wrong.
    """
    flavor = spec.text("flavor", "cpu-basic")
    if jobs.prices.find(flavor) is None:
        raise Refused(400, f'"flavor" must be one of [{", ".join(str(one["name"]) for one in jobs.prices.shown())}]')
    if ("dockerImage" in spec) == ("spaceId" in spec):
        raise Refused(400, "Exactly one of dockerImage and spaceId is required")
    if not spec.texts("command"):
        raise Refused(400, '"command" is not allowed to be empty')
    if spec.number("timeoutSeconds", 1) < 1:
        raise Refused(400, '"timeoutSeconds" must be greater than or equal to 1')
    if spec.number("attempts", 1) != 1:
        raise Refused(400, "This Hub runs a job once: attempts must be 1")
    image = {name: spec.text(name) for name in ("dockerImage", "spaceId") if name in spec}
    return {
        **image,
        "command": spec.texts("command"),
        "arguments": spec.texts("arguments"),
        "environment": spec.pairs("environment"),
        "secrets": sorted(spec.fields("secrets")),
        "flavor": flavor,
        "arch": spec.text("arch", "amd64"),
        "attempts": spec.number("attempts", 1),
        "timeoutSeconds": spec.number("timeoutSeconds", jobs.settings.timeout_seconds),
        "labels": labels_of(spec),
        "volumes": [dict(volume.values) for volume in spec.each("volumes")],
        **({"expose": dict(spec.fields("expose").values)} if "expose" in spec else {}),
    }


def labels_of(spec: Fields) -> dict[str, str]:
    """Return the labels of a request.

    Raises:
        Refused: 400 for a key or value the Hub does not take.
    """
    labels = spec.pairs("labels")
    for word in [*labels.keys(), *labels.values()]:
        if not _LABEL.fullmatch(word):
            raise Refused(400, f"Invalid label {word!r}: at most 100 letters, digits, dots, dashes and underscores")
    return labels


def by(caller: Caller) -> dict[str, object]:
    """Return a caller as the one who started something."""
    return {"type": "user", "id": identity(caller.user), "name": caller.user}


def owner_of(world: World, namespace: str) -> dict[str, object]:
    """Return a namespace as the owner of something."""
    kind = "org" if world.accounts.is_org(namespace) else "user"
    return {"id": identity(namespace), "name": namespace, "type": kind}


def _machine(jobs: Jobs, flavor: str) -> dict[str, str]:
    """Return what the Hub tells a job of its machine."""
    hardware = jobs.prices.find(flavor)
    assert hardware is not None
    about = {"CPU_CORES": hardware.cpu.split()[0], "MEMORY": hardware.ram.replace(" GB", "Gi")}
    return {**about, "ACCELERATOR": hardware.accelerator.model if hardware.accelerator else "none"}


def _ports(spec: Fields) -> Sequence[int]:
    return spec.fields("expose").numbers("ports")
