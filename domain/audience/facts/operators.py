"""What operators mean in SQL, by the type of the fact that is asked about: the same as `trees.holds` means in memory.

A predicate may come out NULL for what is not set; that reads as no.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, and_, cast, func, literal, or_

from domain import money, trees
from domain.audience.facts import free
from domain.audience.facts.fact import AudienceFact, Membership, Said, Value
from domain.audience.facts.scope import Scope
from domain.audience.facts.statement import Column, Condition
from domain.fact import Fact, Type
from domain.trees import Tree


def predicate(fact: AudienceFact, said: Said, leaf: Tree, scope: Scope) -> Condition:
    """Whether what the fact says fulfils the leaf, for each member."""
    op = leaf["op"]
    value: Any = leaf.get("value")
    if isinstance(said, Membership):
        return _membership(said, op, value)
    if op in ("is_set", "not_set"):
        return _presence(fact, said.column, op)
    if fact.type is Type.BIRTHDAY and op == "within_days":
        return _anniversary(said.column, scope, value)
    if op in ("within_days", "more_than_days_ago"):
        return _days(_day(fact, said, scope), op, value, scope)
    return _compared(fact, said, op, value, scope)


def column_predicate(fact: Fact, column: Column, leaf: Tree, scope: Scope) -> Condition:
    """Whether a column of a row fulfils the leaf of a `where`; text columns come in lower case."""
    if leaf["op"] in ("is_set", "not_set"):
        return _presence(fact, column, leaf["op"])
    return _compared(fact, Value(column), leaf["op"], leaf.get("value"), scope)


def opposite(fact: AudienceFact, leaf: Tree) -> Tree | None:
    """The leaf that holds exactly when this one does not, where there is one."""
    if leaf["op"] == "contains" and fact.type in (Type.SET, Type.IDS):
        return {**leaf, "op": "not_in", "value": [leaf["value"]]}
    return {**leaf, "op": _OPPOSITES[leaf["op"]]} if leaf["op"] in _OPPOSITES else None


def _membership(said: Membership, op: str, value: Any) -> Condition:
    values = None if op in ("is_set", "not_set") else [value] if op == "contains" else value
    return said.lacks(values) if op in ("not_set", "not_in") else said.has(values)


def _presence(fact: Fact, column: Column, op: str) -> Condition:
    if fact.type in (Type.TEXT, Type.FREE):
        return column != "" if op == "is_set" else func.coalesce(column, "") == ""
    return column.is_not(None) if op == "is_set" else column.is_(None)


def _days(day: Column, op: str, days: int, scope: Scope) -> Condition:
    if op == "more_than_days_ago":
        return day < scope.day(days)
    return day.between(scope.day(days), scope.today)


def _day(fact: AudienceFact, said: Value, scope: Scope) -> Column:
    if said.day is not None:
        return said.day
    if fact.type is Type.DATE:
        return said.column
    return cast(func.timezone(scope.timezone, said.column), Date)


def _anniversary(birthday: Column, scope: Scope, days: int) -> Condition:
    """The next anniversary lies 0 to `days` ahead; 29 February is kept on the 28th of a shorter year."""
    if days >= 366:
        return birthday.is_not(None)
    last = date.fromordinal(min(scope.today.toordinal() + days, date.max.toordinal()))
    from_key, to_key = _month_day(scope.today), _month_day(last)
    if (last.month, last.day) == (2, 28) and not _is_leap(last.year):
        to_key = 229
    key = func.extract("month", birthday) * 100 + func.extract("day", birthday)
    if scope.today.year != last.year:
        return or_(key >= from_key, key <= to_key)
    return key.between(from_key, to_key)


def _month_day(day: date) -> int:
    return day.month * 100 + day.day


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _compared(fact: Fact, said: Value, op: str, value: Any, scope: Scope) -> Condition:
    if fact.type is Type.FREE:
        return free.compared(said.column, op, value)
    read = _reader(fact.type, scope)
    values = [read(each) for each in value] if isinstance(value, list) else read(value)
    if said.absent is None:
        return _COMPARISONS[op](said.column, values)
    if trees.holds({"fact": "it", "op": op, "value": value}, {"it": said.absent}, today=scope.today):
        return _COMPARISONS[op](func.coalesce(said.column, said.absent), values)
    return _OF_THOSE_THERE.get(op, _COMPARISONS[op])(said.column, values)


def _reader(type: Type, scope: Scope) -> Callable[[Any], Any]:
    readers: Mapping[Type, Callable[[Any], Any]] = {
        Type.NUMBER: _exact,
        Type.MONEY: lambda value: _whole(Decimal(str(value)).scaleb(money.decimals(scope.currency))),
        Type.TEXT: lambda value: func.lower(literal(value)),
        Type.DATE: date.fromisoformat,
        Type.BIRTHDAY: date.fromisoformat,
        Type.INSTANT: datetime.fromisoformat,
        Type.BOOLEAN: lambda value: value,
    }
    return readers[type]


def _exact(value: Any) -> Any:
    return _whole(Decimal(str(value)))


def _whole(number: Decimal) -> Any:
    return int(number) if number == number.to_integral_value() else number


_OPPOSITES = {"eq": "ne", "ne": "eq", "in": "not_in", "not_in": "in", "is_set": "not_set", "not_set": "is_set"}
_COMPARISONS: Mapping[str, Callable[[Column, Any], Condition]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column.is_distinct_from(value),
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "before": lambda column, value: column < value,
    "after": lambda column, value: column > value,
    "between": lambda column, values: and_(column >= values[0], column <= values[1]),
    "in": lambda column, values: column.in_(values),
    "not_in": lambda column, values: or_(column.is_(None), column.not_in(values)),
    "contains": lambda column, value: func.strpos(column, value) > 0,
    "starts_with": func.starts_with,
}
# Where a member without a row does not fulfil it either way, rows alone are asked: joins may be inner ones.
_OF_THOSE_THERE: Mapping[str, Callable[[Column, Any], Condition]] = {
    "ne": lambda column, value: column != value,
    "not_in": lambda column, values: column.not_in(values),
}
