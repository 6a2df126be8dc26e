"""One name for everything that is logged about one request."""

import uuid

import structlog
from flask import Flask, Response, g, request

HEADER = "X-Request-Id"
LONGEST = 64


def init_app(app: Flask) -> None:
    """Name every request, as our proxy did or anew, and tell the caller the name."""
    app.before_request(_name)
    app.after_request(_tell)


def _name() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _is_plain(given) else uuid.uuid4().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)


def _tell(response: Response) -> Response:
    if "request_id" in g:
        response.headers[HEADER] = g.request_id
    return response


def _is_plain(given: str) -> bool:
    return 8 <= len(given) <= LONGEST and given.isascii() and given.replace("-", "").isalnum()
