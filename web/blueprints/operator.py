"""For the platform's own people: how delivery goes over all cafés, and a hand for what does not move."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from domain import clock
from domain.accounts import tenants
from domain.watch import delivery
from models.database import db
from tasks import fleet, queues
from web.access import for_support

bp = Blueprint("operator", __name__, url_prefix="/operator")


@bp.get("/")
@for_support
def show() -> str:
    """Lanes, workers, gateways in trouble, stuck work and failed jobs, as they are now."""
    session, now, redis = db.session(), clock.now(), queues.connection()
    gateways, stuck = delivery.gateways(session, now=now), delivery.stuck(session, now=now)
    return render_template(
        "operator/show.html",
        now=now,
        lanes=delivery.lanes(session, now=now),
        settled=delivery.settled(session, now=now),
        gateways=gateways,
        stuck=stuck,
        names=tenants.names(session, {each.tenant_id for each in [*gateways, *stuck]}),
        hands=fleet.hands(redis),
        failed=fleet.failed(redis),
    )


@bp.post("/cafes/<int:tenant_id>/look")
@for_support
def look(tenant_id: int) -> Response:
    """Have workers look again at everything that a café has due."""
    for nudge in (queues.nudge_upkeep, queues.nudge_delivery, queues.nudge_segments, queues.nudge_sync):
        nudge(tenant_id)
    flash(_("The workers look again."), "good")
    return redirect(url_for(".show"), code=303)


@bp.post("/jobs/<lane>/<job>/retry")
@for_support
def retry(lane: str, job: str) -> Response:
    """Put a failed job back into its lane."""
    if lane not in queues.LANES:
        abort(404)
    if fleet.try_again(queues.connection(), lane, job):
        flash(_("The job is in its lane again."), "good")
    else:
        flash(_("The job is gone already: somebody was faster."), "look")
    return redirect(url_for(".show"), code=303)
