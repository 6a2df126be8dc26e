"""Keys to the API: made, shown once, revoked."""

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from domain import clock
from domain.accounts import keys as rules
from domain.errors import Refusal
from models.database import db
from web.access import fresh_login, requires
from web.blueprints.settings.room import bp, note
from web.forms.settings import KeyForm


@bp.get("/keys")
@requires("manage_keys")
def keys() -> str:
    """The keys that open something."""
    return render_template("settings/keys.html", keys=rules.of_tenant(db.session(), g.tenant.id))


@bp.route("/keys/new", methods=["GET", "POST"])
@requires("manage_keys")
@fresh_login
def new_key() -> str | tuple[str, int]:
    """A key for a program; it is shown this once."""
    form, refusal = KeyForm(), None
    if request.method == "GET":
        return render_template("settings/key.html", form=form)
    if form.validate():
        try:
            name, scopes = form.name.data or "", form.scopes.data or []
            token, key = rules.create(db.session(), tenant_id=g.tenant.id, scopes=scopes, name=name)
        except Refusal as refused:
            refusal = form.show(refused)
        else:
            note("key.created", f"key:{key.id}", scopes=scopes)
            db.session.commit()
            return render_template("settings/key_made.html", token=token, name=name), 201
    return render_template("settings/key.html", form=form, refusal=refusal), 422


@bp.post("/keys/<int:key_id>/revoke")
@requires("manage_keys")
@fresh_login
def revoke_key(key_id: int) -> Response:
    """It opens nothing any more."""
    rules.revoke(db.session(), tenant_id=g.tenant.id, key_id=key_id, now=clock.now())
    note("key.revoked", f"key:{key_id}")
    db.session.commit()
    flash(_("This key opens nothing any more."), "good")
    return redirect(url_for(".keys"), code=303)
