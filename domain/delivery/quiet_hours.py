"""When not to send: the sender's own quiet hours, and the hours a country allows for texts and calls.

Hours are local to the member. A local time that is skipped is read with the offset before the gap; one that comes
twice is its first coming that is not over yet.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from models.message import Channel

NOISY = frozenset({Channel.SMS, Channel.VOICE, Channel.PUSH, Channel.VIBER, Channel.WHATSAPP})
DAY = 24 * 60
SUNDAY = 7
MOST_ROUNDS = 8  # two sets of hours settle in two; whole days off need a few more


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes after local midnight between which a country allows texts, and whether also on Sundays."""

    opens: int
    closes: int
    sundays: bool = True


ELSEWHERE = Hours(8 * 60, 21 * 60)
BY_COUNTRY = {"FR": Hours(8 * 60, 22 * 60, sundays=False)}


@lru_cache(maxsize=4096)
def next_allowed(at: datetime, zone: str, quiet: tuple[int, int] | None = None, country: str | None = None) -> datetime:
    """The first instant from `at` on that is neither in `quiet` (from, to: minutes after local midnight) nor outside
    the hours of `country` (None: none to keep). Where the two leave no minute, an instant that is still not allowed.
    """
    local_zone = _zone(zone)
    for _ in range(MOST_ROUNDS):
        moved = _out_of(quiet, at, local_zone)
        if country is not None:
            moved = _into_hours(BY_COUNTRY.get(country, ELSEWHERE), moved, local_zone)
        if moved == at:
            break
        at = moved
    return at


def _into_hours(hours: Hours, at: datetime, zone: ZoneInfo) -> datetime:
    at = _out_of((hours.closes % DAY, hours.opens), at, zone)
    local = at.astimezone(zone)
    if not hours.sundays and local.isoweekday() == SUNDAY:
        return _instant(local.date() + timedelta(days=1), hours.opens, zone, after=at)
    return at


def _out_of(quiet: tuple[int, int] | None, at: datetime, zone: ZoneInfo) -> datetime:
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
