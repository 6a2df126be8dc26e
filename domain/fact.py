"""What a condition may ask about: facts, the kinds of values they have, and how values of a kind are written."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.sentences import Sentence, say

LONGEST_TEXT = 500
LARGEST = Decimal(10) ** 15
WRITTEN_NUMBER = r"-?[0-9]{1,15}(\.[0-9]{1,10})?"  # a text that reads as a number


class Type(StrEnum):
    """What kind of value a fact has; it decides the operators and how values are written."""

    NUMBER = "number"
    MONEY = "money"
    TEXT = "text"
    DATE = "date"
    INSTANT = "instant"
    BIRTHDAY = "birthday"  # a date that comes again every year
    BOOLEAN = "boolean"
    SET = "set"
    IDS = "ids"
    FREE = "free"  # what others named and filled: a text, a number or a yes or no


_ORDERED = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "not_in")
_WORDED = ("eq", "ne", "in", "not_in", "contains", "starts_with")
PRESENCE = ("is_set", "not_set")
_CALENDAR = ("before", "after", "between", "within_days", "more_than_days_ago")
_MEMBERSHIP = ("contains", "in", "not_in")
OPERATORS: Mapping[Type, tuple[str, ...]] = {
    Type.NUMBER: (*_ORDERED, *PRESENCE),
    Type.MONEY: (*_ORDERED, *PRESENCE),
    Type.TEXT: (*_WORDED, *PRESENCE),
    Type.DATE: ("eq", "ne", *_CALENDAR, *PRESENCE),
    Type.INSTANT: (*_CALENDAR, *PRESENCE),
    Type.BIRTHDAY: ("within_days", "eq", "ne", "before", "after", "between", *PRESENCE),
    Type.BOOLEAN: ("eq", "ne", *PRESENCE),
    Type.SET: (*_MEMBERSHIP, *PRESENCE),
    Type.IDS: (*_MEMBERSHIP, *PRESENCE),
    Type.FREE: (*_WORDED, "lt", "lte", "gt", "gte", "between", *PRESENCE),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a condition may ask about.

    `options` empty means any value; `names` says whose names or ids the values are (tags, segments, locations …).
    `is_windowed` allows `window_days`; `fields` are what a `where` may ask (None: it takes none). `is_always_set` says
    that nothing is a value too: who never bought has bought 0 times.
    """

    name: str
    type: Type
    words: str
    example: Any
    options: tuple[str, ...] = ()
    names: str = ""
    is_windowed: bool = False
    is_always_set: bool = False
    fields: Mapping[str, "Fact"] | None = dataclasses.field(default=None, compare=False, repr=False)

    @property
    def operators(self) -> tuple[str, ...]:
        """What may be asked about it."""
        allowed = OPERATORS[self.type]
        return tuple(op for op in allowed if op not in PRESENCE) if self.is_always_set else allowed

    def field(self, name: str) -> "Fact | None":
        """What a `where` asks by this name; None for what it cannot ask."""
        return None if self.fields is None else self.fields.get(name)


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


def _id(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise TypeError(value)
    return value


def _free(value: Any) -> Any:
    return value if isinstance(value, bool) else _text(value) if isinstance(value, str) else _number(value)


READERS: Mapping[Type, Callable[[Any], Any]] = {
    Type.NUMBER: _number,
    Type.MONEY: _number,
    Type.TEXT: _text,
    Type.DATE: date.fromisoformat,
    Type.INSTANT: _instant,
    Type.BIRTHDAY: date.fromisoformat,
    Type.BOOLEAN: _boolean,
    Type.SET: _text,
    Type.IDS: _id,
    Type.FREE: _free,
}
KINDS: Mapping[Type, Sentence] = {
    Type.NUMBER: say("a number"),
    Type.MONEY: say("an amount of money"),
    Type.TEXT: say("a text"),
    Type.DATE: say("a date"),
    Type.INSTANT: say("a date and time with its offset"),
    Type.BIRTHDAY: say("a date"),
    Type.BOOLEAN: say("true or false"),
    Type.SET: say("a set of names"),
    Type.IDS: say("a set of numbers that stand for something"),
    Type.FREE: say("a text, a number, or true or false"),
}
