"""The shops of the café."""

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from domain import clock
from domain.errors import Refusal
from domain.loyalty import locations as shops
from models.database import db
from models.location import Location
from web.access import requires
from web.blueprints.settings.room import bp, note
from web.forms import settings as asked
from web.forms.settings import LocationForm


@bp.get("/locations")
@requires("see_settings")
def locations() -> str:
    """All of them, and a form for one more."""
    return render_template("settings/locations.html", locations=shops.of_cafe(db.session()), form=_form())


@bp.post("/locations")
@requires("edit_settings")
def new_location() -> Response | tuple[str, int]:
    """Open one more shop."""
    form = _form()
    try:
        if form.validate():
            shop = shops.create(db.session(), **form.data, now=clock.now())
            return _saved("location.created", shop.id)
    except Refusal as refused:
        return _again("settings/locations.html", form, form.show(refused), locations=shops.of_cafe(db.session()))
    return _again("settings/locations.html", form, None, locations=shops.of_cafe(db.session()))


@bp.get("/locations/<int:location_id>")
@requires("edit_settings")
def location(location_id: int) -> str:
    """One shop, to change it."""
    shop = shops.get(db.session(), location_id)
    return render_template("settings/location.html", location=shop, form=_form(shop))


@bp.post("/locations/<int:location_id>")
@requires("edit_settings")
def change_location(location_id: int) -> Response | tuple[str, int]:
    """Rename it, or change its address and clock."""
    shop = shops.get(db.session(), location_id)
    form = _form(shop)
    try:
        if form.validate():
            shops.update(db.session(), location_id, form.data)
            return _saved("location.changed", location_id)
    except Refusal as refused:
        return _again("settings/location.html", form, form.show(refused), location=shop)
    return _again("settings/location.html", form, None, location=shop)


def _form(shop: Location | None = None) -> LocationForm:
    form = LocationForm(obj=shop)
    form.timezone.choices = [("", _("the café's")), *asked.timezones(shop and shop.timezone)]
    return form


def _saved(action: str, location_id: int) -> Response:
    note(action, f"location:{location_id}")
    db.session.commit()
    flash(_("Saved."), "good")
    return redirect(url_for(".locations"), code=303)


def _again(template: str, form: LocationForm, refusal: str | None, **context: object) -> tuple[str, int]:
    return render_template(template, form=form, refusal=refusal, **context), 422
