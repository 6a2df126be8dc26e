"""What the API says about itself: an OpenAPI document, and a page to read it on."""

from importlib.resources import files

from flask import Blueprint, Response, current_app, jsonify, render_template, send_from_directory
from flask_openapi3 import Info, OpenAPI, Server

from web.access import public
from web.blueprints.api.noun import BEARER, PREFIX
from web.blueprints.api.shapes import Problem

INTRODUCTION = """\
Send `Authorization: Bearer <key>`. A key belongs to one café and opens what its scopes say.

Bodies are JSON objects in UTF-8; unknown fields are refused and `"3"` is not 3. Amounts are text in major units with
the currency's own decimals (`"12.50"`), points are whole numbers, instants are RFC 3339 with an offset. Errors are
problem documents (RFC 9457). Lists come in pages: pass `next` back as `cursor`.

`Idempotency-Key` on any POST makes it safe to repeat for 24 hours.
"""

bp = Blueprint("api_document", __name__, url_prefix=PREFIX)


def describe(app: OpenAPI) -> None:
    """Give the document its title, its way of signing in, and our shape of errors."""
    app.info = Info(title="Regulars", version="1", description=INTRODUCTION)
    app.severs = [Server(url="/")]
    app.security_schemes = {BEARER: {"type": "http", "scheme": "bearer", "description": "A key of the café."}}
    app.validation_error_model = Problem


@bp.get("/openapi.json")
@public
def openapi() -> Response:
    """The whole API, OpenAPI 3.1."""
    return jsonify(current_app.api_doc)


@bp.get("/docs")
@public
def docs() -> str:
    """The same, to read."""
    return render_template("api/docs.html")


@bp.get("/docs/<path:name>")
@public
def asset(name: str) -> Response:
    """Swagger UI's own files, out of its wheel."""
    return send_from_directory(str(files("flask_openapi3_swagger") / "templates" / "swagger"), name, max_age=86400)
