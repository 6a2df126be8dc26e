"""Whom a rule finds, in words: the waterfall as a page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import g
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select
from sqlalchemy.orm import Session

from domain import clock
from domain.insight import reach
from domain.insight.reach import Person, Step
from models.message import Reason
from web import filters
from web.words import reason_words

MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step of the waterfall; `why_not` says who is not in it, "" where the step before says it."""

    words: str
    count: int
    sample: Sequence[Person]
    why_not: str = ""
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What follows from a rule: how it reads, whom it finds, or what is wrong with it.

    `unfinished` says what is missing in conditions that were left out. Without steps nothing was asked yet.
    """

    sentence: str = ""
    steps: Sequence[ShownStep] = ()
    problems: Sequence[str] = ()
    unfinished: Sequence[str] = ()

    @property
    def line(self) -> str:
        """All of it in a few words, for a phone."""
        if not self.steps:
            return _("Who that is")
        match, *_between, last = self.steps
        found = ngettext("%(count)s guest", "%(count)s guests", match.count, count=filters.number(match.count))
        return f"{found} · {filters.number(last.count)} {last.words}"


def among(
    session: Session, members: Select[tuple[int]], *, sentence: str = "", unfinished: Sequence[str] = ()
) -> Found:
    """Whom a query of member ids finds, and whom a mailing with an offer would reach."""
    fall = reach.waterfall(session, members, tenant_id=g.tenant.id, now=clock.now())
    return Found(sentence, [_match(fall.match), _agreed(fall), *_by_channel(fall)], unfinished=unfinished)


def _match(step: Step) -> ShownStep:
    return ShownStep(_("match"), step.count, step.sample)


def _agreed(fall: reach.Waterfall) -> ShownStep:
    return ShownStep(_("agreed to offers"), fall.agreed.count, fall.agreed.sample)


def _by_channel(fall: reach.Waterfall) -> list[ShownStep]:
    words = {"email": _("reachable by e-mail"), "sms": _("reachable by SMS")}
    return [
        ShownStep(words[channel], step.count, step.sample, _why_not(step.held_back), is_end=True)
        for channel, step in fall.channels.items()
    ]


def _why_not(held_back: Mapping[str, int]) -> str:
    """`42 never said yes, 3 took their yes back`: the most common reasons."""
    if Reason.GATEWAY_MISSING in held_back:
        return reason_words(Reason.GATEWAY_MISSING)
    common = sorted(held_back.items(), key=lambda each: -each[1])[:MOST_REASONS]
    return ", ".join(f"{filters.number(count)} {reason_words(reason)}" for reason, count in common)
