"""The run of a workflow we are in: what GitHub tells every step by its environment, and the files it reads from one.

docs.github.com/actions/reference/workflows-and-actions/variables and …/workflow-commands.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.forge._connection import API_URL, SERVER_URL

MAIN, DOORBELL, TIMER = "intern.yml", "intern-doorbell.yml", "intern-timer.yml"
"""The files of our workflows, as `init` writes them."""
INPUT = "INPUT_"
SESSION = re.compile(r"[0-9a-f]{12}")
TOKENS = ("GITHUB_TOKEN", "HF_TOKEN", "HF_WRITE_TOKEN", "HF_JOB_TOKEN")
"""Secrets that are handed over as inputs, or under the same name in the environment."""


@frozen
class WorkflowRun:
    """One run.

    Args:
        event: what triggered it (`GITHUB_EVENT_NAME`).
        payload: what GitHub sent (`GITHUB_EVENT_PATH`).
        repository: `OWNER/NAME`.
        run_id: of the run; a re-run has the same.
        workflow_ref: `OWNER/NAME/.github/workflows/FILE@REF`: whose workflow file this is; "" where it is not told.
        ref: the branch or tag of the run.
        workspace: the folder the steps of a job share.
        output, summary: the files a step writes its outputs and its summary to; "" outside of a step.
    """

    event: str
    payload: Mapping[str, object]
    repository: str
    run_id: str = ""
    api_url: str = API_URL
    server_url: str = SERVER_URL
    workflow_ref: str = ""
    ref: str = ""
    workspace: str = ""
    output: str = ""
    summary: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> WorkflowRun:
        """Read the run from the environment.

        Raises:
            Misconfigured: this is no run of a workflow, or its event cannot be read.
        """
        missing = [name for name in ("GITHUB_EVENT_NAME", "GITHUB_REPOSITORY") if not environment.get(name)]
        if missing:
            raise Misconfigured(
                f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set: `intern-action action` runs as a "
                'step of a GitHub workflow; on a machine of yours it is `intern-action local "TASK"`'
            )
        return cls(
            event=environment["GITHUB_EVENT_NAME"],
            payload=_payload(environment.get("GITHUB_EVENT_PATH", "")),
            repository=environment["GITHUB_REPOSITORY"],
            run_id=environment.get("GITHUB_RUN_ID", ""),
            api_url=environment.get("GITHUB_API_URL") or API_URL,
            server_url=(environment.get("GITHUB_SERVER_URL") or SERVER_URL).rstrip("/"),
            workflow_ref=environment.get("GITHUB_WORKFLOW_REF", ""),
            ref=environment.get("GITHUB_REF", ""),
            workspace=environment.get("GITHUB_WORKSPACE", ""),
            output=environment.get("GITHUB_OUTPUT", ""),
            summary=environment.get("GITHUB_STEP_SUMMARY", ""),
        )

    @property
    def url(self) -> str:
        """Where people see the run, "" where nobody told its number."""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}" if self.run_id else ""

    @property
    def default_branch(self) -> str:
        """What GitHub calls the default branch in the event, "" when it does not say."""
        match self.payload.get("repository"):
            case {"default_branch": str(name)}:
                return name
            case _:
                return ""

    @property
    def public(self) -> bool | None:
        """Whether everybody may read the repository, None when the event does not say."""
        match self.payload.get("repository"):
            case {"private": bool(private)}:
                return not private
            case _:
                return None

    @property
    def workflow_file(self) -> str:
        """The file name of this workflow, "" when it is not told."""
        return self.workflow_ref.partition("@")[0].rpartition("/")[2]

    @property
    def main_file(self) -> str:
        """The file name of the workflow that can be woken; a timer has it beside itself."""
        return MAIN if self.workflow_file == TIMER else self.workflow_file

    @property
    def session(self) -> str:
        """The session a run was started for by `workflow_dispatch`, "" for none."""
        match self.payload.get("inputs"):
            case {"session": str(session)} if self.event == "workflow_dispatch" and SESSION.fullmatch(session):
                return session
            case _:
                return ""

    def of_branch(self, branch: str) -> bool:
        """Whether the workflow file that runs is the one of this branch; unknown is no."""
        ref = self.workflow_ref.rpartition("@")[2] or self.ref
        return ref == f"refs/heads/{branch}"

    def give(self, outputs: Mapping[str, str]) -> None:
        """Write the step's outputs. The delimiter is drawn anew, so no value can end itself and begin another."""
        mark = f"end-{secrets.token_hex(12)}"
        _append(self.output, "".join(f"{name}<<{mark}\n{value}\n{mark}\n" for name, value in outputs.items()))

    def summarise(self, markdown: str) -> None:
        """Add to the step's summary."""
        _append(self.summary, f"{markdown.rstrip()}\n\n")


def inputs(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the action's inputs that were given, by their names in `action.yml`."""
    return {
        name.removeprefix(INPUT).lower(): value.strip()
        for name, value in environment.items()
        if name.startswith(INPUT) and value.strip()
    }


def with_inputs(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment with the tokens that came as inputs under their own names, and without the inputs."""
    given = inputs(environment)
    rest = {name: value for name, value in environment.items() if not name.startswith(INPUT)}
    return {**rest, **{name: given[name.lower()] for name in TOKENS if name.lower() in given}}


def _payload(path: str) -> Mapping[str, object]:
    try:
        found: object = json.loads(Path(path).read_bytes()) if path else None
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"GITHUB_EVENT_PATH: {path} cannot be read as JSON ({type(error).__name__}); the runner writes it for every event"
        ) from error
    if not isinstance(found, dict):
        raise Misconfigured("GITHUB_EVENT_PATH names no file with the event; the runner writes it for every event")
    return cast("dict[str, object]", found)


def _append(path: str, text: str) -> None:
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written ({error.strerror}); it is the runner's own file") from error
