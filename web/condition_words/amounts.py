"""How much, how often and when, as parts of sentences."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.lists import format_list
from flask import g
from flask_babel import gettext as _
from flask_babel import ngettext

from domain import money
from web import filters, stories

Unit = Callable[[str, int], str]  # the number or numbers as written, and one that decides between one and many


def quoted(name: Any) -> str:
    """A name between the quotation marks of the language."""
    return _("“%(name)s”", name=name)


def either(values: Sequence[str]) -> str:
    """`a, b or c`."""
    return format_list(list(values), "or", locale=filters.locale())


def several(values: Sequence[str]) -> str:
    """`a, b and c`."""
    return format_list(list(values), "standard", locale=filters.locale())


def is_never(op: str, value: Any) -> bool:
    """Whether it asks for none at all."""
    return (op, value) in (("eq", 0), ("lt", 1), ("lte", 0)) or (op == "in" and value == [0])


def is_ever(op: str, value: Any) -> bool:
    """Whether it asks for any at all."""
    return (op, value) in (("gte", 1), ("gt", 0), ("ne", 0))


def amount(op: str, value: Any, unit: Unit, show: Callable[[Any], str] | None = None) -> str:
    """`at least 3 times`, `3 to 5 points`, `exactly €12.50`."""
    show = show or _number
    if op == "between":
        shown = _("%(least)s to %(most)s", least=show(value[0]), most=show(value[1]))
    else:
        shown = either([show(each) for each in value]) if isinstance(value, list) else show(value)
    return _asked(op).replace("%(amount)s", unit(shown, _plural(value)))


def times(op: str, value: Any) -> str:
    """`at least 3 times`, `exactly once`."""
    return amount(op, value, lambda shown, number: ngettext("once", "%(shown)s times", number, shown=shown))


def things(one: str, many: str) -> Unit:
    """The unit of things that are counted: `1 friend`, `3 friends`. Both words are translated already."""
    return lambda shown, number: f"{shown} {one if number == 1 else many}"


def plain(shown: str, _number: int) -> str:
    """No unit."""
    return shown


def cash(op: str, value: Any) -> str:
    """`at least €50.00`."""
    return amount(op, value, plain, _money)


def points(currency: str) -> Unit:
    """The unit of a kind of points."""

    def unit(shown: str, number: int) -> str:
        return stories.counted(number, currency).replace(filters.number(number), shown, 1)

    return unit


def window(days: int | None) -> str:
    """`in the last 30 days`; "" for all time."""
    return "" if days is None else ngettext("since yesterday", "in the last %(num)s days", days)


def ahead(days: int) -> str:
    """`in the next 7 days`, from today on."""
    return _("today") if not days else ngettext("today or tomorrow", "in the next %(num)s days", days)


def when(op: str, value: Any) -> str:
    """When something was: `in the last 30 days`, `more than 90 days ago`, `before 1 March 2026`."""
    if op == "within_days":
        return window(value) if value else _("today")
    if op == "more_than_days_ago":
        return ngettext("before yesterday", "more than %(num)s days ago", value) if value else _("before today")
    days = [_day(each) for each in (value if isinstance(value, list) else [value])]
    said = {
        "eq": _("on %(day)s"),
        "ne": _("not on %(day)s"),
        "before": _("before %(day)s"),
        "after": _("after %(day)s"),
        "between": _("between %(day)s and %(last)s"),
    }[op]
    return said % {"day": days[0], "last": days[-1]}


def _asked(op: str) -> str:
    return {
        "eq": _("exactly %(amount)s"),
        "in": _("exactly %(amount)s"),
        "ne": _("not exactly %(amount)s"),
        "not_in": _("not exactly %(amount)s"),
        "lt": _("less than %(amount)s"),
        "lte": _("at most %(amount)s"),
        "gt": _("more than %(amount)s"),
        "gte": _("at least %(amount)s"),
        "between": _("%(amount)s"),
    }[op]


def _plural(value: Any) -> int:
    last = value[-1] if isinstance(value, list) else value
    number = Decimal(str(last))
    return int(number) if number == number.to_integral_value() else 2


def _number(value: Any) -> str:
    return filters.number(Decimal(str(value)))  # type: ignore[arg-type]


def _money(value: Any) -> str:
    currency = g.tenant.currency
    exact = Decimal(str(value)).scaleb(money.decimals(currency))
    return filters.money(int(exact.to_integral_value()))


def _day(value: str) -> str:
    if "T" not in value:
        return filters.day(date.fromisoformat(value))
    return filters.day(datetime.fromisoformat(value))
