"""Condition trees: the grammar of questions about facts, and their answer over plain values.

A tree is `{"all": [tree, …]}`, `{"any": [tree, …]}`, `{"not": tree}` or a leaf `{"fact", "op", "value"}`; a leaf about
a fact that counts may also say `window_days` and `where`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from domain.errors import Unacceptable

Tree = Mapping[str, Any]

DEEPEST = 10
MOST_LEAVES = 100
LONGEST_LIST = 1000
LONGEST_TEXT = 500
LARGEST = Decimal(10) ** 15


class Type(StrEnum):
    """What kind of value a fact has; it decides the operators and how values are written."""

    NUMBER = "number"
    MONEY = "money"
    TEXT = "text"
    DATE = "date"
    INSTANT = "instant"
    BOOLEAN = "boolean"
    SET = "set"


_ORDERED = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "not_in")
_PRESENCE = ("is_set", "not_set")
_CALENDAR = ("before", "after", "between", "within_days", "more_than_days_ago")
OPERATORS: Mapping[Type, tuple[str, ...]] = {
    Type.NUMBER: (*_ORDERED, *_PRESENCE),
    Type.MONEY: (*_ORDERED, *_PRESENCE),
    Type.TEXT: ("eq", "ne", "in", "not_in", "contains", "starts_with", *_PRESENCE),
    Type.DATE: ("eq", "ne", *_CALENDAR, *_PRESENCE),
    Type.INSTANT: (*_CALENDAR, *_PRESENCE),
    Type.BOOLEAN: ("eq", "ne", *_PRESENCE),
    Type.SET: ("contains", "in", "not_in", *_PRESENCE),
}
_LISTS = ("in", "not_in")
_DAYS = ("within_days", "more_than_days_ago")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a condition may ask about. `options` empty means any value; `counts` allows a window and a `where`."""

    name: str
    type: Type
    words: str
    example: Any
    options: tuple[str, ...] = ()
    counts: bool = False

    @property
    def operators(self) -> tuple[str, ...]:
        """What may be asked about it."""
        return OPERATORS[self.type]


def check(tree: Any, facts: Mapping[str, Fact], *, path: str = "where") -> None:
    """Refuse a tree that is not one, or asks what `facts` cannot answer; the error's path leads to the spot."""
    leaves = _check(tree, facts, path, depth=1)
    if leaves > MOST_LEAVES:
        raise Unacceptable.at(path, f"A condition may ask at most {MOST_LEAVES} questions, this one asks {leaves}.")


def holds(tree: Tree, values: Mapping[str, Any], *, today: date) -> bool:
    """Whether a checked tree is true of `values` by fact name; missing or None means not set.

    Numbers and money are `Decimal` or int (money in major units), sets hold texts. Texts compare without case. What is
    not set answers no to everything but `not_set`, `ne` and `not_in`. Days count back from `today`.
    """
    if "all" in tree:
        return all(holds(each, values, today=today) for each in tree["all"])
    if "any" in tree:
        return any(holds(each, values, today=today) for each in tree["any"])
    if "not" in tree:
        return not holds(tree["not"], values, today=today)
    return _leaf_holds(tree["op"], values.get(tree["fact"]), tree.get("value"), today)


def _check(tree: Any, facts: Mapping[str, Fact], path: str, *, depth: int) -> int:
    if not isinstance(tree, Mapping):
        raise Unacceptable.at(path, "A condition is an object with all, any, not, or fact and op.")
    if depth > DEEPEST:
        raise Unacceptable.at(path, f"Conditions may be nested {DEEPEST} deep.")
    for joint in ("all", "any"):
        if joint in tree:
            return _check_joint(tree, joint, facts, path, depth=depth)
    if "not" in tree:
        _only(tree, {"not"}, path)
        return _check(tree["not"], facts, f"{path}.not", depth=depth + 1)
    _check_leaf(tree, facts, path, depth=depth)
    return 1


def _check_joint(tree: Tree, joint: str, facts: Mapping[str, Fact], path: str, *, depth: int) -> int:
    _only(tree, {joint}, path)
    parts = tree[joint]
    if not isinstance(parts, list) or not 0 < len(parts) <= MOST_LEAVES:
        raise Unacceptable.at(f"{path}.{joint}", f"Give a list of 1 to {MOST_LEAVES} conditions.")
    return sum(_check(part, facts, f"{path}.{joint}.{i}", depth=depth + 1) for i, part in enumerate(parts))


def _check_leaf(leaf: Tree, facts: Mapping[str, Fact], path: str, *, depth: int) -> None:
    name = leaf.get("fact")
    fact = facts.get(name) if isinstance(name, str) else None
    if fact is None:
        raise Unacceptable.at(f"{path}.fact", f"Use one of: {', '.join(facts)}.")
    _only(leaf, {"fact", "op", "value"} | ({"window_days", "where"} if fact.counts else set()), path)
    if leaf.get("op") not in fact.operators:
        raise Unacceptable.at(f"{path}.op", f"{fact.name} can be asked: {', '.join(fact.operators)}.")
    _check_value(fact, leaf["op"], leaf, path)
    if "window_days" in leaf and not _is_days(leaf["window_days"]):
        raise Unacceptable.at(f"{path}.window_days", "Give a number of days from 1 to 3650.")
    if "where" in leaf and not isinstance(leaf["where"], Mapping):
        raise Unacceptable.at(f"{path}.where", "Give an object of fields and values.")


