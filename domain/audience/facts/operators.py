"""What operators mean in SQL, by the type of the fact that is asked about: the same as `trees.holds` means in memory.

"Is not" is everybody but those who are; so is all that holds where nothing is: who never bought, bought fewer than 3
times.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, and_, cast, func, literal, or_, true

from domain import money, trees
from domain.audience.facts import free
from domain.audience.facts.fact import AudienceFact, Membership, Said, Value
from domain.audience.facts.scope import Scope
from domain.audience.facts.statement import Column, Condition
from domain.fact import Fact, Type
from domain.trees import Tree


@dataclass(frozen=True, slots=True)
class Asked:
    """A leaf said about rows: the members whose rows fulfil the condition, or with `excludes` all others."""

    condition: Condition
    excludes: bool = False


def asked(fact: AudienceFact, said: Said, leaf: Tree, scope: Scope) -> Asked:
    """What a leaf asks of the rows that a fact looks at. Where there is no row, nothing is fulfilled."""
    op, excludes = _asked_for(leaf), leaf["op"] in _OPPOSITES
    if isinstance(said, Membership):
        value = leaf.get("value")
        return Asked(said.has(None if op == "is_set" else value if isinstance(value, list) else [value]), excludes)
    question = {"fact": "it", "op": op, "value": leaf.get("value")}
    condition: Condition
    if said.once is not None and op in _AT_LEAST and trees.holds(question, {"it": 1}, today=scope.today):
        said.once()
        condition = true()
    else:
        condition = _fulfilled(fact, said, op, leaf.get("value"), scope)
    if said.absent is None or not trees.holds(question, {"it": said.absent}, today=scope.today):
        return Asked(condition, excludes)
    return Asked(condition.is_not(True), not excludes)


def column_predicate(fact: Fact, column: Column, leaf: Tree, scope: Scope) -> Condition:
    """Whether a column of a row fulfils the leaf of a `where`; text columns come in lower case."""
    op = _asked_for(leaf)
    condition = _fulfilled(fact, Value(column), op, leaf.get("value"), scope)
    return condition.is_not(True) if leaf["op"] in _OPPOSITES else condition


def opposite(fact: AudienceFact, leaf: Tree) -> Tree | None:
    """The leaf that holds exactly when this one does not, where there is one: sentences say it instead of "not"."""
    if leaf["op"] == "contains" and fact.type in (Type.SET, Type.IDS):
        return {**leaf, "op": "not_in", "value": [leaf["value"]]}
    opposites = _OPPOSITES | {other: own for own, other in _OPPOSITES.items()}
    return {**leaf, "op": opposites[leaf["op"]]} if leaf["op"] in opposites else None


def _fulfilled(fact: Fact, said: Value, op: str, value: Any, scope: Scope) -> Condition:
    """One of the operators that nothing fulfils where nothing is; NULL reads as no."""
    if op == "is_set":
        return said.column != "" if fact.type in (Type.TEXT, Type.FREE) else said.column.is_not(None)
    if fact.type is Type.BIRTHDAY and op == "within_days":
        return _anniversary(said.column, scope, value)
    if op in ("within_days", "more_than_days_ago"):
        return _days(_day(fact, said, scope), op, value, scope)
    if fact.type is Type.FREE:
        return free.compared(said.column, op, value)
    read = _reader(fact.type, scope)
    return _COMPARISONS[op](said.column, [read(each) for each in value] if isinstance(value, list) else read(value))


def _days(day: Column, op: str, days: int, scope: Scope) -> Condition:
    if op == "more_than_days_ago":
        return day < scope.day(days)
    return day.between(scope.day(days), scope.today)


def _day(fact: Fact, said: Value, scope: Scope) -> Column:
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


def _asked_for(leaf: Tree) -> str:
    """The leaf's operator, or the one that it is the opposite of."""
    return str(_OPPOSITES.get(leaf["op"], leaf["op"]))


_OPPOSITES = {"ne": "eq", "not_in": "in", "not_set": "is_set"}
_AT_LEAST = ("gt", "gte")
_COMPARISONS: Mapping[str, Callable[[Column, Any], Condition]] = {
    "eq": lambda column, value: column == value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "before": lambda column, value: column < value,
    "after": lambda column, value: column > value,
    "between": lambda column, values: and_(column >= values[0], column <= values[1]),
    "in": lambda column, values: column.in_(values),
    "contains": lambda column, value: func.strpos(column, value) > 0,
    "starts_with": func.starts_with,
}
