"""Version 1 of the API: one room per noun, one door for all of them."""

from importlib import import_module

from flask import Response, request
from flask_openapi3 import OpenAPI

from web.blueprints.api import document
from web.blueprints.api.noun import PREFIX

NOUNS = (
    "members",
    "purchases",
    "balance_inquiries",
    "points",
    "redemptions",
    "events",
    "batch",
    "messages",
    "currencies",
    "locations",
    "earning_rules",
    "facts",
    "templates",
    "rewards",
    "segments",
)


def register(app: OpenAPI) -> None:
    """Open the nouns, the document and the page that shows it."""
    document.describe(app)
    app.register_blueprint(document.bp)
    for name in NOUNS:
        app.register_api(import_module(f"{__name__}.{name}").bp)
    app.after_request(_keep_private)


def _keep_private(response: Response) -> Response:
    if request.path.startswith(PREFIX) and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
