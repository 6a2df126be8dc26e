"""When a part of a page is the answer, and when the whole page is."""

from flask import Response
from htmx_flask import request


def wants_fragment() -> bool:
    """htmx asked for a part. After a miss in its history it asks for the whole page again."""
    return bool(request.htmx) and not request.htmx.history_restore_request and not request.htmx.boosted


def vary_on_htmx(response: Response) -> Response:
    """The same address answers twofold: say so to every cache."""
    response.vary.update(("HX-Request", "HX-History-Restore-Request"))
    return response
