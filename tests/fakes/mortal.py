"""One command line of a local session, in a process that SIGKILLs itself where it is told to.

    python -m tests.fakes.mortal OUT REPOSITORY KILL_AFTER [TASK [MODEL]]

KILL_AFTER is a number of events (0: it lives), or a kind of event, such as `planned`. With `unapproved` it lives and leaves the
approval to somebody else.
It begins the session or goes on with it, approves as a second person once there is a pull request, and drives on. At its end it
prints how many events it saw and the state.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from intern_action.core.events import Event
from intern_action.core.states import State
from intern_action.core.types import Permission, Verdict
from intern_action.recipes import Recipes
from intern_action.session.planning import pull_request_of
from intern_action.session.review import before_review
from intern_action.settings.clock import SystemClock
from intern_action.settings.load import load
from intern_action.settings.world import make, world_at
from intern_action.wiring.house import House
from intern_action.wiring.local import LocalDoor, local_forge
from intern_action.wiring.premises import Premises
from tests.fakes.tiny import TinyCard

TASK = "fine-tune tiny/model on data with upload=ada/tiny"
UNAPPROVED = "unapproved"


class Mortal:
    """A watcher that ends its process at an event, told by number or by kind, as a runner that is taken away does."""

    def __init__(self, last: str) -> None:
        self.last = last
        self.seen = 0

    def happened(self, event: Event) -> None:
        self.seen += 1
        if self.last in {str(self.seen), event.kind}:
            os.kill(os.getpid(), signal.SIGKILL)

    def streamed(self, text: str) -> None:
        del text

    def progress(self, line: str) -> None:
        del line

    def close(self) -> None:
        """Nothing is held."""


def approves(house: House, known: set[str]) -> bool:
    """Approve the plan that waits, as a second person, once for each wish; whether that was not done before."""
    before, published = before_review(house.case), pull_request_of(house.case)
    assert before is not None
    assert published is not None
    number = int(published.data["number"])
    reviewed = any(review.submitted_at > before.plan.made_at for review in house.forge.reviews(number))
    if reviewed or before.call.id in known:
        return False
    known.add(before.call.id)
    local_forge(house.premises).review(number, "grace", Verdict.APPROVED)
    return True


def main(out: str, repository: str, kill_after: str, task: str = TASK, model: str = "recipes") -> None:
    """Play the story to its end, or to ours."""
    environment = dict(os.environ)  # noqa: TID251 -- this is a process of its own, as `__main__` is
    world = world_at(out, environment)
    make(world)
    settings = load({"out": out, "model": model}, environment, Path(repository), Path(environment["HOME"])).settings
    watcher = Mortal(kill_after)
    book = Recipes((TinyCard(),))
    door = LocalDoor(Premises(settings, world, environment, SystemClock(), watcher=watcher, recipes=book))
    with door.begin(Path(repository), task, "ada") as house:
        door.forge.set_permission("grace", Permission.WRITE)
        known: set[str] = set()
        while house.drive() is State.AWAITING_REVIEW and kill_after != UNAPPROVED and approves(house, known):
            pass
        kinds = [entry.event.kind for entry in house.case.journal.entries()]
        json.dump({"state": house.case.state, "seen": watcher.seen, "kinds": kinds}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
