"""The first page of the morning."""

from flask import Blueprint, g, render_template

from domain import clock
from domain.audience import consoles
from domain.delivery import messages
from domain.insight import today
from models.database import db
from web.access import requires
from web.tenancy import CAFE

bp = Blueprint("home", __name__, url_prefix=CAFE)

NEWEST = 8


@bp.get("/")
@requires("see_home")
def show() -> str:
    """How it goes, five names for today, what needs a look, what went out."""
    now = clock.now()
    return render_template(
        "home/show.html",
        now=now,
        numbers=today.numbers(db.session, g.tenant, now=now),
        weeks=today.weeks(db.session, g.tenant, now=now),
        names=today.names(db.session, g.tenant, now=now),
        attention=today.attention(db.session(), g.tenant, now=now),
        tagging=consoles.tagging(db.session()),
        last_run=next(iter(consoles.runs(db.session(), consoles.TAGS, limit=1)), None),
        messages=messages.newest(db.session, limit=NEWEST),
    )