def _check_value(fact: Fact, op: str, leaf: Tree, path: str) -> None:
    if op in _PRESENCE:
        if leaf.get("value") is not None:
            raise Unacceptable.at(f"{path}.value", f"{op} asks for no value.")
        return
    value = leaf.get("value")
    if op in _DAYS:
        if not _is_days(value, smallest=0):
            raise Unacceptable.at(f"{path}.value", "Give a number of days from 0 to 3650.")
    elif op == "between":
        _check_pair(fact, value, path)
    elif op in _LISTS:
        _check_list(fact, value, path)
    else:
        _check_single(fact, value, f"{path}.value")


def _check_pair(fact: Fact, value: Any, path: str) -> None:
    if not isinstance(value, list) or len(value) != 2:
        raise Unacceptable.at(f"{path}.value", "Give two values: from and to.")
    for i, each in enumerate(value):
        _check_single(fact, each, f"{path}.value.{i}")


def _check_list(fact: Fact, value: Any, path: str) -> None:
    if not isinstance(value, list) or not 0 < len(value) <= LONGEST_LIST:
        raise Unacceptable.at(f"{path}.value", f"Give a list of 1 to {LONGEST_LIST} values.")
    for i, each in enumerate(value):
        _check_single(fact, each, f"{path}.value.{i}")


def _check_single(fact: Fact, value: Any, path: str) -> None:
    try:
        read = _READERS[fact.type](value)
    except (ValueError, TypeError, InvalidOperation):
        raise Unacceptable.at(path, f"Write it like {fact.example!r}: {fact.name} is a {fact.type}.") from None
    if fact.options and read not in fact.options:
        raise Unacceptable.at(path, f"Use one of: {', '.join(fact.options)}.")


def _only(tree: Tree, allowed: set[str], path: str) -> None:
    if unknown := sorted(map(str, tree.keys() - allowed)):
        raise Unacceptable.at(f"{path}.{unknown[0]}", f"Not known here. Allowed: {', '.join(sorted(allowed))}.")


def _is_days(value: Any, *, smallest: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and smallest <= value <= 3650


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise TypeError(value)
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) > LARGEST:
        raise ValueError(value)
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise TypeError(value)
    return value.lower()


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _instant(value: Any) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return instant


_READERS: Mapping[Type, Callable[[Any], Any]] = {
    Type.NUMBER: _number,
    Type.MONEY: _number,
    Type.TEXT: _text,
    Type.DATE: date.fromisoformat,
    Type.INSTANT: _instant,
    Type.BOOLEAN: _boolean,
    Type.SET: _text,
}


def _leaf_holds(op: str, actual: Any, asked: Any, today: date) -> bool:
    if op == "not_set":
        return actual is None or actual in ("", frozenset())
    if actual is None:
        return op in ("ne", "not_in")
    if op == "is_set":
        return actual not in ("", frozenset())
    if op in _DAYS:
        return _days_hold(op, actual, asked, today)
    if isinstance(actual, frozenset | set):
        return _set_holds(op, {each.lower() for each in actual}, asked)
    return _ANSWERS[op](_comparable(actual), asked, _reader_of(actual))


def _days_hold(op: str, actual: date | datetime, asked: int, today: date) -> bool:
    day = actual.date() if isinstance(actual, datetime) else actual
    days_ago = (today - day).days
    return 0 <= days_ago <= asked if op == "within_days" else days_ago > asked


def _set_holds(op: str, actual: set[str], asked: Any) -> bool:
    if op == "contains":
        return asked.lower() in actual
    overlaps = not actual.isdisjoint(each.lower() for each in asked)
    return overlaps if op == "in" else not overlaps


def _comparable(actual: Any) -> Any:
    return actual.lower() if isinstance(actual, str) else actual


def _reader_of(actual: Any) -> Callable[[Any], Any]:
    if isinstance(actual, bool):
        return _boolean
    if isinstance(actual, int | Decimal):
        return _number
    if isinstance(actual, datetime):
        return _instant
    return date.fromisoformat if isinstance(actual, date) else _text


_ANSWERS: Mapping[str, Callable[[Any, Any, Callable[[Any], Any]], bool]] = {
    "eq": lambda actual, asked, read: actual == read(asked),
    "ne": lambda actual, asked, read: actual != read(asked),
    "lt": lambda actual, asked, read: actual < read(asked),
    "lte": lambda actual, asked, read: actual <= read(asked),
    "gt": lambda actual, asked, read: actual > read(asked),
    "gte": lambda actual, asked, read: actual >= read(asked),
    "before": lambda actual, asked, read: actual < read(asked),
    "after": lambda actual, asked, read: actual > read(asked),
    "between": lambda actual, asked, read: read(asked[0]) <= actual <= read(asked[1]),
    "in": lambda actual, asked, read: actual in map(read, asked),
    "not_in": lambda actual, asked, read: actual not in map(read, asked),
    "contains": lambda actual, asked, read: read(asked) in actual,
    "starts_with": lambda actual, asked, read: actual.startswith(read(asked)),
}
