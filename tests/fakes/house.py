"""A house for stories: real git, ledger, gate, tools and shell; the forge, the jobs and the model are played."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Self

from intern_action.agent.budget import Allowance
from intern_action.agent.context import Room
from intern_action.agent.toolbox import Toolbox
from intern_action.agent.voice import Voice
from intern_action.core.effects import Effect
from intern_action.core.entries import LedgerView, Limits
from intern_action.core.errors import HubError
from intern_action.core.events import Began, Entry
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.ports import Desk, Endpoints, HubWriter, Model, Tool, Uploaded, Watcher
from intern_action.core.provenance import DataOrigin, Provenance
from intern_action.core.states import State
from intern_action.core.types import Answer, JsonObject, Permission, Reply, Verdict
from intern_action.gate.policy import parse_policy
from intern_action.gate.rules import Rule, collect, rules
from intern_action.git.publisher import GitPublisher
from intern_action.hub.data_card import dress_data
from intern_action.hub.folders import content_of
from intern_action.hub.leaking import leaking
from intern_action.hub.provenance import dress
from intern_action.ledger.ledger import GitLedger
from intern_action.session.admit import Request, admit
from intern_action.session.agent_half import AgentHalf
from intern_action.session.drive import Patience, drive
from intern_action.session.office import Case, Office
from intern_action.session.planning import pull_request_of
from intern_action.session.purse import model_cap
from intern_action.settings.words import prompt, text
from intern_action.shell.tool_shell import ToolShell
from intern_action.tools import all_tools
from intern_action.trace.bundles import BundleFolder
from intern_action.trace.redact import SecretRedactor
from intern_action.trace.sessions import SessionJournals
from intern_action.trace.store import FileJournal
from intern_action.wiring.models import export
from intern_action.wiring.pulled import pull
from tests.fakes.desk import make_desk
from tests.fakes.git_world import GitWorld, StillClock
from tests.fakes.memory_branch import MemoryBranch
from tests.fakes.memory_forge import MemoryForge
from tests.fakes.story_endpoints import StoryEndpoints
from tests.fakes.story_jobs import StoryJobs
from tests.fakes.story_sandboxes import StorySandboxes
from tests.fakes.thinking import ScriptedModel, SilentWatcher, calls, says

TRAIN = "import sys; print('trained', sys.argv[1:])\n"
JOB: JsonObject = {
    "script": "train.py",
    "flavor": "local-cpu",
    "timeout": "30m",
    "parameters": {"batch-size": "32"},
    "variations": [{"batch-size": "16", "accumulation": "2"}],
    "attempts": 2,
}


AT_ONCE = Patience(longest_seconds=0)


class KilledHere(BaseException):
    """The process ends here, as at SIGKILL: nothing of ours may catch it."""


class PlayedHub:
    """A Hub that remembers what was uploaded; a name in `taken` stands there already."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.uploads: list[tuple[str, str]] = []
        self.broken = ""
        self.lost_answers = 0
        self.stands: dict[str, str] = {}
        self.said: dict[str, Uploaded] = {}

    def head(self, kind: str, repository: str) -> str | None:
        del kind
        return self.stands.get(repository) or ("f" * 40 if repository in self.taken else None)

    def found(self, kind: str, repository: str, *, mark: str) -> Uploaded | None:
        del kind, repository
        return self.said.get(mark)

    def upload(self, kind: str, repository: str, folder: str, *, message: str, parent: str | None) -> Uploaded:
        if self.broken:
            raise HubError(self.broken)
        if parent != self.head(kind, repository):
            raise HubError(f"{repository} is not at {parent}: somebody wrote there meanwhile; nothing was uploaded")
        self.uploads.append((repository, folder))
        self.taken.add(repository)
        self.stands[repository] = "e" * 40
        done = Uploaded(repository=repository, revision="e" * 40, url=f"memory://{repository}")
        self.said[message.rsplit("\n", 1)[-1]] = done
        if self.lost_answers:
            self.lost_answers -= 1
            raise KilledHere
        return done


class StoryPlace:
    """Where the played agent works: a real checkout, journal and desk in one folder."""

    fresh = False

    def __init__(self, house: StoryHouse, began: Began) -> None:
        self.house = house
        self.folder = house.folder / "agent"
        self.folder.mkdir(exist_ok=True)
        self.checkout = house.world.work_tree("agent-work")
        del began

    def segment(self, head: Entry) -> FileJournal:
        return self.house.journal(self.folder / f"segment-{head.hash[:16]}.jsonl", head)

    def desk(self, past: Callable[[str], Sequence[Answer]]) -> Desk:
        house = self.house
        desk = make_desk(self.folder, house.shell, python=sys.executable)
        world = replace(desk, jobs=house.jobs, sandboxes=house.sandboxes, clock=house.clock)
        return replace(world, checkout=self.checkout, past=past)

    def commits(self, commit: str) -> str:
        target = str(self.folder / "commits.bundle")
        self.checkout.bundle(target, commit)
        return target


