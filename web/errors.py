"""What people and machines read when something does not work. Never how we are built."""

from http import HTTPStatus
from typing import Any

import psycopg.errors
import structlog
from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.response import Response as AnyResponse

from domain.errors import FieldError, Refusal
from models.database import db
from web import languages, sessions
from web.refusal_words import in_words

log = structlog.get_logger()


def init_app(app: Flask) -> None:
    """Answer refusals, HTTP errors and surprises: problem documents for machines, pages for people."""
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(CSRFError, csrf_failed)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(OperationalError, outrun)
    app.register_error_handler(Exception, surprised)


def is_for_machines() -> bool:
    """Whether the caller is a program: the API and the hooks are theirs."""
    return request.path.startswith(("/api/", "/hooks/"))


def problem(status: int, title: str, detail: str, errors: list[FieldError] | None = None) -> Response:
    """A problem document (RFC 9457)."""
    fields = [{"path": each.path, "message": each.message} for each in errors or []]
    document: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    response = jsonify(document | ({"errors": fields} if fields else {}))
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def refused(error: Refusal) -> AnyResponse:
    """A rule said no and nothing caught it on the way."""
    if is_for_machines():
        return problem(error.status, error.title, error.detail, error.errors)
    return _page(error.status, in_words(error.detail))


def csrf_failed(_error: CSRFError) -> AnyResponse:
    """The form came too late or from elsewhere: the session it belonged to is gone."""
    return _page(400, _("This page was open for too long. Go back, load it again and repeat the last step."))


def http_error(error: HTTPException) -> AnyResponse:
    """Everything HTTP has a status for. Redirects and prepared answers pass."""
    if error.response is not None:
        return error.response
    status = error.code or 500
    if status < 400:
        return error.get_response()
    answer = problem(status, _title(status), _detail(status)) if is_for_machines() else _page(status)
    for name, value in error.get_headers():
        if name in ("Retry-After", "Allow", "WWW-Authenticate"):
            answer.headers[name] = value
    return answer


def outrun(error: OperationalError) -> AnyResponse:
    """Two waited for each other and the database let one of them go: nothing was written, and once more it works."""
    if not isinstance(error.orig, psycopg.errors.DeadlockDetected):
        return surprised(error)
    log.warning("outrun", endpoint=request.endpoint, detail=error.orig.diag.message_detail)
    db.session.rollback()
    words = _("Somebody else changed the same at the same moment. Nothing was saved: please do it once more.")
    answer = problem(503, _title(503), words) if is_for_machines() else _page(503, words)
    answer.headers["Retry-After"] = "1"
    return answer


def surprised(error: Exception) -> AnyResponse:
    """A defect of ours: logged whole, told without any detail."""
    log.error("unexpected", endpoint=request.endpoint, exc_info=error)
    db.session.rollback()
    _ask_nobody()
    return problem(500, _title(500), _detail(500)) if is_for_machines() else _page(500)


def _ask_nobody() -> None:
    # The page about it must not ask a database that may be the trouble.
    g.tenant = None
    g.language = languages.of_browser()
    sessions.forget_person()


def _page(status: int, words: str | None = None) -> Response:
    template = f"errors/{status}.html" if status in (403, 404, 429, 500) else "errors/any.html"
    html = render_template(template, status=status, words=words or _detail(status))
    return Response(html, status)


def _title(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"


def _detail(status: int) -> str:
    return {
        400: _("This request could not be read."),
        401: _("A valid key is needed. Send it as a bearer token."),
        403: _("You may not do this here."),
        404: _("There is nothing here."),
        405: _("This address does not answer that way."),
        408: _("This took too long. Please try again."),
        409: _("This contradicts what is already there."),
        413: _("That is more than can be sent at once. A file has at most 20 MB."),
        415: _("Send this as JSON."),
        429: _("That was a lot in a short time. Wait a little, then try again."),
        500: _("Something went wrong on our side. Please try again."),
        503: _("We are not ready yet. Please try again in a moment."),
    }.get(status, _("This did not work."))
