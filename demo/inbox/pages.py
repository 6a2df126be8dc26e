"""The page that shows the phone and the mailbox, and lets the till ring up an order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, abort, redirect, render_template, request, send_from_directory, url_for

from demo.inbox.store import Mail, Store
from demo.visits import VIENNA

PRODUCT_STATIC = Path(__file__).parents[2] / "static"
NO_SCRIPTS = (
    "default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
IN_A_NEW_TAB = '<base target="_blank">'
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; frame-src 'self'; form-action 'self'; img-src 'self'"
)


@dataclass(frozen=True, slots=True)
class Shopper:
    """A guest the till can sell to: `customer` is their number at the till."""

    customer: str
    name: str
    hint: str


@dataclass(frozen=True, slots=True)
class Till:
    """What the page may ask of the till: who is likely to unlock something, and to sell them an order."""

    shoppers: Callable[[], Sequence[Shopper]]
    ring_up: Callable[[str], None]


def create_app(store: Store, till: Till, *, product_url: str) -> Flask:
    """The inbox as a small web application of its own."""
    app = Flask(__name__)
    app.jinja_env.filters["clock"] = lambda at: f"{at.astimezone(VIENNA):%a %H:%M}"

    @app.get("/")
    def show() -> str:
        mails, texts = store.mails(), store.texts()
        chosen = _chosen(mails, request.args.get("mail"))
        view = request.args.get("view", "html")
        return render_template(
            "inbox.html",
            mails=mails,
            texts=texts,
            counts=store.counts(),
            chosen=chosen,
            view=view,
            shoppers=till.shoppers(),
            product_url=product_url,
            sold=request.args.get("sold"),
        )

    @app.get("/mail/<name>.html")
    def body(name: str) -> Response:
        try:
            html = store.mail(name).html
        except FileNotFoundError:
            abort(404)
        html = html.replace("<head>", f"<head>{IN_A_NEW_TAB}", 1)
        return Response(html, headers={"Content-Security-Policy": NO_SCRIPTS}, content_type="text/html; charset=utf-8")

    @app.post("/ring-up")
    def ring_up() -> Response:
        customer = request.form["customer"]
        till.ring_up(customer)
        return redirect(url_for("show", sold=customer), code=303)

    @app.get("/product/<path:path>")
    def product(path: str) -> Response:
        return send_from_directory(PRODUCT_STATIC, path)

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def _chosen(mails: Sequence[Mail], name: str | None) -> Mail | None:
    return next((mail for mail in mails if mail.name == name), mails[0] if mails else None)
