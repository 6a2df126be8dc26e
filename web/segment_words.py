"""Segments in words: what they are called, whom they hold, and what became of their size."""

from decimal import Decimal

from flask import Flask
from flask_babel import gettext as _
from flask_babel import ngettext, pgettext
from sqlalchemy.orm import Session

from domain import trees
from domain.audience import members, presets, segments
from domain.insight.segments import Standing
from models.member import Member
from models.segment import Segment
from web import condition_words, filters
from web.condition_words import Names
from web.condition_words.labels import missing_words

_OF_PROFILE = ("member.missing", "member.completeness")


def init_app(app: Flask) -> None:
    """Offer the words to all templates."""
    app.jinja_env.globals.update(segment_name=name, segment_change=change, missing_in_profile=missing)


def name(segment: Segment) -> str:
    """What it is called; the three presets in the reader's language until somebody calls them otherwise."""
    if segment.preset and segment.name == segments.NAMES[segment.preset]:
        return {presets.NEW: pgettext("guests", "New"), presets.TOP: _("Top"), presets.DEFECTING: _("Defecting")}[
            segment.preset
        ]
    return segment.name


def sentence(session: Session, segment: Segment, names: Names | None = None) -> str:
    """Whom it holds. `names` spares look-ups when a page says several."""
    if segment.preset:
        return of_preset(segment.preset, segment.parameters or {})
    return condition_words.sentence(session, segment.definition or {}, names)


def of_preset(preset: str, parameters: presets.Parameters) -> str:
    """Whom a preset holds with these numbers."""
    days = parameters["days"]
    if preset == presets.NEW:
        return ngettext(
            "Guests with exactly one purchase, yesterday or today.",
            "Guests with exactly one purchase, in the last %(num)s days.",
            days,
        )
    if preset == presets.DEFECTING:
        return ngettext(
            "Guests who bought before, but not since yesterday.",
            "Guests who bought before, but not in the last %(num)s days.",
            days,
        )
    return _top(parameters)


def change(standing: Standing) -> str:
    """`+12`, `−3`, `as many`, or what to say when nobody counted a month ago."""
    if standing.change is None:
        return _("too young to compare")
    if not standing.change:
        return _("as many")
    sign = "+" if standing.change > 0 else "−"
    return f"{sign}{filters.number(abs(standing.change))}"


def asks_for_missing(segment: Segment) -> bool:
    """Whether its rule is about incomplete profiles: then a list says what is missing."""
    return any(leaf["fact"] in _OF_PROFILE for _spot, leaf in trees.leaves(segment.definition or {"all": []}))


def missing(member: Member) -> str:
    """What is missing in a member's profile."""
    words = missing_words()
    return ", ".join(words.get(field, field) for field in members.completeness(member).missing)


def _top(parameters: presets.Parameters) -> str:
    percent = filters.number(Decimal(str(parameters["percent"])))  # type: ignore[arg-type]
    often = ngettext("at least once", "at least %(num)s times", parameters["purchases"])
    return _(
        "The %(percent)s %% who spent most, among the guests who bought %(often)s in the last %(days)s days.",
        percent=percent,
        often=often,
        days=filters.number(parameters["days"]),
    )
