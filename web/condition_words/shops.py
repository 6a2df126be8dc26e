"""Where, when and how something was bought, as parts of sentences; for conditions and for earning rules."""

from collections.abc import Sequence
from typing import Any

from babel.dates import get_day_names
from flask_babel import gettext as _

from domain.loyalty.earning import WEEKDAYS
from domain.trees import Tree
from web import filters
from web.condition_words import amounts

_COMPARED = ("eq", "lt", "lte", "gt", "gte", "between")


def adverb(field: str, leaf: Tree) -> str | None:
    """Where, when or how one buys: `in the shop`, `on Monday`; None for a question that has no plain words."""
    op, value = leaf["op"], leaf.get("value")
    if field == "hour":
        return at_hours(op, value)
    if field == "amount":
        return _("of %(amount)s", amount=amounts.cash(op, value)) if op in _COMPARED else None
    said = {"channel": by_channels, "location": at_places, "weekday": on_days, "payment_method": paid_by}.get(field)
    return said(value if isinstance(value, list) else [value]) if said and op in ("eq", "in") else None


def weekday_names() -> dict[str, str]:
    """The days of the week by their codes, in the reader's language."""
    names = get_day_names("wide", locale=filters.locale())
    return {code: names[number] for number, code in enumerate(WEEKDAYS)}


def on_days(codes: Sequence[Any]) -> str:
    """`on Monday or Tuesday`."""
    names = weekday_names()
    return _("on %(days)s", days=amounts.either([names.get(str(code).lower(), str(code)) for code in codes]))


def at_places(names: Sequence[Any]) -> str:
    """`at Neubau or Josefstadt`."""
    return _("at %(places)s", places=amounts.either([str(name) for name in names]))


def by_channels(channels: Sequence[Any]) -> str:
    """`in the shop`, `in the online shop`; "" for both."""
    asked = {str(channel).lower() for channel in channels}
    if len(asked) > 1:
        return ""
    return _("in the shop") if asked == {"pos"} else _("in the online shop")


def paid_by(methods: Sequence[Any]) -> str:
    """`paid by “card”`."""
    return _("paid by %(method)s", method=amounts.either(list(map(amounts.quoted, methods))))


def at_hours(op: str, value: Any) -> str | None:
    """`from 7:00 to 10:59`; None for what has no plain words."""
    if op == "between":
        return _("from %(begin)s to %(end)s", begin=_clock(value[0]), end=_clock(value[1], minute=59))
    if op in ("eq", "in") and isinstance(value, list):
        return _("in the hours of %(hours)s", hours=amounts.either([_clock(each) for each in value]))
    said = {
        "eq": _("from %(begin)s to %(end)s"),
        "gte": _("from %(begin)s on"),
        "gt": _("after %(end)s"),
        "lt": _("before %(begin)s"),
        "lte": _("until %(end)s"),
    }.get(op)
    return said and said % {"begin": _clock(value), "end": _clock(value, minute=59)}


def _clock(hour: Any, minute: int = 0) -> str:
    return f"{int(float(hour))}:{minute:02}"
