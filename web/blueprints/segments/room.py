"""What all pages about segments share: the blueprint, the café's day, and the note of who changed what."""

from datetime import date
from typing import Any

from flask import Blueprint
from flask_login import current_user

from domain import clock
from domain.accounts import audit
from models.database import db
from models.segment import Segment
from web import filters
from web.extensions import caller_address
from web.tenancy import CAFE

bp = Blueprint("segments", __name__, url_prefix=f"{CAFE}/segments")


def today() -> date:
    """The café's own date."""
    return clock.now().astimezone(filters.zone()).date()


def note(action: str, segment: Segment, **details: Any) -> None:
    """Write down who did this to a segment, in the same transaction."""
    audit.record(
        db.session(),
        actor=audit.by_user(current_user.id),
        action=action,
        subject=f"segment:{segment.id}",
        details=details,
        now=clock.now(),
        address=caller_address(),
    )
