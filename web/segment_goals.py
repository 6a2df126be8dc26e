"""What the three presets are for: the figure that says whether it works, and what one does with the guests in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from babel.numbers import format_percent
from flask import g
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from domain import clock
from domain.audience import presets
from domain.insight import goals
from domain.insight.goals import Rate
from models.segment import Segment
from web import filters


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure with its name, and a sentence that says of whom it tells."""

    label: str
    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What one does with the guests of a segment."""

    title: str
    words: str


def goals_of(session: Session, segment: Segment) -> Sequence[Goal]:
    """The figures of a segment; those of the owner's own have none."""
    if segment.preset == presets.NEW:
        rate = goals.second_purchase(session, g.tenant, now=clock.now())
        return [_goal(_("Second purchase within 30 days"), rate)]
    if segment.preset == presets.DEFECTING:
        away = (segment.parameters or {})["days"]
        rate = goals.came_back(session, g.tenant, away_days=away, now=clock.now())
        return [_goal(_("Came back within 30 days"), rate)]
    return []


def advice_for(segment: Segment) -> Advice | None:
    """The recipe of a preset."""
    return {
        presets.NEW: Advice(
            _("Ask them back"),
            _("The second visit decides. Write within a week: what is good today, and a reason to come for it."),
        ),
        presets.TOP: Advice(
            _("Thank them"),
            _("They carry the house. A coffee on you, by name and without a condition, is remembered for a year."),
        ),
        presets.DEFECTING: Advice(
            _("Win them back"),
            _("Say that they are missed, give one reason with a last day, and write once more after two weeks. "
              "Leave a quiet group out: it shows who would have come anyway."),
        ),
    }.get(segment.preset or "")  # fmt: skip


def _goal(label: str, rate: Rate) -> Goal:
    if rate.share is None:
        return Goal(label, "–", _("nobody's 30 days are over yet"))
    words = _(
        "%(reached)s of %(all)s, from %(first)s to %(last)s",
        reached=filters.number(rate.reached),
        all=filters.number(rate.everybody),
        first=filters.short_day(rate.first),
        last=filters.short_day(rate.last),
    )
    return Goal(label, format_percent(rate.share, locale=filters.locale()), words)
