"""Where a page of a list begins."""

from flask import request
from werkzeug.exceptions import NotFound

LARGEST = 2**63 - 1


def cursor_number(name: str = "cursor") -> int | None:
    """The number after which the page begins, from the address; none for the first page. A made-up one is a 404."""
    text = request.args.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > LARGEST:
        raise NotFound
    return int(text)
