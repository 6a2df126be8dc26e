"""Days and times as people and programs write them. Which of 03.04. is the month can't always be told: it is asked."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from enum import Flag
from zoneinfo import ZoneInfo

from domain.errors import Unacceptable
from domain.sentences import Sentence, say

ORDERS = ("dmy", "mdy")
EARLIEST, LATEST = 1900, 2999

_ISO = r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"
_TIME = r"(?:[ T,]+(?P<h>\d\d?):(?P<min>\d\d)(?::(?P<s>\d\d))?(?:\.\d+)?)?"
_PATTERNS = {
    None: re.compile(_ISO + _TIME, re.ASCII),
    "dmy": re.compile(r"(?P<d>\d\d?)[./-](?P<m>\d\d?)[./-](?P<y>\d{4})" + _TIME, re.ASCII),
    "mdy": re.compile(r"(?P<m>\d\d?)[./-](?P<d>\d\d?)[./-](?P<y>\d{4})" + _TIME, re.ASCII),
}
_NUMBERS = re.compile(r"(\d\d?)[./-](\d\d?)[./-](?:\d{4}|\d\d)(?!\d)", re.ASCII)
_SHORT_YEAR = re.compile(r"\d\d?[./-]\d\d?[./-]\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ].*([Zz]|[+-]\d\d:?\d\d)", re.ASCII)

NO_ORDER = say("Day or month first? Tell which, or write it like 2026-12-31.")


class Order(Flag):
    """In which orders some days can be read."""

    NONE = 0
    DMY = 1
    MDY = 2
    BOTH = 3


def order_of(texts: Iterable[str]) -> Order | None:
    """In which orders these days make sense together; None when the question does not arise (`2026-12-31`)."""
    order = None
    for text in texts:
        if found := _NUMBERS.match(text):
            first, second = int(found[1]), int(found[2])
            fits = (Order.DMY if second <= 12 else Order.NONE) | (Order.MDY if first <= 12 else Order.NONE)
            order = fits if order is None else order & fits
    return order


def told(order: Order | None) -> str | None:
    """The order by its name, if there is only one."""
    return {Order.DMY: "dmy", Order.MDY: "mdy"}.get(order) if order else None


def day(text: str, order: str | None) -> date:
    """`2026-12-31`, or day and month in `order`; a midnight behind it is let go. Raises `Unacceptable`."""
    parts = _parts(text, order)
    if any(parts[name] for name in ("h", "min", "s")):
        raise Unacceptable(say("This is a time, not a day. Write it like 2026-12-31."))
    return _date(parts)


def instant(text: str, order: str | None, zone: ZoneInfo) -> datetime:
    """RFC 3339, or a local time of `zone`; one that is skipped or comes twice is read with its first offset.

    Raises `Unacceptable`.
    """
    if _INSTANT.fullmatch(text):
        try:
            found = datetime.fromisoformat(text.replace("z", "Z"))
            _refuse_far(found.year)
        except ValueError:
            raise Unacceptable(say("There is no such time.")) from None
        return found
    parts = _parts(text, order)
    try:
        return datetime.combine(_date(parts), time(parts["h"], parts["min"], parts["s"]), zone)
    except ValueError:
        raise Unacceptable(say("There is no such time.")) from None


def _parts(text: str, order: str | None) -> dict[str, int]:
    found = _PATTERNS[None].fullmatch(text) or (order and _PATTERNS[order].fullmatch(text))
    if not found:
        raise Unacceptable(_why_not(text, order))
    return {name: int(value or 0) for name, value in found.groupdict().items()}


def _why_not(text: str, order: str | None) -> Sentence:
    if _SHORT_YEAR.fullmatch(text):
        return say("Write the year with four digits.")
    if order is None and _NUMBERS.match(text):
        return NO_ORDER
    return say("This is not a date. Write it like 2026-12-31.")


def _date(parts: dict[str, int]) -> date:
    try:
        found = date(parts["y"], parts["m"], parts["d"])
    except ValueError:
        raise Unacceptable(say("There is no such day.")) from None
    _refuse_far(found.year)
    return found


def _refuse_far(year: int) -> None:
    if not EARLIEST <= year <= LATEST:
        raise Unacceptable(say("Give a year from %(first)s to %(last)s.", first=EARLIEST, last=LATEST))
