"""Values of conditions: as a person types them into a field, and as a tree keeps them."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from babel.numbers import NumberFormatError, parse_decimal
from flask import g
from flask_babel import gettext as _

from domain import money
from domain.fact import LARGEST, LONGEST_TEXT, Fact, Type
from domain.trees import LONGEST_LIST, LONGEST_WINDOW
from web import filters

LAST_MOMENT = timedelta(microseconds=-1)
_PLAIN = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)
_WHOLE = re.compile(r"0|-?[1-9]\d{0,14}")


class Shape(StrEnum):
    """What the value of an operator looks like."""

    NOTHING = "nothing"
    DAYS = "days"
    PAIR = "pair"
    LIST = "list"
    ONE = "one"


class Unreadable(Exception):
    """What was typed is no such value; its text says what to do."""


def shape(op: str) -> Shape:
    """How many values an operator takes, and whether they are days."""
    if op in ("is_set", "not_set"):
        return Shape.NOTHING
    if op in ("within_days", "more_than_days_ago"):
        return Shape.DAYS
    if op == "between":
        return Shape.PAIR
    return Shape.LIST if op in ("in", "not_in") else Shape.ONE


def read(fact: Fact, op: str, typed: Sequence[str]) -> Any:
    """The value for the tree; None where the operator takes none. Raises `Unreadable` with words for the field."""
    match shape(op):
        case Shape.NOTHING:
            return None
        case Shape.DAYS:
            return read_days(_first(typed), smallest=0)
        case Shape.PAIR:
            return _pair(fact, [_one(fact, op, each, is_end=n == 1) for n, each in enumerate((*typed, "", "")[:2])])
        case Shape.LIST:
            return _list(fact, op, typed)
        case Shape.ONE:
            return _one(fact, op, _first(typed), is_end=op == "after")


def read_days(typed: str, *, smallest: int = 1) -> int:
    """A number of days. Raises `Unreadable`."""
    if not typed.isascii() or not typed.isdigit() or not smallest <= int(typed[:9]) <= LONGEST_WINDOW:
        raise Unreadable(_("Say how many days: %(least)s to %(most)s.",
                           least=smallest, most=filters.number(LONGEST_WINDOW)))  # fmt: skip
    return int(typed)


def write(fact: Fact, value: Any) -> list[str]:
    """A value of a tree as the texts that `read` would make it of."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [_written(fact, each) for each in values]


def _one(fact: Fact, op: str, typed: str, *, is_end: bool = False) -> Any:
    typed = typed.strip()
    if not typed:
        raise Unreadable(_missing(fact))
    if len(typed) > LONGEST_TEXT:
        raise Unreadable(_("That is too long: %(most)s characters at most.", most=LONGEST_TEXT))
    if fact.type is Type.INSTANT:
        return _instant(typed, is_end=is_end)
    return _READERS.get(fact.type, str)(typed)


def _pair(fact: Fact, values: list[Any]) -> list[Any]:
    begin, end = values if fact.type not in (Type.NUMBER, Type.MONEY) else [Decimal(str(each)) for each in values]
    if isinstance(begin, type(end)) and begin > end:
        raise Unreadable(_("The first one is the smaller one: turn them round."))
    return values


def _list(fact: Fact, op: str, typed: Sequence[str]) -> list[Any]:
    lines = [line.strip() for each in typed for line in each.splitlines()]
    values = list(dict.fromkeys(_one(fact, op, line) for line in lines if line))
    if not values:
        raise Unreadable(_("Choose at least one."))
    if len(values) > LONGEST_LIST:
        raise Unreadable(_("At most %(most)s at a time.", most=filters.number(LONGEST_LIST)))
    return values


def _number(typed: str) -> int | str:
    number = decimal(typed)
    if number is None:
        raise Unreadable(_("Write a number here, like 3."))
    return int(number) if number == number.to_integral_value() else str(number)


def _money(typed: str) -> str:
    amount, places = decimal(typed), money.decimals(g.tenant.currency)
    if amount is None or amount != round(amount, places):
        example = filters.money(10**places * 12 + (5 * 10 ** (places - 1) if places else 0))
        raise Unreadable(_("Write an amount of money, like %(example)s.", example=example))
    return f"{amount:.{places}f}"


def decimal(typed: str) -> Decimal | None:
    """A number as people here write it, or as their neighbours do; None when it is none."""
    try:
        number = parse_decimal(typed, locale=filters.locale(), strict=True)
    except NumberFormatError:
        plain = typed.replace(",", ".")
        if not _PLAIN.fullmatch(plain):
            return None
        number = Decimal(plain)
    return number if number.is_finite() and abs(number) <= LARGEST and len(number.as_tuple().digits) <= 28 else None


def _date(typed: str) -> str:
    try:
        return date.fromisoformat(typed).isoformat()
    except ValueError:
        raise Unreadable(_("Choose a date.")) from None


def _instant(typed: str, *, is_end: bool) -> str:
    """A day means its first moment, or as an end its last; a day and time mean that, on the café's clock."""
    try:
        if "T" in typed:
            return datetime.fromisoformat(typed).replace(tzinfo=filters.zone()).isoformat()
        day = datetime.combine(date.fromisoformat(typed), time.min)
        moment = day + timedelta(days=1) + LAST_MOMENT if is_end else day
    except (ValueError, OverflowError):
        raise Unreadable(_("Choose a date.")) from None
    return moment.replace(tzinfo=filters.zone()).isoformat()


def _boolean(typed: str) -> bool:
    if typed not in ("yes", "no"):
        raise Unreadable(_("Choose yes or no."))
    return typed == "yes"


def _id(typed: str) -> int:
    if not _WHOLE.fullmatch(typed) or int(typed) <= 0:
        raise Unreadable(_("Choose one of the list."))
    return int(typed)


def _free(typed: str) -> int | str:
    return int(typed) if _WHOLE.fullmatch(typed) else typed


_READERS: Mapping[Type, Callable[[str], Any]] = {
    Type.NUMBER: _number,
    Type.MONEY: _money,
    Type.DATE: _date,
    Type.BIRTHDAY: _date,
    Type.BOOLEAN: _boolean,
    Type.IDS: _id,
    Type.FREE: _free,
}


def _written(fact: Fact, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if fact.type is Type.INSTANT and isinstance(value, str):
        return _written_instant(value)
    if fact.type in (Type.NUMBER, Type.MONEY) and filters.locale().number_symbols["latn"]["decimal"] == ",":
        return str(value).replace(".", ",")
    return str(value)


def _written_instant(value: str) -> str:
    moment = datetime.fromisoformat(value).astimezone(filters.zone()).replace(tzinfo=None)
    ends_a_day = (moment - LAST_MOMENT).time() == time.min
    if moment.time() == time.min or ends_a_day:
        return moment.date().isoformat()
    return moment.isoformat(timespec="minutes" if not moment.second else "seconds")


def _first(typed: Sequence[str]) -> str:
    return typed[0].strip() if typed else ""


def _missing(fact: Fact) -> str:
    if fact.type in (Type.NUMBER, Type.MONEY):
        return _("Say how much or how many.")
    if fact.type in (Type.DATE, Type.BIRTHDAY, Type.INSTANT):
        return _("Choose a date.")
    return _("Say what it is compared with.")
