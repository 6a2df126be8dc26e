"""`Idempotency-Key`: the same request answered the same way, done once."""

import hashlib
from collections.abc import Callable

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from domain import clock
from domain.accounts import idempotency
from domain.errors import Malformed
from models.database import db
from web.errors import refused

HEADER = "Idempotency-Key"


def once(content: bytes, answer: Callable[[], Response], *, keys_in: Session | None = None) -> Response:
    """The answer, or the one this key got before. `answer` works in `db.session` and leaves the commit to its caller.

    The key is taken in `keys_in`, for work that commits on its way; else in the transaction of the work itself.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return answer()
    if not idempotency.is_key(key):
        raise Malformed(f"{HEADER} is 1 to {idempotency.LONGEST} printable ASCII characters.")
    session = keys_in or db.session
    try:
        earlier = idempotency.claim(session, key, _fingerprint(content), now=clock.now())
    except idempotency.StillRunning as error:
        raise _ask_again(error) from None
    if earlier:
        return Response(earlier.body, earlier.status, content_type=earlier.content_type)
    response = answer()
    idempotency.remember(
        session, key, idempotency.Answer(response.status_code, response.get_data(as_text=True), response.content_type)
    )
    return response


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(b"\n".join((request.method.encode(), request.full_path.encode(), content))).hexdigest()


def _ask_again(error: idempotency.StillRunning) -> HTTPException:
    response = refused(error)
    response.headers["Retry-After"] = str(error.retry_after)
    return HTTPException(response=response)
