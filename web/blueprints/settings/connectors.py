"""Connectors: the till and the shop that tell us about purchases."""

from flask import Response, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from connectors import accounts, inbox, outlets
from domain import clock
from domain.accounts import hook_tokens
from domain.errors import NotFound, Refusal, Unacceptable
from domain.loyalty import locations
from models.connector import ConnectorAccount
from models.database import db
from tasks import queues
from web.access import requires
from web.blueprints.settings.room import bp, note
from web.forms.gateway import SquareForm

SYSTEM = "square"
SHOWN = 20


@bp.get("/connectors")
@requires("see_settings")
def connectors() -> str:
    """All connections, and what could not be read."""
    return render_template(
        "settings/connectors.html",
        connectors=[(account, outlets.of(account)) for account in accounts.all_of(db.session())],
        parked=inbox.parked(db.session(), limit=SHOWN),
    )


@bp.route("/connectors/new", methods=["GET", "POST"])
@requires("manage_gateways")
def new_connector() -> Response | str | tuple[str, int]:
    """Connect a till; where it reports to is shown once."""
    form, refusal = SquareForm(), None
    if request.method == "GET":
        return render_template("settings/connector.html", form=form, account=None)
    if form.validate():
        try:
            account, token = accounts.add(
                db.session(), tenant_id=g.tenant.id, system=SYSTEM, values=_typed(form), now=clock.now()
            )
        except Refusal as refused:
            refusal = form.show(refused)
        else:
            note("connector.added", f"connector:{account.id}")
            db.session.commit()
            queues.nudge_poll(g.tenant.id, account.id)  # the till's shops are asked for at once
            address = current_app.config["SETTINGS"].public_url + hook_tokens.path(SYSTEM, token)
            return render_template("settings/connected.html", hook_url=address), 201
    return render_template("settings/connector.html", form=form, account=None, refusal=refusal), 422


@bp.route("/connectors/<int:connector_id>", methods=["GET", "POST"])
@requires("manage_gateways")
def connector(connector_id: int) -> Response | str | tuple[str, int]:
    """New settings for a connection; they take it back into service."""
    account, form, refusal = _get(connector_id), SquareForm(), None
    if request.method == "GET":
        return _page(form, account)
    if form.validate():
        try:
            accounts.reconnect(db.session(), account, _typed(form))
        except Refusal as refused:
            refusal = form.show(refused)
        else:
            return _back_in_line("connector.changed", connector_id)
    return _page(form, account, refusal), 422


@bp.post("/connectors/<int:connector_id>/shops")
@requires("manage_gateways")
def assign_shops(connector_id: int) -> Response | tuple[str, int]:
    """Which of the café's locations each shop of the till is."""
    account = _get(connector_id)
    wanted = {shop.id: _chosen(f"shop-{shop.id}") for shop in outlets.of(account)}
    try:
        outlets.assign(db.session(), connector_id, wanted)
    except Unacceptable:
        return _page(SquareForm(formdata=None), account, _("One of these locations is gone. Choose again.")), 422
    note("connector.shops_assigned", f"connector:{connector_id}")
    db.session.commit()
    flash(_("Saved. It counts from the next sale on."), "good")
    return redirect(url_for(".connector", connector_id=connector_id), code=303)


@bp.post("/connectors/<int:connector_id>/try-again")
@requires("manage_gateways")
def try_hooks_again(connector_id: int) -> Response:
    """Read once more what could not be read."""
    _get(connector_id)
    return _back_in_line("connector.tried_again", connector_id)


def _page(form: SquareForm, account: ConnectorAccount, refusal: str | None = None) -> str:
    return render_template(
        "settings/connector.html",
        form=form,
        account=account,
        refusal=refusal,
        shops=outlets.of(account),
        locations=locations.of_cafe(db.session()),
        first=outlets.first(db.session()),
    )


def _chosen(field: str) -> int | None:
    """The location that was chosen; what is no number is one that nobody has."""
    typed = request.form.get(field, "")
    return None if not typed else int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0


def _get(connector_id: int) -> ConnectorAccount:
    account = accounts.find(db.session(), connector_id)
    if account is None:
        raise NotFound(_("There is no such connection."))
    return account


def _typed(form: SquareForm) -> dict[str, str]:
    return {name: value.strip() for name, value in form.data.items() if value}


def _back_in_line(action: str, connector_id: int) -> Response:
    count = inbox.try_again(db.session(), connector_id, now=clock.now())
    note(action, f"connector:{connector_id}", hooks=count)
    db.session.commit()
    queues.nudge_sync(g.tenant.id)
    flash(_("Saved. What waited is read once more."), "good")
    return redirect(url_for(".connectors"), code=303)
