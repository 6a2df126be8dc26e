"""Where a page of a list begins."""

from datetime import UTC, datetime, timedelta

from flask import request
from werkzeug.exceptions import NotFound

LARGEST = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Moment = tuple[datetime, int]


def cursor_number(name: str = "cursor") -> int | None:
    """The number after which the page begins, from the address; none for the first page. A made-up one is a 404."""
    text = request.args.get(name)
    return None if text is None else _number(text)


def cursor_moment(name: str = "cursor") -> Moment | None:
    """The instant and number after which the page begins, as `moment_cursor` wrote them; else as `cursor_number`."""
    text = request.args.get(name)
    if text is None:
        return None
    instant, _dot, number = text.partition(".")
    try:
        return EPOCH + _number(instant) * MICROSECOND, _number(number)
    except OverflowError:
        raise NotFound from None


def moment_cursor(moment: Moment) -> str:
    """An instant and a number for an address, exact to the microsecond."""
    return f"{(moment[0] - EPOCH) // MICROSECOND}.{moment[1]}"


def cursor_numbers(how_many: int, name: str = "cursor") -> tuple[int, ...] | None:
    """So many numbers after which the page begins, as `numbers_cursor` wrote them; else as `cursor_number`."""
    text = request.args.get(name)
    if text is None:
        return None
    parts = text.split(".")
    if len(parts) != how_many:
        raise NotFound
    return tuple(_number(part) for part in parts)


def numbers_cursor(numbers: tuple[int, ...]) -> str:
    """Numbers for an address."""
    return ".".join(map(str, numbers))


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 19 or int(text) > LARGEST:
        raise NotFound
    return int(text)
