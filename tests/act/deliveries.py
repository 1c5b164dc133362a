"""What happens on the GitHub of the tests, turned into runs of the repository's own workflows, as GitHub Actions does it.

Which events begin runs, whose workflow file runs, what a run's token may do, and that what a run does with its token begins no
further run (but for the two kinds of dispatch): docs.github.com/actions, "Events that trigger workflows", "Triggering a
workflow", "GITHUB_TOKEN". What act cannot do is left out and named in `Deliveries`.
"""

from __future__ import annotations

import itertools
import json
import queue
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import yaml

from tests.act.driver import Act, Ran, Running, checked_out
from tests.github_server import GitHubServer
from tests.github_server.accounts import APP
from tests.github_server.dispatches import WORKFLOWS, about, triggers
from tests.github_server.engines import Reply
from tests.github_server.listener import Asked, Listener

SETTLES_SECONDS = 0.5
"""So long after the last one, no further event is taken to be on its way."""
DISPATCHES = frozenset({"workflow_dispatch", "repository_dispatch"})
USUAL_TYPES = {"pull_request": ("opened", "synchronize", "reopened")}
DEFAULT = "main"
TIMER, SLOW = "*/5 * * * *", "17 */6 * * *"
"""The clocks of our workflows: the timer's, and the doorbell's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened: what GitHub calls it, and what it sends."""

    name: str
    payload: Mapping[str, Any]

    @property
    def sender(self) -> str:
        return str((self.payload.get("sender") or {}).get("login", ""))

    @property
    def of_pull_request(self) -> bool:
        """Whether the workflow files are the pull request's own."""
        return self.name.startswith("pull_request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: of which workflow file, for which event, and what became of it."""

    id: str
    workflow: str
    event: Event
    ran: Ran


class Deliveries:
    """A runner that waits for events, from `start` (or `with`) until `stop`.

    All jobs of a run share one token with the permissions of all of them together; `concurrency` and `environment` are not
    heeded; runs are made one after the other, in the order of their events.

    Args:
        github: where things happen.
        act: what runs.
        bare: the repository.
        folder: for checkouts.
        told: is told of each run's id and status (`in_progress`, `completed`).
        watch: is handed each run that has begun, with its workflow file, and may end its containers.
    """

    def __init__(
        self,
        github: GitHubServer,
        act: Act,
        bare: Path,
        folder: Path,
        *,
        told: Callable[[str, str], object] = lambda _id, _status: None,
        watch: Callable[[str, Running], object] = lambda _workflow, _running: None,
    ) -> None:
        self.runs: list[Run] = []
        self.watch = watch
        self._github, self._act, self._bare, self._folder, self._told = github, act, bare, folder, told
        self._came: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._ids = itertools.count(1001)
        self._listener: Listener | None = None

    # --- what happens --------------------------------------------------------------------------------------------------

    def take(self) -> list[Run]:
        """Make every run that events have begun since the last time, and what follows from those; return them."""
        before = len(self.runs)
        while (event := self._next()) is not None:
            self._begin(event)
        return self.runs[before:]

    def tick(self, line: str = TIMER) -> list[Run]:
        """Let every clock that is set to this line fire once."""
        before = len(self.runs)
        for workflow, on in self._workflows(DEFAULT):
            for one in cast("list[dict[str, str]]", on.get("schedule", [])):
                if one["cron"] == line:
                    self._make(
                        workflow, Event(name="schedule", payload={"schedule": line, **self._about(APP)}), DEFAULT
                    )
        self.take()
        return self.runs[before:]

    def happen(self, name: str, by: str, **payload: object) -> None:
        """Add an event that emulate knows nothing of."""
        self._came.put(Event(name=name, payload={**payload, **self._about(by)}))

    def pushed(self, number: int, by: str) -> None:
        """Tell that somebody pushed to the branch of a pull request; git does not pass through emulate."""
        pull = self._inside.pull(str(number))
        self.happen("pull_request", by, action="synchronize", number=number, pull_request=pull)

    # --- from an event to runs -----------------------------------------------------------------------------------------

    def _next(self) -> Event | None:
        if self._inside.dispatched:
            name, payload = self._inside.dispatched.pop(0)
            return Event(name=name, payload=payload)
        try:
            return self._came.get(timeout=SETTLES_SECONDS)
        except queue.Empty:
            return None

    def _begin(self, event: Event) -> None:
        """What a run's own token does begins nothing, or a run could begin itself for ever."""
        if event.sender == APP and event.name not in DISPATCHES:
            return
        commit = self._commit(event)
        for workflow, on in self._workflows(commit):
            if event.name in on and _wanted(event, on[event.name], workflow):
                self._make(workflow, event, commit)

    def _make(self, workflow: str, event: Event, commit: str) -> None:
        number = str(next(self._ids))
        self._told(number, "in_progress")
        ran = self._ran(workflow, event, commit, number)
        self._told(number, "completed")
        self.runs.append(Run(id=number, workflow=workflow, event=event, ran=ran))
        self._follow(self.runs[-1])

    def _ran(self, workflow: str, event: Event, commit: str, number: str) -> Ran:
        checkout = checked_out(self._bare, self._folder / f"run-{number}", commit)
        text = (checkout / workflow).read_text(encoding="utf-8")
        with self._act.started(
            checkout,
            workflow,
            event.name,
            event.payload,
            actor=event.sender,
            run_id=number,
            ref=self._ref(event),
            token=self._github.token(APP, granted(text)),
        ) as running:
            self.watch(workflow, running)
            return running.ended()

    def _follow(self, run: Run) -> None:
        """The end of a run begins those that wait for workflows of its name, from the default branch."""
        told = cast(
            "dict[str, Any]", yaml.safe_load(self._inside.git("show", f"{self._commit(run.event)}:{run.workflow}"))
        )
        if run.event.name == "workflow_run":
            return  # GitHub ends such chains after three; ours have one link
        ended = Event(
            name="workflow_run",
            payload={"action": "completed", **self._workflow_run(run, told["name"]), **self._about(run.event.sender)},
        )
        for workflow, on in self._workflows(DEFAULT):
            how = cast("dict[str, Any]", on.get("workflow_run") or {})
            if told["name"] in how.get("workflows", ()) and _wanted(ended, how, workflow):
                self._make(workflow, ended, DEFAULT)

    def _workflow_run(self, run: Run, name: str) -> dict[str, Any]:
        pull = run.event.payload.get("pull_request")
        pulls = [{"number": pull["number"], "id": pull["id"], "url": pull["url"]}] if pull else []
        told = {
            "id": int(run.id),
            "name": name,
            "path": run.workflow,
            "event": run.event.name,
            "status": "completed",
            "conclusion": run.ran.conclusion,
            "head_branch": pull["head"]["ref"] if pull else DEFAULT,
            "head_sha": self._commit(run.event),
            "pull_requests": pulls,
        }
        return {"workflow_run": told, "workflow": {"name": name, "path": run.workflow}}

    # --- whose files, and as what ----------------------------------------------------------------------------------------

    def _workflows(self, commit: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the workflow files of a commit with what they wait for, but for those that are switched off."""
        for path in self._inside.git("ls-tree", "-r", "--name-only", commit, f"{WORKFLOWS}/").split():
            if path not in self._inside.setup.disabled:
                yield path, triggers(self._inside.git("show", f"{commit}:{path}"))

    def _commit(self, event: Event) -> str:
        """Return the commit whose workflow files run: the pull request's for its own events, else the default branch's."""
        if event.of_pull_request:
            return str(event.payload["pull_request"]["head"]["sha"])
        return str(event.payload["ref"]) if event.name == "workflow_dispatch" else DEFAULT

    def _ref(self, event: Event) -> str:
        if event.of_pull_request:
            return f"refs/pull/{event.payload['pull_request']['number']}/merge"
        return str(event.payload["ref"]) if event.name == "workflow_dispatch" else f"refs/heads/{DEFAULT}"

    def _about(self, login: str) -> Mapping[str, Any]:
        return about(self._inside, login)

    @property
    def _inside(self) -> Any:  # noqa: ANN401 -- the inside of the server is its own business; here it is only asked
        return self._github.corrections.inside

    # --- listening -------------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen, and have everything told to us."""
        self._listener = Listener(self._heard)
        config = {"url": f"http://127.0.0.1:{self._listener.port}/", "content_type": "json"}
        hook = {"name": "web", "active": True, "events": ["*"], "config": config}
        answer = self._inside.ask("POST", "/hooks", hook, self._inside.owner)
        assert answer.status == 201, answer.body
        return self

    def stop(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            self._listener.stop()

    def _heard(self, asked: Asked) -> Reply:
        payload = self._inside.right(json.loads(asked.body))
        if "review" in payload:  # GitHub's own are lower case: docs.github.com/webhooks/webhook-events-and-payloads
            payload["review"]["state"] = payload["review"]["state"].lower()
        if asked.headers["x-github-event"] != "ping":
            self._came.put(Event(name=asked.headers["x-github-event"], payload=payload))
        return Reply(200, {}, b"")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def granted(workflow: str) -> Mapping[str, str]:
    """Return what the token of a run is given: the permissions of its jobs; without any, what a new repository gives."""
    told = cast("dict[str, Any]", yaml.safe_load(workflow))
    usual = told.get("permissions", {"contents": "read"})
    found: dict[str, str] = {}
    for job in told["jobs"].values():
        for name, level in job.get("permissions", usual).items():
            key = name.replace("-", "_")
            found[key] = "write" if "write" in {level, found.get(key)} else level
    return found


def _wanted(event: Event, how: Mapping[str, Any], workflow: str) -> bool:
    if event.name == "workflow_dispatch":
        return event.payload["workflow"] == workflow
    types = how.get("types", USUAL_TYPES.get(event.name))
    return types is None or event.payload.get("action") in ([types] if isinstance(types, str) else types)
