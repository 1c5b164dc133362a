"""Control's journals: a file each while it is worked on, and `refs/intern/sessions/<id>` where another machine finds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from intern_action.core.errors import LedgerError
from intern_action.core.events import Entry, Event
from intern_action.core.ports import Clock, Publisher
from intern_action.trace import codec
from intern_action.trace.store import FileJournal


class StoredJournal:
    """Implements `core.ports.ControlJournal`: a `FileJournal` that is also stored by compare-and-swap."""

    def __init__(self, session: str, file: FileJournal, publisher: Publisher) -> None:
        self._session = session
        self._file = file
        self._publisher = publisher
        self._stored: tuple[str, bytes] | None = None

    @property
    def head(self) -> Entry | None:
        return self._file.head

    def entries(self) -> Iterator[Entry]:
        return self._file.entries()

    def append(self, event: Event) -> Entry:
        return self._file.append(event)

    def extend(self, segment: Sequence[Entry]) -> None:
        self._file.extend(segment)

    def save(self) -> None:
        """Store the journal.

        Raises:
            LedgerError: what is stored is not a beginning of ours: two machines worked on one session.
        """
        commit, lines = self._stored or self._publisher.load_journal(self._session) or ("", b"")
        ours = self._file.lines()
        if not ours.startswith(lines):
            raise LedgerError(
                f"the stored journal of {self._session} says something else than {self._file.path}: another machine went "
                "on with this session. Nothing was changed; delete the local file to take theirs up."
            )
        if ours != lines:
            commit = self._publisher.save_journal(self._session, ours, expected_head=commit)
        self._stored = (commit, ours)

    def catch_up(self) -> None:
        """Take in what another machine has written since, where it went on from what stands here."""
        stored = self._publisher.load_journal(self._session)
        head, ours = self._file.head, self._file.lines()
        if stored is None or head is None or not stored[1].startswith(ours):
            return
        whole, _ = codec.split(stored[1][len(ours) :])
        self._file.extend(codec.verify(whole, before=head.hash, seq=head.seq + 1))
        self._stored = stored

    def close(self) -> None:
        """Let another process have the file."""
        self._file.close()


class SessionJournals:
    """Implements `core.ports.JournalStore` below a folder."""

    def __init__(self, folder: Path, publisher: Publisher, clock: Clock) -> None:
        self._folder = folder
        self._publisher = publisher
        self._clock = clock
        self._open: dict[str, StoredJournal] = {}

    def open(self, session: str) -> StoredJournal:
        """Return a session's journal: the file with what another machine added, or what is stored when there is no file here."""
        if session not in self._open:
            path = self._folder / f"{session}.jsonl"
            known = path.exists()
            stored = None if known else self._publisher.load_journal(session)
            if stored is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(stored[1])
            self._open[session] = StoredJournal(session, FileJournal(path, clock=self._clock), self._publisher)
            if known:
                self._open[session].catch_up()
        return self._open[session]

    def close(self) -> None:
        """Close every journal."""
        for journal in self._open.values():
            journal.close()
        self._open.clear()
