"""The café as its guests and its calendar see it."""

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from domain import clock
from domain.accounts import tenants
from domain.audience import consoles
from domain.errors import Refusal
from models.database import db
from web.access import may, requires
from web.blueprints.settings.room import bp, note
from web.forms import settings as asked
from web.forms.settings import CafeForm


@bp.get("/")
@requires("see_settings")
def cafe() -> str:
    """Name, address, calendar, language and colour."""
    return render_template("settings/cafe.html", form=_form())


@bp.post("/")
@requires("edit_settings")
def save_cafe() -> Response | tuple[str, int]:
    """Change them."""
    form, refusal = _form(), None
    if form.validate():
        try:
            changed = tenants.change(db.session(), g.tenant, form.data)
        except Refusal as refused:
            refusal = form.show(refused)
        else:
            if changed:
                note("cafe.changed", fields=changed)
            if "timezone" in changed:
                consoles.replan(db.session(), g.tenant, now=clock.now())
            db.session.commit()
            flash(_("Saved."), "good")
            return redirect(url_for(".cafe"), code=303)
    db.session.rollback()
    return render_template("settings/cafe.html", form=form, refusal=refusal), 422


def _form() -> CafeForm:
    form = CafeForm(obj=g.tenant)
    form.timezone.choices = asked.timezones(g.tenant.timezone)
    form.country.choices = asked.countries()
    form.locale.choices = asked.languages(g.tenant.locale)
    if request.method == "GET" and not may("edit_settings"):
        for field in form:
            field.render_kw = {"disabled": True}
    return form
