"""The list as a file."""

from flask import Response, request
from flask_login import current_user

from domain import clock
from domain.accounts import audit
from domain.audience import members
from models.database import db
from web import exports, filters
from web.access import fresh_login, requires
from web.blueprints.members.room import bp
from web.extensions import caller_address


@bp.post("/members.csv")
@requires("export_members")
@fresh_login
def export() -> Response:
    """All members, or those that a search finds."""
    words = request.form.get("q", "").strip()[:120]
    audit.record(
        db.session(),
        actor=audit.by_user(current_user.id),
        action="members.exported",
        details={"searched": bool(words)},
        now=clock.now(),
        address=caller_address(),
    )
    db.session.commit()
    today = clock.now().astimezone(filters.zone()).date()
    return exports.members(f"members-{today:%Y-%m-%d}", members.found_by(words) if words else None)
