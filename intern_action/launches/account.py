"""Whose jobs and sandboxes on the Hub these are: namespaces, the two tokens, and how patient we are."""

from __future__ import annotations

from dataclasses import field

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.settings.words import text


@frozen
class HubAccount:
    """What jobs on the Hub are run with.

    Args:
        endpoint: the Hub's address.
        token: control's token; starts, looks at and cancels jobs, and makes staging repositories.
        job_token: what jobs get; scoped by a person to the staging namespace.
        namespace: who pays, "" for the token's own account.
        staging: whose the staging repositories are, "" for `namespace`.
        image: the image of jobs.
        home: whose ledger knows these jobs; a label, so that nobody sweeps away the jobs of another.
        patience_seconds: how long a job that may have been started is looked for before it is taken for not started.
        look_seconds: between two looks.
        reads: it only looks at jobs: the agent half's, with a token that reads, or none.
        minute_seconds: what the Hub and the job are told a minute of a time limit is; tests have less time.
    """

    endpoint: str
    token: str = field(repr=False)
    job_token: str = field(repr=False)
    namespace: str = ""
    staging: str = ""
    image: str = "python:3.12"
    home: str = "here"
    patience_seconds: float = 60.0
    look_seconds: float = 3.0
    minute_seconds: int = 60
    reads: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What shows control's token, for requests that the client has no method for."""
        return {"Authorization": f"Bearer {self.token}"}

    def check(self) -> None:
        """Refuse what cannot work, and say what to set up.

        Raises:
            Misconfigured: a token is missing, or both are the same.
        """
        if self.reads:
            return
        problem = "no-token" if not self.token else "no-job-token" if not self.job_token else ""
        if not problem and self.token == self.job_token:
            problem = "same-token"
        if problem:
            staging = self.staging or self.namespace or "NAMESPACE"
            raise Misconfigured(text("hub-tokens", problem=problem, endpoint=self.endpoint, staging=staging))
