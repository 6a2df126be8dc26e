"""Messages: what went out, what waits, what was held back and why."""

from datetime import timedelta

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from domain import clock
from domain.delivery import messages, trials
from domain.delivery.messages import Filter, Listed
from domain.loyalty import rewards
from models.database import db
from models.message import Channel
from models.message import MessageState as State
from web.access import requires
from web.htmx import wants_fragment
from web.paging import cursor_moment, moment_cursor
from web.tenancy import CAFE

bp = Blueprint("messages", __name__, url_prefix=f"{CAFE}/messages")

PAGE = 50
WEEK = timedelta(days=7)
CHANNELS = (Channel.EMAIL.value, Channel.SMS.value)
STANDINGS: dict[str, tuple[str, ...]] = {
    "sent": (State.SENT, State.DELIVERED),
    "waiting": (State.PLANNED, State.CLAIMED, State.ATTEMPTING),
    "skipped": (State.SKIPPED,),
    "cancelled": (State.CANCELLED,),
    "unsure": (State.UNSURE,),
    "failed": (State.FAILED, State.BOUNCED),
}


@bp.get("/")
@requires("see_messages")
def index() -> str:
    """The list, newest first, narrowed by how it went, channel and what spoke; htmx gets the list alone."""
    chosen = _chosen()
    found = messages.page(db.session, _filter(chosen), limit=PAGE + 1, before=cursor_moment())
    shown = found[:PAGE]
    context = {
        "messages": shown,
        "chosen": chosen,
        "is_further": "cursor" in request.args,
        "cursor": _cursor(shown[-1]) if len(found) > PAGE else None,
        "standings": _standings(),
        "channels": CHANNELS,
        "causes": _causes(),
    }
    if wants_fragment():
        return render_template("messages/_list.html", **context)
    return render_template("messages/index.html", week=_week(), **context)


@bp.get("/<int:message_id>")
@requires("see_messages")
def show(message_id: int) -> str:
    """One message: its words, its way, and what would change a no."""
    message = messages.get(db.session, message_id)
    return render_template("messages/show.html", message=message, readings=messages.readings(db.session, message))


def _chosen() -> dict[str, str]:
    """What the address asks for, without what is no filter of ours."""
    asked = {name: request.args.get(name, "") for name in ("state", "channel", "cause", "member")}
    if asked["state"] not in STANDINGS:
        asked["state"] = ""
    if asked["channel"] not in CHANNELS:
        asked["channel"] = ""
    return {name: value for name, value in asked.items() if value}


def _filter(chosen: dict[str, str]) -> Filter:
    return Filter(
        states=STANDINGS.get(chosen.get("state", "")),
        channel=chosen.get("channel"),
        cause=chosen.get("cause"),
        member=chosen.get("member"),
    )


def _cursor(last: Listed) -> str:
    return moment_cursor((last.created_at, last.id))


def _causes() -> list[tuple[str, str]]:
    known = [(f"reward:{reward.id}", reward.name) for reward in rewards.of_cafe(db.session)]
    return [*known, (trials.CAUSE, _("Tests to yourself"))]


def _week() -> dict[str, int]:
    """How many of the last seven days' messages stand where."""
    by_state = messages.counts(db.session, Filter(since=clock.now() - WEEK))
    return {name: sum(by_state.get(state, 0) for state in states) for name, states in STANDINGS.items()}


def _standings() -> list[tuple[str, str]]:
    return [
        ("", _("All")),
        ("sent", _("Sent")),
        ("waiting", _("Waiting")),
        ("skipped", _("Held back")),
        ("cancelled", _("Stopped")),
        ("unsure", _("May have arrived")),
        ("failed", _("Did not work")),
    ]
