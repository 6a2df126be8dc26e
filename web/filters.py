"""How templates show money, numbers and times: as people in the café's country write them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal
from flask import Flask, g

from domain import clock
from domain.locales import written_in
from domain.money import format_money
from web import languages


def init_app(app: Flask) -> None:
    """Offer the filters to all templates."""
    app.jinja_env.filters.update(
        money=money,
        when=when,
        moment=moment,
        day=day,
        weekday=weekday,
        short_day=short_day,
        clock=time_of_day,
        ago=ago,
        number=number,
    )


def locale() -> Locale:
    """The person's language as it is written in the café's country: `de_AT`, and `en_GB` wherever it is not `en_US`."""
    tenant = g.get("tenant")
    spoken = languages.language()
    own = Locale.parse(tenant.locale.replace("-", "_")) if tenant else None
    if own and own.language == spoken and own.territory:
        return own
    return Locale.parse(written_in(spoken, tenant.country) if tenant else spoken)


def zone() -> ZoneInfo:
    """The café's time zone."""
    return ZoneInfo(languages.zone())


def money(minor: int, currency: str | None = None) -> str:
    """1250 as `€12.50`. Without a currency, the café's."""
    return format_money(minor, currency or g.tenant.currency, str(locale()))


def number(value: float) -> str:
    """1284 as `1,284`."""
    return format_decimal(value, locale=locale())


def when(instant: datetime | None) -> str:
    """Short enough for a table: the time today, `yesterday 14:10`, else the date, all in the café's zone."""
    if instant is None:
        return "–"
    local, today = instant.astimezone(zone()), clock.now().astimezone(zone()).date()
    clock_time = format_time(local, "HH:mm", locale=locale(), tzinfo=zone())
    return clock_time if local.date() == today else f"{short_day(local)} {clock_time}"


def moment(instant: datetime | None) -> str:
    """`Monday, 9 March, 09:00` in the café's zone, for what is to come."""
    if instant is None:
        return "–"
    local = instant.astimezone(zone())
    day_words = format_skeleton("MMMEd", local, locale=locale())
    return f"{day_words}, {format_time(local, 'HH:mm', locale=locale(), tzinfo=zone())}"


def day(value: date | datetime | None) -> str:
    """`22 November 2026`; of an instant, the café's local day."""
    if value is None:
        return "–"
    return format_date(_local_date(value), "long", locale=locale())


def weekday(instant: datetime) -> str:
    """`Sunday, 22 November 2026`, the café's local day."""
    return format_date(_local_date(instant), "full", locale=locale())


def short_day(value: date | datetime | None) -> str:
    """`22 Nov`, with the year only where it is another one."""
    if value is None:
        return "–"
    local = _local_date(value)
    this_year = local.year == clock.now().astimezone(zone()).year
    return format_skeleton("MMMd" if this_year else "yMMMd", local, locale=locale())


def time_of_day(instant: datetime) -> str:
    """`08:12` in the café's zone."""
    return format_time(instant.astimezone(zone()), "HH:mm", tzinfo=zone(), locale=locale())


def ago(instant: datetime) -> str:
    """`3 hours ago`."""
    return format_timedelta(instant - clock.now(), add_direction=True, locale=locale())


def _local_date(value: date | datetime) -> date:
    return value.astimezone(zone()).date() if isinstance(value, datetime) else value
