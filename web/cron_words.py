"""Schedules in words: `Mondays 09:00 (Europe/Vienna)`."""

from collections.abc import Iterable

from babel.dates import format_time, get_month_names
from babel.lists import format_list
from cron_descriptor import Options, get_description
from flask import Flask
from flask_babel import gettext as _

from domain.cron import CronRefused, Schedule, read
from web import filters, languages
from web.refusal_words import in_words

MOST_TIMES = 4
WORKDAYS, ALL_DAYS = frozenset(range(1, 6)), frozenset(range(7))
_DESCRIBED = {"de": "de_DE", "en": "en_US"}


def init_app(app: Flask) -> None:
    """Offer the words to all templates."""
    app.jinja_env.globals["cron_words"] = cron_words


def cron_words(line: str) -> str:
    """A schedule that was kept, in words, with the zone of its clock."""
    try:
        schedule = read(line)
    except CronRefused as refused:
        return in_words(refused.detail)
    words = schedule_words(schedule)
    return f"{words[:1].upper()}{words[1:]} ({languages.zone()})"


def schedule_words(schedule: Schedule) -> str:
    """`Mondays and Thursdays 09:00`."""
    if len(schedule.times) > MOST_TIMES or (schedule.days and schedule.weekdays):
        return _described(schedule)
    times = _list(format_time(at, "HH:mm", locale=filters.locale()) for at in schedule.times)
    days = [_days(schedule), _months(schedule)]
    return " ".join(filter(None, [*days, times]))


def _days(schedule: Schedule) -> str:
    if schedule.weekdays is not None and schedule.weekdays != ALL_DAYS:
        if schedule.weekdays == WORKDAYS:
            return _("Mondays to Fridays")
        names = weekdays()
        return _list(names[day] for day in sorted(schedule.weekdays, key=lambda day: day or 7))
    if schedule.days is not None:
        return _("on day %(days)s of the month", days=_list(map(_ordinal, sorted(schedule.days))))
    return _("every day")


def weekdays() -> list[str]:
    """The days as one speaks of all of them, from Sundays on."""
    return [_("Sundays"), _("Mondays"), _("Tuesdays"), _("Wednesdays"), _("Thursdays"), _("Fridays"), _("Saturdays")]


def _ordinal(day: int) -> str:
    return f"{day}." if languages.language() == "de" else str(day)


def _months(schedule: Schedule) -> str:
    if len(schedule.months) == 12:
        return ""
    names = get_month_names("wide", locale=filters.locale())
    return _("in %(months)s", months=_list(names[month] for month in sorted(schedule.months)))


def _described(schedule: Schedule) -> str:
    options = Options()
    options.use_24hour_time_format = True
    options.locale_code = _DESCRIBED[languages.language()]
    return get_description(schedule.line, options)


def _list(words: Iterable[str]) -> str:
    return format_list(list(words), locale=filters.locale())
