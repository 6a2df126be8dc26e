"""What all pages about members share: the blueprint, and the note of who did what to whom."""

from typing import Any

from flask import Blueprint
from flask_login import current_user

from domain import clock
from domain.accounts import audit
from models.database import db
from models.member import Member
from web.extensions import caller_address
from web.tenancy import CAFE

bp = Blueprint("members", __name__, url_prefix=f"{CAFE}/members")


def note(action: str, member: Member, **details: Any) -> None:
    """Write down who did this to a member, in the same transaction. Ids only: a name would outlive its erasure."""
    audit.record(
        db.session(),
        actor=audit.by_user(current_user.id),
        action=action,
        subject=f"member:{member.id}",
        details=details,
        now=clock.now(),
        address=caller_address(),
    )
