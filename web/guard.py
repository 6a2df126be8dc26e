"""What no request gets past: unreadable text, another site's forms, numbers no table holds."""

from urllib.parse import urlsplit

from flask import Flask, abort, current_app, request
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from werkzeug.routing import IntegerConverter

from web.extensions import csrf

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
# Keys and signatures prove the caller there; no browser sends them by itself.
WITHOUT_TOKEN = ("/api/", "/hooks/")
LONGEST_VALUE = 8192


class RowId(IntegerConverter):
    """A number in an address that can be a row's. Others are not there: 404 without asking the database.

    Told by length: a number too large for `max` would be answered 405 where two methods share an address.
    """

    regex = r"\d{1,18}"


def init_app(app: Flask) -> None:
    """Check every request, before anything else does."""
    app.before_request(refuse_unreadable)
    app.before_request(refuse_foreign)
    app.jinja_env.globals["csrf_field"] = csrf_field


def csrf_field() -> Markup:
    """The form token as a hidden input, for every form that changes something."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def refuse_unreadable() -> None:
    """400 for NUL in path, query or form: no database text holds one."""
    if "\x00" in request.path or any("\x00" in f"{key}{value}" for key, value in request.args.items(multi=True)):
        abort(400)
    if any(len(value) > LONGEST_VALUE for value in request.args.values()):
        abort(414)
    # Machines check their bodies themselves; reading a form here would take the raw bytes from under a signature.
    if not _is_for_machines() and any("\x00" in f"{key}{value}" for key, value in request.form.items(multi=True)):
        abort(400)


def refuse_foreign() -> None:
    """An unsafe method comes from a page of ours and carries its form token."""
    if request.method in SAFE or request.endpoint is None or _does_without_token():
        return
    if not _comes_from_us():
        abort(403)
    csrf.protect()


def _comes_from_us() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    # Older browsers say "null" on pages that send no referrer; the form token decides then.
    return origin in (None, "null") or _host(origin) in (request.host, _host(current_app.config["SETTINGS"].public_url))


def _host(address: str) -> str:
    return urlsplit(address).netloc


def _is_for_machines() -> bool:
    return request.path.startswith(WITHOUT_TOKEN)


def _does_without_token() -> bool:
    one_click = request.path.startswith("/u/") and request.form.get("List-Unsubscribe") == "One-Click"
    return _is_for_machines() or one_click
