"""A reward that was used by mistake, taken back."""

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from domain import clock
from domain.audience import members
from domain.errors import Conflict, NotFound
from domain.loyalty import voids, wallets
from domain.outreach import reactions
from domain.sentences import say
from models.database import db
from tasks import queues
from web.access import requires
from web.blueprints.members.room import bp, note
from web.refusal_words import in_words


@bp.post("/<external_id>/redemptions/<int:redemption_id>/take-back")
@requires("redeem")
def take_back(external_id: str, redemption_id: int) -> Response:
    """The reward was not used after all: its points return, and it waits again."""
    member, now = members.get(db.session, external_id), clock.now()
    if redemption_id not in {each.id for each in wallets.used_rewards(db.session(), member.id)}:
        raise NotFound(say("There is no such redemption."))
    try:
        voided = voids.post(db.session(), redemption_id, now=now)
    except Conflict as refused:
        db.session.rollback()
        flash(in_words(refused.detail), "stopped")
    else:
        planned = reactions.answer(db.session(), unlocked=voided.unlocked, now=now)
        note("redemption.taken_back", member, redemption=redemption_id)
        db.session.commit()
        if planned:
            queues.nudge_delivery(member.tenant_id)
        flash(_("Taken back. The points are there again."), "good")
    return redirect(url_for(".show", external_id=external_id), code=303)
