"""An account on the Hub with its client: it fills in what was left open, and knows its own name."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING, cast

from intern_action.hub.client import hub_client
from intern_action.launches.account import HubAccount
from intern_action.launches.body import HOME, KEY
from intern_action.launches.said import asking
from intern_action.launches.told import NOT_FINAL

if TYPE_CHECKING:
    from huggingface_hub import HfApi, JobInfo

SANDBOX = "hf-sandbox"
"""The label by which huggingface_hub knows a sandbox."""


class Tenant:
    """Whoever runs jobs and sandboxes on the Hub."""

    def __init__(self, given: HubAccount) -> None:
        self._given = given

    @cached_property
    def account(self) -> HubAccount:
        """The account with its namespaces filled in."""
        namespace = self._given.namespace or self.me
        return dataclasses.replace(self._given, namespace=namespace, staging=self._given.staging or namespace)

    @cached_property
    def me(self) -> str:
        """Whose the token is."""
        with asking("ask whose the token is", self._given):
            told = cast("dict[str, object]", self.api.whoami())  # pyright: ignore[reportUnknownMemberType]  # a bare dict
        return str(told["name"])

    @cached_property
    def api(self) -> HfApi:
        """The Hub's client, with control's token."""
        return hub_client(self._given.endpoint, self._given.token)

    def labelled(self, launch_key: str) -> list[JobInfo]:
        """Return the jobs that carry a launch key, the newest first."""
        with asking("list jobs", self.account):
            return list(self.api.list_jobs(labels={KEY: launch_key}, namespace=self.account.namespace))

    def alive(self) -> list[JobInfo]:
        """Return the jobs and sandboxes that this home has started and that have not ended."""
        with asking("list jobs", self.account):
            listed = self.api.list_jobs(
                labels={HOME: self.account.home}, status=NOT_FINAL, namespace=self.account.namespace
            )
            return [job for job in listed if (job.labels or {}).get(KEY)]


def is_sandbox(job: JobInfo) -> bool:
    """Whether a job is a machine that is lent, and no training."""
    return (job.labels or {}).get(SANDBOX) == "1"
