"""When not to send: the sender's own quiet hours, and the hours that a country or one of its states allows for texts.

Hours are local to the member. A local time that is skipped is read with the offset before the gap; one that comes
twice is its first coming that is not over yet. In the United States an area code tells state and time zone: a text
keeps the hours there and where the member is said to read it, so that the stricter one wins.

Sources: 47 CFR 64.1200(c)(1) and the stricter laws of the states below; for France no Sundays and public holidays.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from models.message import Channel

NOISY = frozenset({Channel.SMS, Channel.VOICE, Channel.PUSH, Channel.VIBER, Channel.WHATSAPP})
DAY = 24 * 60
SATURDAY, SUNDAY = 6, 7
MOST_ROUNDS = 8  # two sets of hours settle in two; whole days off need a few more
MOST_DAYS_OFF = 7
MOST_ZONES = 4  # of one area code; more of them: the number belongs to no place

Window = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes after local midnight between which texts are allowed; other ones, or none, on some weekdays (1–7)."""

    window: Window
    on: Mapping[int, Window | None] = field(default_factory=dict)
    holidays_of: str | None = None  # the country on whose public holidays there are none

    def of(self, day: date) -> Window | None:
        """The window of one day."""
        if self.holidays_of is not None and day in _holidays(self.holidays_of):
            return None
        return self.on.get(day.isoweekday(), self.window)


def _hours(opens: int, closes: int, **more: object) -> Hours:
    return Hours((opens * 60, closes * 60), **more)  # type: ignore[arg-type]


ELSEWHERE = _hours(8, 21)
_UNTIL_EIGHT = _hours(8, 20)
_RHODE_ISLAND_WEEKEND = (10 * 60, 17 * 60)
BY_PLACE = {
    "FR": _hours(8, 22, on={SUNDAY: None}, holidays_of="FR"),
    **dict.fromkeys(("US-FL", "US-OK", "US-MD", "US-MS", "US-NJ"), _UNTIL_EIGHT),
    "US-CT": _hours(9, 20),
    "US-TX": _hours(9, 21, on={SUNDAY: (12 * 60, 21 * 60)}),
    "US-RI": _hours(9, 18, on=dict.fromkeys((SATURDAY, SUNDAY), _RHODE_ISLAND_WEEKEND)),
}
_STATES = {"Florida": "FL", "Oklahoma": "OK", "Maryland": "MD", "Mississippi": "MS", "New Jersey": "NJ",
           "Connecticut": "CT", "Texas": "TX", "Rhode Island": "RI"}  # fmt: skip
_AREA = re.compile(r"US-(\d{3})")


@lru_cache(maxsize=4096)
def next_allowed(at: datetime, zone: str, quiet: Window | None = None, place: str | None = None) -> datetime:
    """The first instant from `at` on that is neither in `quiet` (from, to: minutes after local midnight) nor outside
    the hours of `place`: a country, or the area code of a number there (`US-305`); None: none to keep. Where they leave
    no minute, an instant that is still not allowed.
    """
    kept = _kept(place, zone)
    for _ in range(MOST_ROUNDS):
        moved = _out_of(quiet, at, _zone(zone))
        for hours, there in kept:
            moved = _into_hours(hours, moved, there)
        if moved == at:
            break
        at = moved
    return at


def _kept(place: str | None, zone: str) -> list[tuple[Hours, ZoneInfo]]:
    """Which hours to keep, and where: the member's zone, and those that an area code stands for."""
    if place is None:
        return []
    state, zones = _of_area(place) if _AREA.fullmatch(place) else (place, ())
    hours = BY_PLACE.get(state, ELSEWHERE)
    return [(hours, _zone(each)) for each in dict.fromkeys((zone, *zones))]


@lru_cache(maxsize=1024)
def _of_area(place: str) -> tuple[str, tuple[str, ...]]:
    """State and time zones of a US area code; of one that belongs to no place the country and none.

    The places of all the world's numbers take a hundred megabytes: only who writes to US numbers has them in memory.
    """
    from phonenumbers import geocoder
    from phonenumbers.timezone import time_zones_for_number

    number = phonenumbers.parse(f"+1{place[3:]}2000000")
    words = geocoder.description_for_number(number, "en").rpartition(", ")[2]
    zones = time_zones_for_number(number)
    return f"US-{_STATES.get(words, words)}", zones if len(zones) <= MOST_ZONES else ()


@lru_cache(maxsize=8)
def _holidays(country: str) -> Container[date]:
    import holidays  # not small either

    return holidays.country_holidays(country)


def _into_hours(hours: Hours, at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    minute, day = local.hour * 60 + local.minute, local.date()
    window = hours.of(day)
    if window is not None and minute < window[0]:
        return _instant(day, window[0], zone, after=at)
    if window is not None and minute < window[1]:
        return at
    for _ in range(MOST_DAYS_OFF):
        day += timedelta(days=1)
        if (window := hours.of(day)) is not None:
            return _instant(day, window[0], zone, after=at)
    return at


def _out_of(quiet: Window | None, at: datetime, zone: ZoneInfo) -> datetime:
    if quiet is None or quiet[0] == quiet[1]:
        return at
    begins, ends = quiet
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if begins < ends:
        is_quiet, days = begins <= minute < ends, 0
    else:
        is_quiet, days = minute >= begins or minute < ends, int(minute >= begins)
    return _instant(local.date() + timedelta(days=days), ends, zone, after=at) if is_quiet else at


def _instant(day: date, minute: int, zone: ZoneInfo, *, after: datetime) -> datetime:
    wall = datetime.combine(day, time(minute // 60, minute % 60), zone)
    first = wall.astimezone(UTC)
    return first if first > after else wall.replace(fold=1).astimezone(UTC)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")  # a row with a zone that is gone must not stop the others
