"""How a value answers an operator, in memory. The same stands in SQL for facts that members have."""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from domain.fact import READERS, WRITTEN_NUMBER, Type


def holds(op: str, actual: Any, asked: Any, *, today: date) -> bool:
    """Whether a value fulfils an operator. What cannot be compared differs: it answers only "is not"."""
    if op in _OPPOSITES:
        return not holds(_OPPOSITES[op], actual, asked, today=today)
    if op == "is_set":
        return actual is not None and actual not in ("", frozenset())
    if actual is None:
        return False
    if op in ("within_days", "more_than_days_ago"):
        return _days_hold(op, actual, asked, today)
    if isinstance(actual, frozenset | set):
        wanted = [asked] if op == "contains" else asked
        return not set(map(_lower, actual)).isdisjoint(map(_lower, wanted))
    if op == "in":
        return any(_compares("eq", actual, each) for each in asked)
    if op == "between":
        return _compares("gte", actual, asked[0]) and _compares("lte", actual, asked[1])
    return _compares(op, actual, asked)


_OPPOSITES = {"ne": "eq", "not_in": "in", "not_set": "is_set"}


def _days_hold(op: str, actual: date | datetime, asked: int, today: date) -> bool:
    day = actual.date() if isinstance(actual, datetime) else actual
    days_ago = (today - day).days
    return 0 <= days_ago <= asked if op == "within_days" else days_ago > asked


def _compares(op: str, actual: Any, asked: Any) -> bool:
    pair = _alike(actual, asked) if op in _ORDERS else (_written(actual), _written(asked))
    return pair is not None and _COMPARISONS[op](*pair)


def _alike(actual: Any, asked: Any) -> tuple[Any, Any] | None:
    """Both as values of one kind; None when they are not. What is asked decides how a text is read."""
    if isinstance(actual, datetime):
        return actual, READERS[Type.INSTANT](asked)
    if isinstance(actual, date):
        return actual, READERS[Type.DATE](asked)
    if isinstance(actual, str | bool) and isinstance(asked, str | bool):
        return _written(actual), _written(asked)
    number, wanted = _number(actual), _number(asked)
    return None if number is None or wanted is None else (number, wanted)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or (isinstance(value, str) and not re.fullmatch(WRITTEN_NUMBER, value)):
        return None
    return Decimal(str(value))


def _written(value: Any) -> str:
    return str(value).lower()


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "before": operator.lt,
    "after": operator.gt,
}
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    **_ORDERS,
    "contains": operator.contains,
    "starts_with": str.startswith,
}
