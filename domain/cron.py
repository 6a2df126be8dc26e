"""Cron lines in a café's zone: checked, and turned into instants.

Five fields: minute, hour, day of the month, month, weekday. The clock on the wall decides: a time that the clocks skip
is read with the offset before the gap, one that comes twice is its first coming. A day that a month does not have, as
the 31st, is its last one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from domain.errors import Unacceptable
from domain.sentences import Sentence, say

FIELDS = ("minute", "hour", "day", "month", "weekday")
NAMES = {
    "minute": say("minute"),
    "hour": say("hour"),
    "day": say("day of the month"),
    "month": say("month"),
    "weekday": say("weekday"),
}
FIVE_PARTS = say("A schedule has five parts: minute, hour, day of the month, month, weekday. For example: 0 9 * * 1")
TOO_OFTEN = say("That is too often: leave at least five minutes between two runs. For example: */15 * * * *")
RANGES = {"minute": "0–59", "hour": "0–23", "day": "1–31", "month": "1–12", "weekday": "0–7"}
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
WEEKDAYS = "sun mon tue wed thu fri sat".split()
LONGEST = 100
SHORTEST_WAIT = timedelta(minutes=5)
_ANY = ["*", "*", "*", "*", "*"]
_NUMBER = {
    "minute": r"\d{1,2}",
    "hour": r"\d{1,2}",
    "day": r"\d{1,2}",
    "month": rf"(?:\d{{1,2}}|{'|'.join(MONTHS)})",
    "weekday": rf"(?:[0-7]|{'|'.join(WEEKDAYS)})",
}
_PART = {name: re.compile(rf"(?:\*|{each}(?:-{each})?)(?:/[1-9]\d?)?", re.ASCII) for name, each in _NUMBER.items()}
_ONE_DAY = timedelta(days=1)


class CronRefused(Unacceptable):
    """A line that is no schedule. `what` is `parts`, `often` or the field."""

    def __init__(self, what: str, sentence: Sentence) -> None:
        refusal = Unacceptable.at("cron", sentence)
        super().__init__(refusal.detail, refusal.errors)
        self.what = what


@dataclass(frozen=True, slots=True)
class Schedule:
    """A line, read. `days` and `weekdays` are None for any; weekdays count from Sunday = 0. `last_days` are days of the
    month that stand for the last one where a month is shorter."""

    line: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    last_days: frozenset[int]

    @property
    def times(self) -> list[time]:
        """The times of a day on which it falls, in order."""
        return [time(hour, minute) for hour in self.hours for minute in self.minutes]

    def falls_on(self, day: date) -> bool:
        """Whether there are slots on this local date. Day of the month and weekday: either suffices, as in cron."""
        if day.month not in self.months:
            return False
        if self.days is None and self.weekdays is None:
            return True
        return self._is_its_day(day) or self._is_its_weekday(day)

    def _is_its_day(self, day: date) -> bool:
        if self.days is None:
            return False
        is_last = (day + _ONE_DAY).day == 1
        return day.day in self.days or (is_last and any(each > day.day for each in self.last_days))

    def _is_its_weekday(self, day: date) -> bool:
        return self.weekdays is not None and day.isoweekday() % 7 in self.weekdays


def read(line: str) -> Schedule:
    """The schedule that a line says. Raises `CronRefused` with the field that is wrong and what would be right."""
    parts = line.lower().split()
    if len(parts) != len(FIELDS) or len(line) > LONGEST:
        raise CronRefused("parts", FIVE_PARTS)
    values = [_values(name, number, part) for number, (name, part) in enumerate(zip(FIELDS, parts, strict=True))]
    minutes, hours, days, months, weekdays = values
    schedule = Schedule(
        line=" ".join(parts),
        minutes=_counted(minutes, 60),
        hours=_counted(hours, 24),
        days=None if days is None else frozenset(days),
        months=frozenset(months or range(1, 13)),
        weekdays=None if weekdays is None else frozenset(weekdays),
        last_days=frozenset(days or ()) if "*" not in parts[2] else frozenset(),
    )
    _refuse_too_often(schedule)
    return schedule


def next_slot(schedule: Schedule, zone: ZoneInfo, *, after: datetime) -> datetime:
    """The first instant of the schedule later than `after`."""
    begin = after.astimezone(zone).date() - _ONE_DAY
    return next(slot for slot in _slots(schedule, zone, begin, 1) if slot > after)


def last_slot(schedule: Schedule, zone: ZoneInfo, *, until: datetime) -> datetime:
    """The latest instant of the schedule that is not later than `until`."""
    begin = until.astimezone(zone).date() + _ONE_DAY
    return next(slot for slot in _slots(schedule, zone, begin, -1) if slot <= until)


def _slots(schedule: Schedule, zone: ZoneInfo, day: date, direction: int) -> Iterator[datetime]:
    """Instants from `day` on, one calendar day after the other in one direction, without end."""
    while True:
        if schedule.falls_on(day):
            yield from sorted({_instant(day, at, zone) for at in schedule.times}, reverse=direction < 0)
        day += direction * _ONE_DAY


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    # fold=0 reads a skipped time with the offset before the gap, and a doubled one as its first coming.
    return datetime.combine(day, at, zone).astimezone(UTC)


def _values(name: str, number: int, part: str) -> list[int] | None:
    """What a field allows, in order; None for everything."""
    if all(_PART[name].fullmatch(each) and _runs_forward(each) for each in part.split(",")):
        try:
            expanded = croniter.expand(" ".join([*_ANY[:number], part, *_ANY[number + 1 :]]))[0][number]
        except CroniterError:
            pass
        else:
            return None if expanded == ["*"] else sorted({int(each) for each in expanded})
    words = say(
        "“%(typed)s” cannot be the %(field)s. Use %(range)s, * for every one, a list as 1,2 or a range as 1-5.",
        typed=part,
        field=NAMES[name],
        range=RANGES[name],
    )
    raise CronRefused(name, words)


def _runs_forward(part: str) -> bool:
    first, dash, last = part.partition("/")[0].partition("-")
    return not (dash and first.isdigit() and last.isdigit()) or int(first) <= int(last)


def _counted(values: list[int] | None, size: int) -> tuple[int, ...]:
    return tuple(range(size)) if values is None else tuple(values)


def _refuse_too_often(schedule: Schedule) -> None:
    minutes = schedule.minutes
    gaps = [later - earlier for earlier, later in pairwise(minutes)]
    if gaps and min(gaps) < SHORTEST_WAIT.seconds // 60:
        raise CronRefused("often", TOO_OFTEN)