class StoryHouse:
    """One repository, its people, and one session at a time.

    `writer` and `served`, where they are set before `anew`, are a real Hub in the place of the played one.
    """

    def __init__(self, world: GitWorld) -> None:
        self.world = world
        self.folder = world.folder
        self.clock: StillClock = world.clock
        self.forge = MemoryForge(world.bare, self.clock)
        self.forge.people = {"ada": Permission.WRITE, "grace": Permission.WRITE, "eve": Permission.READ}
        self.jobs = StoryJobs(clock=self.clock, folder=self.folder / "jobs")
        self.hub: PlayedHub = PlayedHub()
        self.writer: HubWriter | None = None
        self.branch = MemoryBranch()
        self.shell = ToolShell(uid=None, home=str(self.folder / "home"))
        self.sandboxes = StorySandboxes(clock=self.clock, folder=self.folder / "sandboxes", shell=self.shell)
        self.endpoints = StoryEndpoints(clock=self.clock)
        self.served: Endpoints | None = None
        self.model: Model = ScriptedModel()
        self.watcher: Watcher = SilentWatcher()
        self.limits = Limits(month_usd=Decimal(100))
        self.more_tools: tuple[Tool, ...] = ()
        self.more_rules: tuple[Rule, ...] = ()
        self.pressed = 0
        self.shown: list[str] = []
        self.holder = "this machine"
        self.runner = ""
        self.running: set[str] = set()
        self.relief: datetime | None = None
        self.canary = ""
        self.held_open: list[FileJournal] = []
        self.case: Case | None = None
        self.office = self._office()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self.shell.close()

    # --- the story's verbs -------------------------------------------------------------------------------------------

    def ask(self, task: str = "fine-tune x on y", *, by: str = "ada", sandbox: JsonObject | None = None) -> StoryHouse:
        """Somebody asks, for tools in a sandbox if one is given; both halves go on as far as they can."""
        return self.admit(task, by=by, sandbox=sandbox).go_on()

    def admit(
        self, task: str = "fine-tune x on y", *, by: str = "ada", sandbox: JsonObject | None = None
    ) -> StoryHouse:
        """Somebody asks; a session begins, and nobody works on it yet."""
        issue = self.forge.open_issue(title=task, body=f"/intern {task}", by=by)
        request = Request(
            event_key=f"story:{issue.number}",
            task=task,
            requester=by,
            thread=issue.number,
            base_sha=self.world.base,
            model="scripted",
            sandbox=sandbox,
        )
        self.case = None
        self.case = admit(self.office, request)
        return self

    def go_on(self, patience: Patience = AT_ONCE) -> StoryHouse:
        """Both halves go on as far as they can, and wait for a job as long as the patience lasts: usually not at all."""
        drive(self.present, self._work, BundleFolder(self.folder / "bundles"), patience=patience)
        return self

    def approve(self, by: str = "grace", *, sha: str = "", body: str = "") -> StoryHouse:
        """Somebody approves the pull request, at its head unless said otherwise."""
        self.forge.review(self.pull_request, by=by, verdict=Verdict.APPROVED, commit_sha=sha, body=body)
        return self.go_on()

    def request_changes(self, words: str, by: str = "grace") -> StoryHouse:
        """Somebody asks for changes."""
        self.forge.review(self.pull_request, by=by, verdict=Verdict.CHANGES_REQUESTED, body=words)
        return self.go_on()

    def push(self, files: Mapping[str, str | None], *, branch: str = "") -> str:
        """Somebody pushes to the session's branch (or another one) by hand."""
        self.clock.wait(1)
        return self.world.push(branch or self.present.began.branch, files)

    def end_job(self, **how: object) -> StoryHouse:
        """The newest job ends."""
        self.clock.wait(360)
        ref = self.jobs.states[self.jobs.orders[-1].launch_key].ref
        self.jobs.end(ref, **how)  # type: ignore[arg-type]
        return self.go_on()

    def use(self, watcher: Watcher) -> None:
        """Have somebody else watch, from the next process on as in this one."""
        self.watcher = watcher
        self.office = replace(self.office, watcher=watcher)

    def anew(self) -> StoryHouse:
        """Another process on the same folders: everything is read again."""
        self.close()
        self.office = self._office()
        self.case = self.office.case(self.present.began.session) if self.case else None
        return self

    def close(self) -> None:
        """Let go of the journals."""
        for journal in self.held_open:
            journal.close()
        self.held_open.clear()
        self._journals.close()

    # --- what a story looks at ---------------------------------------------------------------------------------------

    @property
    def present(self) -> Case:
        """The session."""
        assert self.case is not None
        return self.case

    @property
    def state(self) -> State:
        """Where it is."""
        return self.present.state

    @property
    def pull_request(self) -> int:
        """The number of its pull request."""
        published = pull_request_of(self.present)
        assert published is not None
        return int(published.data["number"])

    @property
    def ledger(self) -> LedgerView:
        """The ledger as it is now."""
        return self.office.ledger.read()

    @property
    def digest(self) -> str:
        """The digest of the newest plan."""
        made = self.ledger.newest_plan(self.present.began.session)
        assert made is not None
        return made.digest

    def answer(self, tool: str = "hf_create_job") -> JsonObject:
        """The data of a tool's newest answer."""
        return self.present.memory.past(tool)[-1].result.data

    def kinds(self) -> list[str]:
        """The kinds of all events, in order."""
        return [entry.event.kind for entry in self.present.journal.entries()]

    # --- wiring ------------------------------------------------------------------------------------------------------

    def script(self, *replies: Reply) -> StoryHouse:
        """What the model says."""
        self.model = ScriptedModel(*replies)
        return self

    def journal(self, path: Path, head: Entry) -> FileJournal:
        """Open the agent half's segment; an earlier one of this process is closed first."""
        for journal in self.held_open:
            journal.close()
        self.held_open = [FileJournal(path, clock=self.clock, after=head)]
        return self.held_open[0]

    def _office(self) -> Office:
        publisher: GitPublisher = self.world.publisher()
        self._publisher = publisher
        self._journals = SessionJournals(self.folder / "journals", publisher, self.clock)
        return Office(
            forge=self.forge,
            publisher=publisher,
            ledger=GitLedger(self.branch, clock=self.clock),
            jobs=self.jobs,
            sandboxes=self.sandboxes,
            door=self.sandboxes,
            pull=lambda sandbox, folder: pull(self.sandboxes, sandbox, folder, self.folder / "pulled"),
            endpoints=self.served or self.endpoints,
            hub=self.writer or self.hub,
            journals=self._journals,
            clock=self.clock,
            toolbox=self._toolbox(),
            watcher=self.watcher,
            progress=self.shown.append,
            policy=self._policy,
            results=lambda folder: json.loads((Path(folder) / "metrics.json").read_text()),
            export=self._export,
            dress=self._dress,
            dress_data=self._dress_data,
            content=content_of,
            redactor=SecretRedactor({}),
            leaks=self._leaks,
            leaking=lambda folder: leaking(folder, self._leaks),
            press=self._press,
            endpoint_patience=timedelta(minutes=30),
            plan_lives=timedelta(days=3),
            base="main",
            scratch=str(self.folder),
            holder=self.holder,
            runner=self.runner,
            runs=lambda run: run in self.running,
        )

    def _leaks(self, data: bytes) -> bool:
        return self.canary.encode() in data if self.canary else False

    def _dress(self, output: str, provenance: Provenance) -> str:
        return dress(output, str(self.folder / "dressed" / provenance.launch_key), provenance, str)

    def _dress_data(self, folder: str, origin: DataOrigin) -> str:
        return dress_data(folder, str(self.folder / "dressed" / "data"), origin, lambda o, _files: f"# {o.name}\n")

    def _export(self, commit: str, folder: str) -> str:
        return export(self._publisher, commit, folder, self.folder / "export")

    def _press(self, office: Office, case: Case) -> None:
        del office, case
        self.pressed += 1

    def _policy(self) -> tuple[str, ApprovalPolicy]:
        found = self._publisher.blob("main", ".github/intern.yml")
        blob, content = found or ("", None)
        return blob, parse_policy(content, limits=self.limits)

    def _toolbox(self) -> Toolbox:
        return Toolbox((*all_tools(), *self.more_tools), lambda effects: self._hold(effects) if effects else None)

    def _hold(self, effects: Sequence[Effect]) -> str | None:
        return collect((*rules(), *self.more_rules), effects, self._policy()[1])

    def _work(self, entries: Sequence[Entry]) -> str:
        half = AgentHalf(
            model=self.model,
            toolbox=self._toolbox(),
            workplaces=lambda began: StoryPlace(self, began),
            shelf=BundleFolder(self.folder / "bundles"),
            watcher=self.watcher,
            system="be good",
            allowance=Allowance(usd=model_cap(self.present, self._policy()[1]), relief=self.relief),
            room=Room,
            voice=Voice(prompt=prompt, text=text),
        )
        return half.work(entries)


def proposal(job: JsonObject = JOB) -> tuple[Reply, ...]:
    """Return what an honest model says up to the job: write, smoke-test, open the pull request, ask."""
    return (
        calls(("w", "write_file", {"path": "train.py", "content": TRAIN})),
        calls(("s", "smoke_test", {"script": "train.py", "parameters": {"smoke": "true"}})),
        calls(("p", "open_pull_request", {"title": "Train x on y", "body": "why and how"})),
        calls(("j", "hf_create_job", job)),
    )


def again(job_parameters: Mapping[str, str], call_id: str = "j2") -> Reply:
    """Return a model's wish to run the job again with other parameters."""
    return calls((call_id, "hf_create_job", {**JOB, "parameters": dict(job_parameters)}))


def done(text: str = "all done") -> Reply:
    """Return a model's last words."""
    return says(text)
