"""Values that others named and filled, kept as JSON: how they compare. What is asked decides how they are read."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Numeric, Text, case, cast, func, literal, or_

from domain.audience.facts.statement import Column, Condition
from domain.fact import WRITTEN_NUMBER


def element(column: Column, name: str) -> Column:
    """A field of a JSON object as people write it; NULL when it is missing or null."""
    return column.op("->>", return_type=Text())(literal(name, Text))


def number_of(element: Column) -> Column:
    """The element where it is a number, also a written one."""
    return case((element.regexp_match(f"^{WRITTEN_NUMBER}$"), cast(element, Numeric)))


def compared(element: Column, op: str, value: Any) -> Condition:
    """Whether the element fulfils the operator. Numbers compare with numbers, also written ones, all else as text."""
    values = value if isinstance(value, list) else [value]
    if op in ("eq", "in"):
        return _one_of(element, values)
    if op not in ("contains", "starts_with") and all(map(_is_number, values)):
        return _COMPARISONS[op](number_of(element), values)
    return _COMPARISONS[op](func.lower(element).collate("C"), [_text(each) for each in values])


def _one_of(element: Column, values: list[Any]) -> Condition:
    numbers = [each for each in values if _is_number(each)]
    texts = [_text(each) for each in values if not _is_number(each)]
    asked = [number_of(element).in_(numbers)] if numbers else []
    return or_(*asked, *([func.lower(element).in_(texts)] if texts else []))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> Column:
    written = str(value).lower() if isinstance(value, bool) else str(value)
    return func.lower(literal(written, Text))


_COMPARISONS: Mapping[str, Callable[[Column, list[Any]], Condition]] = {
    "lt": lambda column, values: column < values[0],
    "lte": lambda column, values: column <= values[0],
    "gt": lambda column, values: column > values[0],
    "gte": lambda column, values: column >= values[0],
    "between": lambda column, values: column.between(values[0], values[1]),
    "contains": lambda column, values: func.strpos(column, values[0]) > 0,
    "starts_with": lambda column, values: func.starts_with(column, values[0]),
}
