"""What the operator's page and the status page say, in words."""

from babel.numbers import format_percent
from babel.units import format_unit
from flask import Flask
from flask_babel import gettext as _

from models.message import MessageState
from models.prompt_day import PromptDay
from tasks import queues
from web import filters


def init_app(app: Flask) -> None:
    """Offer the words to all templates."""
    app.jinja_env.globals.update(
        lane_words=lane_words, work_words=work_words, state_words=state_words, seconds_words=seconds_words, share=share
    )
    app.jinja_env.filters["lane_words"] = lane_words


def lane_words(lane: str) -> str:
    """What a lane carries."""
    return {
        queues.INSTANT: _("What guests wait for"),
        queues.BRIEF: _("New days"),
        queues.MASS: _("To many"),
        queues.COMPUTE: _("Counting"),
        queues.SYNC: _("Tills"),
    }[lane]


def work_words(work: str) -> str:
    """What does not move."""
    return {
        "messages": _("Messages to send"),
        "reports": _("Providers' reports to apply"),
        "hooks": _("Tills' news to read"),
        "members": _("Guests whose tags and segments to look at"),
    }[work]


def state_words(state: str) -> str:
    """What became of messages."""
    return {
        MessageState.SENT: _("sent"),
        MessageState.DELIVERED: _("delivered"),
        MessageState.FAILED: _("failed"),
        MessageState.BOUNCED: _("bounced"),
        MessageState.UNSURE: _("unsure"),
        MessageState.CANCELLED: _("stopped"),
        MessageState.SKIPPED: _("held back"),
    }.get(MessageState(state), _("under way"))


def seconds_words(seconds: float) -> str:
    """`0.4 seconds`, `12 minutes`, `3 hours`: as coarse as it may be."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            return format_unit(round(seconds / size), unit, locale=filters.locale())
    return format_unit(round(seconds, 1) if seconds < 10 else round(seconds), "second", locale=filters.locale())


def share(day: PromptDay) -> str:
    """`99.8%`, rounded down: a hundred only when every message was prompt."""
    return format_percent(int(day.promptly * 1000 / day.handed_over) / 1000, "#,##0.0 %", locale=filters.locale())
