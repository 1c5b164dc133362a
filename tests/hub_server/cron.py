"""When a schedule is due next: five fields as cron knows them, or a word such as `@daily`; in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_WORDS = {
    "@annually": "0 0 1 1 *",
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_FOREVER = timedelta(days=366 * 8)  # the 29th of February comes within that


class NotCron(ValueError):
    """The words are no schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A schedule that was understood."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    """Where both kinds of day are restricted, one of them is enough."""

    @classmethod
    def read(cls, words: str) -> Cron:
        """Understand a schedule.

        Raises:
            NotCron: it is none.
        """
        fields = _WORDS.get(words, words).split()
        if len(fields) != len(_BOUNDS):
            raise NotCron(words)
        minutes, hours, days, months, weekdays = (
            _field(field, low, high) for field, (low, high) in zip(fields, _BOUNDS, strict=True)
        )
        return cls(
            minutes=minutes,
            hours=hours,
            days=days,
            months=months,
            weekdays=frozenset(day % 7 for day in weekdays),
            either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
        )

    def after(self, moment: datetime) -> datetime | None:
        """Return the first minute after a moment at which it is due, None where none comes."""
        at, last = moment.replace(second=0, microsecond=0) + timedelta(minutes=1), moment + _FOREVER
        while at < last:
            if not self._day_fits(at):
                at = at.replace(hour=0, minute=0) + timedelta(days=1)
            elif at.hour not in self.hours:
                at = at.replace(minute=0) + timedelta(hours=1)
            elif at.minute not in self.minutes:
                at += timedelta(minutes=1)
            else:
                return at
        return None

    def _day_fits(self, at: datetime) -> bool:
        day, weekday = at.day in self.days, at.isoweekday() % 7 in self.weekdays
        return at.month in self.months and ((day or weekday) if self.either_day else (day and weekday))


def _field(words: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in words.split(","):
        stretch, _, step = part.partition("/")
        first, dash, last = stretch.partition("-")
        try:
            begin = low if stretch == "*" else int(first)
            end = high if stretch == "*" or (step and not dash) else int(last or first)
            every = int(step or "1")
        except ValueError:
            raise NotCron(words) from None
        if not (low <= begin <= end <= high and every > 0):
            raise NotCron(words)
        found.update(range(begin, end + 1, every))
    return frozenset(found)
