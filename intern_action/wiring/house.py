"""One session on this machine: both halves, built from their parts when they are needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from intern_action.agent.budget import Allowance
from intern_action.agent.toolbox import Toolbox
from intern_action.agent.voice import Voice
from intern_action.core.effects import Effect
from intern_action.core.entries import Limits
from intern_action.core.errors import InternError, NotAllowed, OutsideError
from intern_action.core.events import Began, Entry
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.ports import Endpoints, HubReader, Jobs, Model, RecipeBook, Redactor, ToolLimits
from intern_action.core.provenance import DataOrigin, Provenance
from intern_action.core.states import State
from intern_action.core.types import JobRef
from intern_action.gate.policy import parse_policy
from intern_action.gate.rules import held
from intern_action.git.publisher import GitPublisher
from intern_action.hub.folders import content_of
from intern_action.hub.leaking import leaking
from intern_action.session.office import AGENT, Case, Office
from intern_action.settings.places import configs
from intern_action.settings.words import prompt, text
from intern_action.shell.tool_shell import ToolShell
from intern_action.tools import all_tools
from intern_action.trace.bundles import BundleFolder
from intern_action.trace.canary import Canaries
from intern_action.trace.sessions import SessionJournals
from intern_action.wiring.ahead import LAST, Ahead, read_ahead
from intern_action.wiring.jobs import jobs_for
from intern_action.wiring.journals import journal_home
from intern_action.wiring.llms import model_named, output_chars, room_of
from intern_action.wiring.parts import (
    canaries_for,
    endpoints_for,
    holder_of,
    hub_for,
    metrics_in,
    offline,
    redactor_for,
    watcher_for,
    writer_for,
)
from intern_action.wiring.premises import Premises, Role
from intern_action.wiring.rooms import Rooms
from intern_action.wiring.servers import Outside, served
from intern_action.wiring.users import ToolUsers

if TYPE_CHECKING:
    from intern_action.session.agent_half import AgentHalf
    from intern_action.wiring.press import Press
    from intern_action.wiring.workplace import LocalWorkplace, Site

LOCAL_POLL_SECONDS = 0.5
"""Looking at a job or command on this machine costs nothing."""


class House:
    """One session on this machine. Use as a context manager: it holds the journal's lock.

    Args:
        premises: what all sessions of the world share.
        session: whose.
        base: the default branch.
        role: both halves, or the one that this process is; the other one then runs in a job of its own.
        takes_over: control takes the session back from the agent half.
    """

    def __init__(
        self, premises: Premises, session: str, base: str, *, role: Role = "all", takes_over: bool = False
    ) -> None:
        self.premises = premises
        self.session = session
        self.settings = premises.settings
        self.world = premises.world
        self.forge = premises.forge
        self.watcher = premises.watcher or watcher_for(premises)
        self._base = base
        self._role: Role = role
        self._takes_over = takes_over
        self._last_policy: ApprovalPolicy | None = None
        self.trace_note = ""
        """What became of the trace on its way to the Hub, "" when it has not been sent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, InternError):  # whoever tells of it tells no secret that somebody's answer held
            error.args = (self._redactor.text(str(error)),)
        self.watcher.close()
        self._journals.close()
        self.users.close()
        self._sandboxes.close()

    @cached_property
    def case(self) -> Case:
        """The session in control's hands."""
        return self.office.case(self.session)

    @property
    def agent_elsewhere(self) -> bool:
        """Whether the agent half runs in another job."""
        return self._role == "control"

    def drive(self) -> State:
        """Go on until the session is over or waits for people."""
        waiting = self.settings.waiting
        poll = waiting.poll.total_seconds()
        leaves = self.premises.ground.place == "github" and self.settings.jobs.backend != "local"
        longest = waiting.runner if leaves else waiting.job  # a job on this runner would end with it
        here = self.settings.jobs.backend == self.settings.sandbox.backend == "local"
        state = self._drive(
            poll_seconds=min(poll, LOCAL_POLL_SECONDS) if here else poll,
            longest_seconds=longest.total_seconds(),
        )
        from intern_action.session.lease import sweep

        with suppress(OutsideError):  # what is abandoned is ended by the next run that can ask
            sweep(self.office, spare=self.session)
        return state

    def look(self) -> State:
        """Do what can be done now, and wait for nothing: neither for people nor for a job."""
        return self._drive(poll_seconds=0, longest_seconds=0)

    def _drive(self, *, poll_seconds: float, longest_seconds: float) -> State:
        from intern_action.session.drive import Patience, drive
        from intern_action.session.tidy import tidy_own

        patience = Patience(poll_seconds=poll_seconds, longest_seconds=longest_seconds)
        work = None if self.agent_elsewhere else self._work
        state = drive(self.case, work, self._shelf, patience=patience)
        tidy_own(self.case)
        if state.over:
            from intern_action.session.retiring import retire_due

            retire_due(self.case)
        return state

    # --- control's half ----------------------------------------------------------------------------------------------

    @cached_property
    def office(self) -> Office:
        """Control's ports."""
        return Office(
            forge=self.forge,
            publisher=self._publisher,
            ledger=self.premises.ledger,
            jobs=self.jobs,
            sandboxes=self._sandboxes.control,
            door=self._sandboxes.door,
            pull=self._pull,
            endpoints=self.endpoints,
            hub=writer_for(self.premises),
            journals=self._journals,
            clock=self.premises.clock,
            toolbox=self._toolbox,
            watcher=self.watcher,
            progress=self._progress,
            policy=self._policy,
            results=metrics_in,
            export=self._export,
            dress=self._dress,
            dress_data=self._dress_data,
            content=content_of,
            redactor=self._redactor,
            leaks=self._canaries.found_in,
            leaking=lambda folder: leaking(folder, self._canaries.found_in),
            press=self._press,
            endpoint_patience=self.settings.endpoints.answers_within,
            plan_lives=self.settings.approvals.expire_after,
            base=self._base,
            scratch=str(self.world.control),
            holder=holder_of(self.world.control, self.premises.ground.runner),
            there=lambda folder: Path(folder).is_dir(),
            runner=self.premises.ground.runner,
            runs=self._runs,
        )

    def _runs(self, run: str) -> bool:
        return not (self._takes_over and run == AGENT) and self.premises.ground.runs(run)

    def _progress(self, line: str) -> None:
        self.watcher.progress(self._redactor.text(line))

    @cached_property
    def _redactor(self) -> Redactor:
        return redactor_for(self.settings)

    @cached_property
    def _publisher(self) -> GitPublisher:
        ground, own = self.premises.ground, str(self.world.control / "git")
        return GitPublisher.at(
            own,
            ground.url,
            clock=self.premises.clock,
            config=ground.git,
            leaks=self._canaries.found_in,
            elsewhere=journal_home(self.premises),
        )

    @cached_property
    def _canaries(self) -> Canaries:
        return canaries_for(self.settings)

    @cached_property
    def _journals(self) -> SessionJournals:
        return SessionJournals(self.world.control / "journals", self._publisher, self.premises.clock)

    @cached_property
    def _shelf(self) -> BundleFolder:
        return BundleFolder(self.world.control / "bundles")

    def _press(self, office: Office, case: Case) -> None:
        self._printer.renew(office, case)

    @cached_property
    def _printer(self) -> Press:
        from intern_action.wiring.press import Press

        return Press(self.premises, self._note_trace)

    def _note_trace(self, words: str) -> None:
        self.trace_note = words

    def _export(self, commit: str, folder: str) -> str:
        from intern_action.wiring.models import export

        return export(self._publisher, commit, folder, self.world.control / "export" / self.session)

    def _pull(self, sandbox: JobRef, folder: str) -> str:
        from intern_action.wiring.pulled import pull

        return pull(self._sandboxes.door, sandbox, folder, self.world.control / "pulled" / sandbox.launch_key)

    def _dress(self, output: str, provenance: Provenance) -> str:
        from intern_action.hub.provenance import dress

        target = self.world.control / "dressed" / provenance.launch_key
        return dress(output, str(target), provenance, lambda origin: text("model-card", p=origin))

    def _dress_data(self, folder: str, origin: DataOrigin) -> str:
        from intern_action.hub.data_card import dress_data

        target = self.world.control / "dressed" / f"data-{self.session}"
        return dress_data(folder, str(target), origin, lambda o, files: text("dataset-card", o=o, files=files))

    def _policy(self) -> tuple[str, ApprovalPolicy]:
        """Read the policy of the default branch as it is now."""
        found = self._publisher.blob(self._base, self.settings.approvals.policy)
        budget = self.settings.budget
        limits = Limits(month_usd=budget.month_usd, session_usd=budget.session_usd, requester_usd=budget.requester_usd)
        blob, content = found or ("", None)
        self._last_policy = parse_policy(content, our_name=self.premises.ground.our_name, limits=limits)
        return blob, self._last_policy

    def take(self, folder: str) -> None:
        """Take in the bundle that the agent half made elsewhere. Raises NotAllowed for one that is not this session's."""
        from intern_action.session.settle import settle

        bundle = self._shelf.take(folder)
        if bundle.session != self.session:
            raise NotAllowed(
                f"the bundle is of session {bundle.session}, not of {self.session}; nothing of it was taken"
            )
        settle(self.case, bundle)

    # --- the agent half ----------------------------------------------------------------------------------------------

    @cached_property
    def users(self) -> ToolUsers:
        """Who runs what the model steers."""
        return ToolUsers(self.premises, self.session)

    @property
    def shell(self) -> ToolShell:
        """The session's own user, where there can be one."""
        return self.users.tools

    @cached_property
    def jobs(self) -> Jobs:
        """Where training runs: on this machine as the session's own user, or on the Hub."""
        return jobs_for(self.premises, self.users, reads=self._role == "agent")

    @cached_property
    def _sandboxes(self) -> Rooms:
        return Rooms(self.premises, self.users.sandbox)

    @cached_property
    def endpoints(self) -> Endpoints:
        """Inference endpoints, where there can be some."""
        return endpoints_for(self.premises)

    @cached_property
    def _until(self) -> datetime | None:
        """When this run has to be over, None for no limit. It begins when the agent does, and what is waited for counts."""
        longest = self.settings.max_time
        return None if longest is None else self.premises.clock.now() + longest

    @property
    def _relief(self) -> datetime | None:
        """When the next run takes over, None on a machine that stays. A run begins once, however many sessions it looks at."""
        if self.premises.ground.place != "github":
            return None
        return self.premises.began + self.settings.waiting.relief

    def _left(self) -> float:
        """Return how many seconds are left of this run."""
        return math.inf if self._until is None else (self._until - self.premises.clock.now()).total_seconds()

    @cached_property
    def _toolbox(self) -> Toolbox:
        return Toolbox(all_tools(), self._hold)

    def _hold(self, effects: tuple[Effect, ...]) -> str | None:
        return held(effects, self._policy_of_calls) if effects else None

    @cached_property
    def _policy_of_calls(self) -> ApprovalPolicy:
        """What holds calls; one policy for all of a process, read when the first call has an effect."""
        return self._policy()[1]

    def work(self) -> str:
        """Let the agent half go on from the stored journal; return the folder of its bundle. Nothing is written elsewhere."""
        return self._work(tuple(self.case.journal.entries()))

    def _work(self, entries: Sequence[Entry]) -> str:
        began = self.case.began
        policy = self._last_policy or self._policy()[1]  # a boundary that lies just behind us has read it
        model = Ahead(self._model(began.model), lambda: read_ahead(LAST, _compile))
        with served(self.settings, policy.mcp_servers, self.users.talker, left_seconds=self._left()) as outside:
            bundle = self._half(model, policy, outside).work(entries)
        model.begin()
        return bundle

    def _half(self, model: Model, policy: ApprovalPolicy, outside: Outside) -> AgentHalf:
        from intern_action.session.agent_half import AgentHalf
        from intern_action.session.purse import model_cap

        began = self.case.began
        toolbox = Toolbox((*all_tools(), *outside.tools), self._hold, absent=outside.absent)
        return AgentHalf(
            model=model,
            toolbox=toolbox,
            workplaces=self._workplace,
            shelf=self._shelf,
            watcher=self.watcher,
            system=(configs() / "prompts" / "system.md").read_text(encoding="utf-8"),
            allowance=Allowance(
                turns=began.max_turns, usd=model_cap(self.case, policy), until=self._until, relief=self._relief
            ),
            room=lambda: room_of(began.model, self.premises),
            voice=Voice(prompt=prompt, text=text),
            remarks=outside.remarks,
        )

    def _model(self, name: str) -> Model:
        return model_named(name, self.premises, self._recipes, self._progress, self._left)

    def _workplace(self, began: Began) -> LocalWorkplace:
        from intern_action.wiring.workplace import LocalWorkplace

        return LocalWorkplace(self._site, began)

    @cached_property
    def _recipes(self) -> RecipeBook:
        from intern_action.recipes import Recipes

        return self.premises.recipes or Recipes(hardware=self.jobs.flavors())

    def _hub(self) -> HubReader:
        began = self.case.began
        return hub_for(self.premises, str(self.world.desk(began.session) / "checkout"), began.task)

    def _source(self) -> str:
        """Return the repository on this machine that has what the session starts or goes on from."""
        memory = self.case.memory
        return self._publisher.bring(self.session, memory.beginning.base_sha, memory.snapshot)

    @cached_property
    def _site(self) -> Site:
        from intern_action.wiring.workplace import Site

        tools = self.settings.tools
        return Site(
            world=self.world,
            source=self._source(),
            shell=self.shell,
            hub=self._hub(),
            jobs=self.jobs,
            sandboxes=self._sandboxes.door,
            recipes=self._recipes,
            redactor=self._redactor,
            clock=self.premises.clock,
            flavors=self.jobs.flavors(),
            python=self.users.python,
            environment=offline(self.world),
            limits=ToolLimits(
                output_chars=output_chars(tools.output_chars, room_of(self.case.began.model, self.premises)),
                spill_bytes=tools.spill_mb << 20,
                timeout_seconds=tools.timeout.total_seconds(),
                longest_timeout_seconds=tools.longest_timeout.total_seconds(),
            ),
            progress=self._progress,
        )


def _compile() -> None:
    """Compile the pages that the end of a session writes."""
    from intern_action.trace import html, report

    texts = configs() / "texts"
    html.ready(texts)
    report.ready(texts)
