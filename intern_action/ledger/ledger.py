"""The ledger on a branch: read, ask, push a child of what was read; whoever loses the race reads and asks again."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from intern_action.core.entries import Decision, LedgerEvent
from intern_action.core.errors import LedgerError, OutsideError
from intern_action.core.ports import Branch, Clock
from intern_action.ledger.chain import Chain, LedgerEntry
from intern_action.ledger.fold import fold
from intern_action.ledger.readme import render
from intern_action.ledger.view import View

ENTRIES = "entries.jsonl"
README = "README.md"
TRIES = 40
LONGEST_WAIT_SECONDS = 20.0
FIRST_WAIT_SECONDS = 0.02
SKEW = timedelta(minutes=5)


class GitLedger:
    """Implements `core.entries.Ledger`.

    Args:
        branch: where it is kept; `git.branch.GitBranch` on `intern/ledger`.
        origin: the repository it belongs to; lines of another one are refused.
        key: signs every line; b"" leaves the ledger to whoever may write the branch.
        previous: the keys before it, newest first; see `Chain`.
        readme: template of the branch's README, see `readme.render` ("" for none).
        jitter: a number from 0 to 1, to wait differently from whoever else lost the race.
        tries: lost races before giving up.
    """

    def __init__(
        self,
        branch: Branch,
        *,
        clock: Clock,
        origin: str = "",
        key: bytes = b"",
        previous: tuple[bytes, ...] = (),
        readme: str = "",
        jitter: Callable[[], float] = random.random,
        tries: int = TRIES,
    ) -> None:
        self._branch = branch
        self._clock = clock
        self._chain = Chain(origin=origin, key=key, previous=previous)
        self._readme = readme
        self._jitter = jitter
        self._tries = tries
        self._raw = b""
        self._last: LedgerEntry | None = None
        self._view = View()

    def read(self) -> View:
        try:
            head = self._branch.head()
            if head is None:
                return self._empty()
            if head != self._view.head:
                self._take(head, self._branch.file(head, ENTRIES))
        except LedgerError:
            raise
        except OutsideError as error:
            raise LedgerError(f"the ledger cannot be read: {error}") from error
        return self._view

    def decide(self, decision: Decision) -> View:
        for number in range(self._tries):
            began = self._clock.monotonic()
            with self._branch.turn():
                decided = self._try(decision)
            if decided is not None:
                return decided
            self._wait(number, self._clock.monotonic() - began)
        raise LedgerError(
            f"somebody else was quicker {self._tries} times in a row; nothing was decided, try again later"
        )

    def _try(self, decision: Decision) -> View | None:
        """Decide on what stands there now; None when somebody else was quicker."""
        view = self.read()
        events = tuple(decision(view))
        if not events:
            return view
        # a decision may read the ledger itself: what it decided holds for the view it was asked about, no newer one
        return self._view if self._view is view and self._append(events) else None

    def _empty(self) -> View:
        if self._view.head:
            raise LedgerError(f"the ledger was there ({self._view.head}) and its branch is gone; a person has to look")
        return self._view

    def _take(self, head: str, raw: bytes | None) -> None:
        """Take in what came since the last read; what was read before has to be there still."""
        if raw is None:
            raise LedgerError(f"the ledger's branch has no {ENTRIES} at {head}; a person has to look")
        if not raw.startswith(self._raw):
            raise LedgerError(f"the ledger at {head} does not begin with what was read before; a person has to look")
        entries = self._chain.read(raw[len(self._raw) :], self._last)
        if self._last is None and not self._branch.only_grew(head, ENTRIES):
            raise LedgerError(
                f"a commit before {head} took lines out of the ledger, or was merged into its branch; a person has to look: "
                f"git log -p -m --first-parent {head}"
            )
        tables = fold(self._view.tables, entries)
        self._accept(raw, entries, View(head=head, tables=tables))

    def _append(self, events: Sequence[LedgerEvent]) -> bool:
        """Write events as one commit; False when somebody else was quicker.

        Raises:
            LedgerError: an event breaks a rule, or the branch cannot be pushed. Nothing was written.
        """
        entries = self._link(events)
        tables = fold(self._view.tables, entries)
        raw = self._raw + b"".join(entry.line for entry in entries)
        files = {ENTRIES: raw}
        if self._readme:
            files[README] = render(self._readme, View(tables=tables))
        words = ", ".join(dict.fromkeys(event.kind for event in events))
        try:
            head = self._branch.push(files, parent=self._view.head or None, message=words, at=self._clock.now())
        except OutsideError as error:
            raise LedgerError(f"the ledger cannot be written: {error}") from error
        if head is None:
            return False
        self._accept(raw, entries, View(head=head, tables=tables))
        return True

    def _link(self, events: Sequence[LedgerEvent]) -> tuple[LedgerEntry, ...]:
        at, last = self._time(), self._last
        entries: list[LedgerEntry] = []
        for event in events:
            last = self._chain.link(last, event, at)
            entries.append(last)
        return tuple(entries)

    def _time(self) -> datetime:
        """Return the time of a new entry: never before the last one's, and nothing at all when a clock is far off."""
        now = self._clock.now()
        if self._last is None or now >= self._last.at:
            return now
        if self._last.at - now > SKEW:
            raise LedgerError(
                f"the clock here says {now:%Y-%m-%d %H:%M:%S} UTC and the ledger's last line {self._last.at:%Y-%m-%d %H:%M:%S}; "
                "set the clock right"
            )
        return self._last.at

    def _accept(self, raw: bytes, entries: Sequence[LedgerEntry], view: View) -> None:
        self._raw, self._view = raw, view
        if entries:
            self._last = entries[-1]

    def _wait(self, number: int, took: float) -> None:
        """Wait anything up to as long as the try took, twice that after each: the more others try, the longer one takes."""
        longest = min(LONGEST_WAIT_SECONDS, max(FIRST_WAIT_SECONDS, took) * 2**number)
        self._clock.wait(longest * self._jitter())
