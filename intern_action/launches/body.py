"""What is launched on the Hub: image, command line, hardware, time, labels. Two of them can be compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace

from intern_action.core.digests import digest
from intern_action.core.frozen import frozen

KEY, HOME, SPEC = "intern-launch", "intern-home", "intern-spec"
"""Labels: the launch key, whose ledger knows the job, and a digest of everything that makes the job this one."""

SECONDS_A_MINUTE = 60
_UNSAID = re.compile(r"[^A-Za-z0-9_-]+")


@frozen
class Body:
    """A job as `run_job` takes it. What it must not differ in from another start of the same launch is all here but labels.

    Args:
        secrets: what it gets besides, by name; only the names are part of what makes it this one.
        ports: shown to whoever may see the job.
        buckets: source of each bucket that it can read, by where it appears.
    """

    image: str
    command: tuple[str, ...]
    flavor: str
    timeout_seconds: int
    environment: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    ports: tuple[int, ...] = ()
    buckets: Mapping[str, str] = field(default_factory=dict[str, str])
    labels: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def spec(self) -> str:
        """A digest of what makes the job this one: all but labels."""
        names = tuple(sorted(self.secrets))
        what = (self.image, self.command, self.flavor, self.timeout_seconds, self.environment, names)
        return digest((*what, self.ports) if self.ports else what)[:40]

    def labelled(self, labels: Mapping[str, str], *, key: str, home: str) -> Body:
        """Return it with the labels by which it is found again; `labels` are people's, in any letters."""
        told = {f"intern-{name}": plain_label(value) for name, value in labels.items()}
        return replace(self, labels={**self.labels, **told, KEY: key, HOME: home, SPEC: self.spec, "name": key})


def plain_label(value: str) -> str:
    """Return a label's value in the letters that labels may have."""
    return _UNSAID.sub("-", value).strip("-")[:60]
