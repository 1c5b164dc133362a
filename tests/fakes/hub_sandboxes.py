"""A workshop for sandboxes on the Hub: a Hub that listens, the way to its machines, and three tokens of which one writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from intern_action.core.ports import SandboxDoor, SandboxOrder
from intern_action.core.types import JobRef, LeaseSpec
from intern_action.launches.account import HubAccount
from intern_action.sandboxes._backend import Supplies
from intern_action.sandboxes._hub_account import Guest, Landlord
from intern_action.sandboxes.hf import BACKEND, HubSandboxes
from tests.fakes.deaths import die_after
from tests.fakes.hub_jobs import FLAVORS, PAYS, STAGES, told
from tests.fakes.local_jobs import MachineClock, shell_of
from tests.hub_server.front import Front
from tests.hub_server.job_runs import Jobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.hub_server.job_records import JobFolder
    from tests.hub_server.server import HubServer

KEY = "intern-0123456789abcdef01234567-1"


@dataclass(kw_only=True)
class SandboxWorkshop:
    """Everything a sandbox on the Hub needs, beneath one folder.

    Args:
        inside: a token that reads, for the code in a sandbox.
    """

    hub: HubServer
    place: Path
    account: HubAccount
    guest: Guest
    inside: str
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    doors: list[SandboxDoor] = field(default_factory=list["SandboxDoor"])

    def door(self) -> SandboxDoor:
        """Return what the agent half is given, as each new process of ours would build it."""
        self.doors.append(BACKEND.door(replace(self.supplies(), landlord=None, guest=self.guest)))
        return self.doors[-1]

    def run(self, ref: JobRef, line: str, *, seconds: float = 30) -> str:
        """Run a line in a sandbox and return what it printed."""
        return self.door().run(ref, line, timeout_seconds=seconds, environment={}).output

    def supplies(self) -> Supplies:
        """Return what control's side is built from."""
        return supplies_of(self.place, self.account, self.guest, self.inside, self.secrets)

    def control(self) -> HubSandboxes:
        """Return control's side, as each new process of ours would build it."""
        return HubSandboxes(self.supplies())

    def begin(self, *, key: str = KEY, minutes: int = 60, flavor: str = "cpu-basic") -> JobRef:
        """Begin a sandbox and wait until it can be used."""
        control = self.control()
        ref = control.create(order_of(key, minutes=minutes, flavor=flavor))
        control.ready(ref)
        return ref

    @property
    def machines(self) -> list[JobFolder]:
        """What runs on the Hub, or ran."""
        return list(self.hub.world.part(Jobs).folders.everywhere())

    @property
    def alive(self) -> int:
        """How many run."""
        return sum(one.status().finished_at is None for one in self.machines)


def order_of(key: str = KEY, *, minutes: int = 60, flavor: str = "cpu-basic") -> SandboxOrder:
    """Return the order of an approved lease."""
    lease = LeaseSpec(flavor=flavor, minutes=minutes, cap_usd=None, purpose="a test")
    return SandboxOrder(lease=lease, launch_key=key, minutes=minutes, labels={"session": "s1", "requester": "ada"})


def supplies_of(place: Path, account: HubAccount, guest: Guest, inside: str, secrets: Mapping[str, str]) -> Supplies:
    """Return what control's side is built from."""
    return Supplies(
        root=str(place / "sandboxes"),
        shell=shell_of(place),
        lay_out=lambda _machine: None,
        clock=MachineClock(),
        flavors=FLAVORS,
        cache=str(place / "cache"),
        landlord=Landlord(account=account, guest=guest, token=inside, secrets=secrets, ready_seconds=30),
    )


@contextmanager
def sandbox_workshop(place: Path) -> Generator[SandboxWorkshop]:
    """Give a workshop; this process finds the way to the machines of its Hub for as long."""
    from tests.hub_server.server import HubServer

    with HubServer(place / "hub") as hub:
        hub.accounts.add_user("ada", orgs={PAYS: "admin", STAGES: "admin"})
        account = HubAccount(
            endpoint=hub.url,
            token=hub.accounts.add_token("ada"),
            job_token="",
            namespace=PAYS,
            staging=STAGES,
            image="python:3.12",
            home="test",
            patience_seconds=5,
            look_seconds=0.2,
        )
        guest = Guest(endpoint=hub.url, token=hub.accounts.add_token("ada", "read"))
        inside = hub.accounts.add_token("ada", "read")
        with _environment(hub.world.part(Front).environment()):
            made = SandboxWorkshop(hub=hub, place=place, account=account, guest=guest, inside=inside)
            yield made
            for door in made.doors:
                door.close()


@contextmanager
def _environment(more: Mapping[str, str]) -> Generator[None]:
    """Have variables in this process, which clients read when they are made."""
    before = {name: os.environ.get(name) for name in more}  # noqa: TID251 -- httpx finds its proxy there
    os.environ.update(more)  # noqa: TID251
    yield
    for name, value in before.items():
        if value is None:
            del os.environ[name]  # noqa: TID251
        else:
            os.environ[name] = value  # noqa: TID251


# --- a process that dies ----------------------------------------------------------------------------------------------


def begin_and_die(at: SandboxWorkshop, *, die_after: int) -> int:
    """Begin a sandbox in a process that is killed after its n-th answered request (0: lives); return its exit code."""
    given = {
        "place": str(at.place),
        "account": told(at.account),
        "guest": at.guest.token,
        "inside": at.inside,
        "die": die_after,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.fakes.hub_sandboxes", json.dumps(given)],
        cwd=Path(__file__).parents[2],
        env={"PATH": "/usr/bin:/bin", "HOME": str(at.place), **at.hub.world.part(Front).environment()},
        check=False,
        timeout=100,
    )
    assert done.returncode in {0, -signal.SIGKILL}
    return done.returncode


def main(words: str) -> None:
    """Be the process that dies."""
    given = cast("dict[str, object]", json.loads(words))
    account = HubAccount(**cast("dict[str, str]", given["account"]))  # pyright: ignore[reportArgumentType]
    guest = Guest(endpoint=account.endpoint, token=str(given["guest"]))
    control = HubSandboxes(supplies_of(Path(str(given["place"])), account, guest, str(given["inside"]), {}))
    die_after(int(str(given["die"])))
    control.ready(control.create(order_of()))


if __name__ == "__main__":
    main(*sys.argv[1:])
