"""A workshop for jobs on the Hub: a Hub that listens and really runs jobs, two tokens, a repository, and the backend."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, cast

from intern_action.core.ports import JobOrder
from intern_action.core.types import Flavor, JobRef, JobSpec, JobStatus
from intern_action.jobs._backend import Supplies
from intern_action.jobs.hf import HfJobs
from intern_action.launches.account import HubAccount
from tests.fakes.deaths import EACH, deaths_until_one_lives, die_after
from tests.fakes.local_jobs import MachineClock, Workshop, shell_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.hub_server.server import HubServer

PAYS, STAGES = "lab", "lab-staging"
FLAVORS = {
    "cpu-basic": Flavor(name="cpu-basic", title="2 vCPU", usd_per_hour=Decimal("0.01"), memory_gb=Decimal(16)),
    "l4x4": Flavor(
        name="l4x4", title="4x L4", usd_per_hour=Decimal("3.80"), memory_gb=Decimal(186), accelerator="4x L4", devices=4
    ),
}


@dataclass(kw_only=True)
class HubWorkshop:
    """Everything a job on the Hub needs, beneath one folder."""

    hub: HubServer
    place: Path
    account: HubAccount
    workshop: Workshop = field(repr=False)

    def jobs(self, *, root: str = "jobs", **account: object) -> HfJobs:
        """Return a backend, as each new process of ours would build it; another `root` is another machine."""
        return backend(self.place / root, HubAccount(**{**told(self.account), **account}))  # pyright: ignore[reportArgumentType]

    def order(
        self, script: str, *, key: str = "intern-0123456789abcdef01234567-1", minutes: int = 2, **spec: object
    ) -> JobOrder:
        """Commit `script` as train.py and return the order to run that commit."""
        wanted = JobSpec(**{"script": "train.py", "flavor": "cpu-basic", **spec})  # pyright: ignore[reportArgumentType]
        return self.workshop.order(script, key=key, spec=wanted, minutes=minutes)

    def end_of(self, ref: JobRef, *, within_seconds: float = 60) -> JobStatus:
        """Wait for a job to end, and collect it."""
        jobs = self.jobs()
        self.until(lambda: jobs.status(ref).stage.final, within_seconds=within_seconds)
        return jobs.collect(ref)

    def until(self, wanted: Callable[[], bool], *, within_seconds: float = 60) -> None:
        """Wait for something to become true."""
        deadline = time.monotonic() + within_seconds
        while not wanted():
            if time.monotonic() > deadline:
                raise TimeoutError("it did not happen")
            time.sleep(0.1)

    def launched(self) -> int:
        """Return how many jobs the Hub has been given."""
        done = [one for one in self.hub.requests if one.method == "POST" and one.path == f"/api/jobs/{PAYS}"]
        return sum(1 for one in done if one.status in {0, 200})


def told(account: HubAccount) -> dict[str, object]:
    """Return an account as its fields."""
    return {one.name: getattr(account, one.name) for one in fields(account)}


def backend(root: Path, account: HubAccount) -> HfJobs:
    """Return the backend over a root."""
    supplies = Supplies(
        root=str(root),
        shell=shell_of(root.parent),
        own=lambda _folder: None,
        clock=MachineClock(),
        flavors=FLAVORS,
        cache=str(root.parent / "cache"),
        python=sys.executable,
        hub=account,
    )
    return HfJobs(supplies)


@contextmanager
def hub_workshop(place: Path) -> Generator[HubWorkshop]:
    """Give a workshop with an empty repository on a Hub of its own."""
    from tests.fakes.local_jobs import make_workshop
    from tests.hub_server.accounts import Scope
    from tests.hub_server.server import HubServer

    workshop = make_workshop(place / "workshop")
    with HubServer(place / "hub") as hub:
        hub.accounts.add_user("ada", orgs={PAYS: "admin", STAGES: "admin"})
        writes = frozenset({"repo.content.read", "repo.write"})
        job_token = hub.accounts.add_token(
            "ada", "fineGrained", scopes=[Scope(entity=STAGES, type="org", permissions=writes)]
        )
        account = HubAccount(
            endpoint=hub.url,
            token=hub.accounts.add_token("ada"),
            job_token=job_token,
            namespace=PAYS,
            staging=STAGES,
            image="python:3.12",
            home="test",
            patience_seconds=5,
            look_seconds=0.2,
        )
        yield HubWorkshop(hub=hub, place=place, account=account, workshop=workshop)
    workshop.shell.close()


# --- a process that dies ----------------------------------------------------------------------------------------------


def run_mortal(at: HubWorkshop, deed: str, subject: JobOrder | JobRef, *, die_after: int) -> int:
    """Launch or collect in a process that is killed after its n-th answered request (0: lives); return its exit code."""
    account = {name: str(value) for name, value in told(at.account).items()}
    if isinstance(subject, JobOrder):
        about = {
            "launch_key": subject.launch_key,
            "archive": subject.archive,
            "tree": subject.tree,
            "flavor": subject.spec.flavor,
            "minutes": str(subject.timeout_minutes),
        }
    else:
        about = {"backend": subject.backend, "id": subject.id, "launch_key": subject.launch_key}
    told_it = json.dumps({"place": str(at.place), "account": account, "deed": deed, "about": about, "die": die_after})
    done = subprocess.run(
        [sys.executable, "-m", "tests.fakes.hub_jobs", told_it],
        cwd=Path(__file__).parents[2],
        env={"PATH": "/usr/bin:/bin", "HOME": str(at.place), "HF_HUB_DISABLE_XET": "1"},
        check=False,
        timeout=100,
    )
    return done.returncode


def run_mortals(at: HubWorkshop, deed: str, subject: JobOrder | JobRef) -> int:
    """Launch or collect in one process after the other: the n-th dies after n answers, until one lives; return how many died.

    Each launches with the attempt n in its key, and has a machine (a root) `mortal-n` of its own.
    """
    return run_mortal(at, deed, subject, die_after=EACH)


def main(words: str) -> int:
    """Be the process that dies, or the one whose children do."""
    given = cast("dict[str, object]", json.loads(words))
    account = cast("dict[str, object]", given["account"])
    numbers = {name: float(str(account[name])) for name in ("patience_seconds", "look_seconds")}
    numbers["minute_seconds"] = int(str(account["minute_seconds"]))
    whose = HubAccount(**{**account, **numbers})  # pyright: ignore[reportArgumentType]
    place, deed = Path(str(given["place"])), str(given["deed"])
    about, die = cast("dict[str, str]", given["about"]), int(str(given["die"]))
    if die != EACH:
        die_after(die)
        _do(deed, backend(place / "jobs", whose), about)
        return 0
    return deaths_until_one_lives(
        lambda number: _do(
            deed,
            backend(place / f"mortal-{number}", whose),
            {**about, "launch_key": f"{about['launch_key'][:-1]}{number}"} if deed == "launch" else about,
        )
    )


def _do(deed: str, jobs: HfJobs, about: dict[str, str]) -> None:
    if deed == "launch":
        spec = JobSpec(script="train.py", flavor=about["flavor"])
        jobs.launch(
            JobOrder(
                spec=spec,
                launch_key=about["launch_key"],
                archive=about["archive"],
                tree=about["tree"],
                timeout_minutes=int(about["minutes"]),
            )
        )
    else:
        ref = JobRef(**about)
        jobs.status(ref)
        jobs.collect(ref)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
