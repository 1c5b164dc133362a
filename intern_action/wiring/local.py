"""The way into a local world: begins sessions, and opens them again."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from intern_action.core.entries import LedgerView
from intern_action.core.errors import Bug, Misconfigured
from intern_action.core.types import Permission
from intern_action.forge.local import LocalForge
from intern_action.git.facts import RepositoryFacts, ready_repository
from intern_action.git.repository import BareRepository
from intern_action.git.run import Git, GitFailed
from intern_action.wiring.ahead import FIRST, read_ahead
from intern_action.wiring.premises import Premises

if TYPE_CHECKING:
    from intern_action.session.admit import Request
    from intern_action.wiring.house import House


class LocalDoor:
    """The way into a local world."""

    def __init__(self, premises: Premises) -> None:
        self.premises = premises
        self.world = premises.world

    @property
    def forge(self) -> LocalForge:
        """Threads, pull requests and reviews."""
        return local_forge(self.premises)

    def begin(self, repo: Path, task: str, person: str, *, anew: bool = False) -> House:
        """Begin a session with this task, or take up the unfinished one that has it.

        Raises:
            Misconfigured: the repository will not do, the world belongs to another one, or there can be no sandbox here.
            NotAllowed: the person may not ask here.
        """
        self._check_sandbox()
        read_ahead(FIRST, self._warm)
        facts = ready_repository(str(repo))
        mirror(facts, self.world.remote)
        self.premises.note_repository(facts.top)
        if not self.forge.people():
            self.forge.set_permission(person, Permission.ADMIN)
        view = self.premises.ledger.read()

        from intern_action.session.admit import admit, session_id
        from intern_action.wiring.house import House
        from intern_action.wiring.llms import warm

        how = ":sandbox" if self.premises.settings.sandbox_tools else ""
        key = event_key(view, task, person, facts.head_sha + how, anew=anew)
        house = House(self.premises, session_id(key), facts.branch)
        claimed = view.admitted(key)
        thread = claimed.thread if claimed else self._issue(task, person)
        request = self._request(key, task, person, facts.head_sha, thread)
        warm(request.model, self.premises)  # a missing key is said before anything is begun
        admit(house.office, request)
        return house

    def open(self, session: str) -> House:
        """Return a session's house. Raises Misconfigured when there is no such session."""
        from intern_action.wiring.house import House

        return House(self.premises, session, BareRepository.open(str(self.world.remote)).default_branch())

    def newest(self) -> str:
        """Return the session that was begun last. Raises Misconfigured when there is none."""
        sessions = self.premises.ledger.read().sessions()
        if not sessions:
            raise Misconfigured(f'{self.world.out} holds no session yet; begin one: intern-action local "TASK"')
        return tuple(sessions)[-1]

    def _request(self, key: str, task: str, person: str, base_sha: str, thread: int) -> Request:
        from intern_action.session.admit import Request
        from intern_action.wiring.asking import first_lease
        from intern_action.wiring.llms import chosen_model

        return Request(
            event_key=key,
            task=task,
            requester=person,
            thread=thread,
            base_sha=base_sha,
            model=chosen_model(self.premises),
            max_turns=self.premises.settings.max_turns,
            max_cost_usd=self.premises.settings.max_cost_usd,
            sandbox=first_lease(self.premises) if self.premises.settings.sandbox_tools else None,
        )

    def _warm(self) -> None:
        """Make the model ready."""
        from intern_action.wiring.llms import chosen_model, warm

        warm(chosen_model(self.premises), self.premises)

    def _check_sandbox(self) -> None:
        settings = self.premises.settings
        if settings.sandbox_tools and settings.sandbox.backend == "local" and os.geteuid() != 0:
            raise Misconfigured(
                "--sandbox-tools needs root here (a container, say): only root can give a sandbox a user and walls of its own; "
                "run as root, set `sandbox.backend: hf`, or leave it out"
            )

    def _issue(self, task: str, person: str) -> int:
        title = task.splitlines()[0][:80] if task else "no task"
        return self.forge.open_issue(title, f"/intern {task}", person).number


def local_forge(premises: Premises) -> LocalForge:
    """Return the forge of a world that is all on this machine. Raises Bug for any other."""
    forge = premises.forge
    if not isinstance(forge, LocalForge):
        raise Bug("people do not act here: the repository is elsewhere")
    return forge


def event_key(view: LedgerView, task: str, person: str, base_sha: str, *, anew: bool) -> str:
    """Return the key of the first try at this task that is not over."""
    from intern_action.session.admit import session_id

    for number in count(1):
        key = f"local:{base_sha}:{person}:{number}:{task}"
        if view.admitted(key) is None:
            return key
        state = view.session_state(session_id(key))
        if not anew and (state is None or not state.state.over):
            return key
    raise Bug("counting came to an end")


def mirror(facts: RepositoryFacts, remote: Path) -> None:
    """Bring the branch that is checked out to the bare repository; make that one the first time.

    Raises:
        Misconfigured: the bare repository belongs to another history.
    """
    if not remote.exists():
        BareRepository.make(facts.top, str(remote))
        return
    try:
        Git().run("push", "--quiet", str(remote), f"{facts.head_sha}:refs/heads/{facts.branch}", cwd=facts.top)
    except GitFailed as error:
        raise Misconfigured(
            f"{remote.parent} belongs to another repository, or its {facts.branch} has commits that {facts.top} lacks; "
            "name another folder with --out"
        ) from error
