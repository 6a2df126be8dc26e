"""The numbers of New, Top and Defecting: tried out before they are kept."""

from dataclasses import dataclass

from flask import Response, abort, flash, g, redirect, render_template, url_for
from flask_babel import ngettext
from sqlalchemy import select

from domain import clock
from domain.audience import presets, segments
from domain.audience.conditions import Scope
from domain.audience.segments import Preview
from domain.errors import Refusal
from models.database import db
from models.segment import Segment
from web import filters, segment_words
from web.access import requires
from web.blueprints.settings.room import bp, note
from web.forms.segment import FORMS, PresetForm


@dataclass(frozen=True, slots=True)
class Tried:
    """What these numbers would find; `border` is what the least of Top spent, in minor units."""

    sentence: str
    found: Preview
    border: int | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One of the three: as it stands, its form, and what is typed in it; None when that cannot be tried."""

    segment: Segment
    form: PresetForm
    tried: Tried | None


@bp.get("/segments", endpoint="segments")
@requires("see_settings")
def of_every_cafe() -> str:
    """The three with their numbers."""
    return _page()


@bp.post("/segments/<preset>")
@requires("edit_segments")
def keep_segment(preset: str) -> Response | tuple[str, int]:
    """Keep the numbers; who fits now is in it at once."""
    segment, form = _segment(preset), _form(preset)
    if not form.validate():
        return _page(form), 422
    try:
        segments.update(db.session(), g.tenant, segment.id, {"parameters": form.numbers}, now=clock.now())
    except Refusal as refused:
        db.session.rollback()
        return _page(form, form.show(refused)), 422
    note("segment.changed", f"segment:{segment.id}")
    db.session.commit()
    flash(_saved(segment.size), "good")
    return redirect(url_for(".segments", _anchor=preset), code=303)


@bp.post("/segments/<preset>/found")
@requires("see_settings")
def try_segment(preset: str) -> str:
    """What is typed, counted before it is kept."""
    form = _form(preset)
    card = Card(_segment(preset), form, _tried(form) if form.validate() else None)
    return render_template("settings/_segment_found.html", card=card)


def _page(typed: PresetForm | None = None, refusal: str | None = None) -> str:
    cards = [_card(segment, typed) for segment in _standing()]
    return render_template("settings/segments.html", cards=cards, refusal=refusal)


def _card(segment: Segment, typed: PresetForm | None) -> Card:
    if typed is not None and typed.preset == segment.preset:
        return Card(segment, typed, None if typed.errors else _tried(typed))
    form = FORMS[segment.preset or ""](formdata=None, data=segment.parameters)
    return Card(segment, form, _tried(form))


def _form(preset: str) -> PresetForm:
    return FORMS[preset]()


def _standing() -> list[Segment]:
    """The three in their order, those that the café has."""
    kept = select(Segment).where(Segment.preset.in_(FORMS), Segment.archived_at.is_(None)).order_by(Segment.id)
    found = {segment.preset: segment for segment in reversed(list(db.session.scalars(kept)))}
    return [found[preset] for preset in FORMS if preset in found]


def _segment(preset: str) -> Segment:
    return next((segment for segment in _standing() if segment.preset == preset), None) or abort(404)


def _tried(form: PresetForm) -> Tried:
    now, numbers = clock.now(), form.numbers
    asked = {"preset": form.preset, "parameters": numbers}
    found = segments.preview(db.session(), g.tenant, asked, now=now)
    is_known = form.preset == presets.TOP and presets.looks_at_a_year(
        db.session(), numbers, Scope.of(g.tenant, now=now)
    )
    border = presets.border(db.session(), numbers) if is_known else None
    return Tried(segment_words.of_preset(form.preset, numbers), found, border)


def _saved(size: int) -> str:
    shown = filters.number(size)
    return ngettext("Saved. %(shown)s guest is in it now.", "Saved. %(shown)s guests are in it now.", size, shown=shown)
