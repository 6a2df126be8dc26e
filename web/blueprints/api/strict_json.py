"""JSON as we take it: one meaning per document, nothing a later reader could understand differently."""

import json
import math
from typing import Any

from domain.errors import FieldError, Malformed, Unacceptable

DEEPEST = 32


def parse(raw: bytes) -> Any:
    """The document as Python values.

    Raises `Malformed` for what is no JSON in UTF-8, for a key that comes twice, for numbers that are none and for
    nesting deeper than 32; `Unacceptable` for text that holds NUL or half a surrogate pair.
    """
    document = _load(_text(raw))
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and depth(document) > DEEPEST:
        raise Malformed(f"This is nested deeper than {DEEPEST} levels.")
    if b"\\u0000" in raw or b"\\ud" in raw or b"\\uD" in raw:
        _refuse_unstorable(document)
    return document


def depth(document: Any) -> int:
    """How many objects and lists stand inside each other; 0 for a plain value."""
    levels, layer = 0, [document]
    while layer := [each for each in layer if isinstance(each, dict | list)]:
        levels += 1
        layer = [child for each in layer for child in (each.values() if isinstance(each, dict) else each)]
    return levels


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("This is not UTF-8.") from error


def _load(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise Malformed(f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from error
    except RecursionError as error:
        raise Malformed(f"This is nested deeper than {DEEPEST} levels.") from error
    except ValueError as error:  # a whole number of thousands of digits
        raise Malformed("This holds a number too long to read.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise Malformed(f"The key {twice!a} stands twice in one object.")
    return found


def _no_constant(name: str) -> float:
    raise Malformed(f"{name} is not a number in JSON.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Malformed("This holds a number too large to keep.")
    return number


def _refuse_unstorable(document: Any) -> None:
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{path}.{ascii(key)[1:-1]}".lstrip("."), each) for key, each in value.items()]
            waiting += [(path, key) for key in value]
        elif isinstance(value, list):
            waiting += [(f"{path}.{number}".lstrip("."), each) for number, each in enumerate(value)]
        elif isinstance(value, str) and not is_storable(value):
            message = "Text may not hold NUL or half a surrogate pair."
            raise Unacceptable(message, [FieldError(path, message)])


def is_storable(text: str) -> bool:
    """Whether the database can keep this text as it is."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
