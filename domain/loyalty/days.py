"""A café's local days as instants."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

LAST_SECOND = time(23, 59, 59)


def start_of_day(instant: datetime, days_later: int, zone: ZoneInfo) -> datetime:
    """When the local day begins that comes `days_later` after the one of `instant`."""
    return _local(instant, days_later, time.min, zone)


def end_of_day(instant: datetime, days_later: int, zone: ZoneInfo) -> datetime:
    """The last second of the local day that comes `days_later` after the one of `instant`."""
    return _local(instant, days_later, LAST_SECOND, zone)


def _local(instant: datetime, days_later: int, at: time, zone: ZoneInfo) -> datetime:
    day = instant.astimezone(zone).date() + timedelta(days=days_later)
    return datetime.combine(day, at, zone).astimezone(UTC)
