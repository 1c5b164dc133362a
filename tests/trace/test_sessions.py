"""Control's journals on several machines: each goes on from where the last one stopped, and two at once are noticed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from intern_action.core.errors import OutsideError
from intern_action.core.events import Noted
from intern_action.trace.sessions import SessionJournals
from tests.fakes.git_world import GitWorld, make_world


class Machines:
    """Machines that share a remote, each with files of its own."""

    def __init__(self, world: GitWorld, open_ones: ExitStack) -> None:
        self.world = world
        self.open_ones = open_ones

    def journals(self, name: str) -> SessionJournals:
        """Open what a machine has, as a new process on it."""
        folder = self.world.folder / name
        made = SessionJournals(folder, self.world.publisher(f"{name}-git"), self.world.clock)
        return self.open_ones.enter_context(closing(made))


@pytest.fixture
def machines(tmp_path: Path) -> Generator[Machines]:
    with ExitStack() as open_ones:
        yield Machines(make_world(tmp_path / "world"), open_ones)


def write(journals: SessionJournals, *texts: str) -> None:
    """Write notes, store them, and end the process."""
    journal = journals.open("s1")
    for text in texts:
        journal.append(Noted(text=text))
    journal.save()
    journals.close()


def notes(journals: SessionJournals) -> list[str]:
    return [entry.event.text for entry in journals.open("s1").entries() if isinstance(entry.event, Noted)]


def test_a_machine_takes_in_what_another_one_added_since(machines: Machines) -> None:
    write(machines.journals("first"), "one")
    write(machines.journals("second"), "two")
    write(machines.journals("first"), "three")
    assert notes(machines.journals("second")) == ["one", "two", "three"]


def test_what_was_written_and_not_stored_is_kept(machines: Machines) -> None:
    write(machines.journals("first"), "one")
    journals = machines.journals("first")
    journals.open("s1").append(Noted(text="two"))
    journals.close()
    assert notes(machines.journals("first")) == ["one", "two"]


def test_two_machines_that_wrote_at_once_are_noticed_and_nothing_is_lost(machines: Machines) -> None:
    write(machines.journals("first"), "one")
    journals = machines.journals("first")
    journal = journals.open("s1")
    journal.append(Noted(text="mine"))
    write(machines.journals("second"), "theirs")
    with pytest.raises(OutsideError, match="moved by somebody else"):
        journal.save()
    journals.close()
    assert notes(machines.journals("first")) == ["one", "mine"]
