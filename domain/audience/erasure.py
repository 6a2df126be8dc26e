"""A member's right to be forgotten: the person goes, the anonymous ledger stays."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from domain.loyalty import summaries
from models.member import Member
from models.message import Message, MessageState, Reason
from models.tag import MemberTag

FORGOTTEN = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "phone_country",
    "card",
    "birthday",
    "locale",
    "timezone",
    "country",
)
WAITING = (MessageState.PLANNED, MessageState.CLAIMED)


def erase(session: Session, member: Member, *, now: datetime) -> None:
    """Forget who the member was, revoke their links, cancel what waits for them and redact what was sent."""
    for field in FORGOTTEN:
        setattr(member, field, None)
    member.attributes = {}
    member.phone_takes_texts = False
    member.external_id = f"erased-{member.id}"
    member.link_number += 1
    member.erased_at = member.updated_at = now
    summaries.forget(session, [member.id])
    theirs = update(Message).where(Message.member_id == member.id)
    session.execute(
        theirs.where(Message.state.in_(WAITING)).values(
            state=MessageState.CANCELLED, reason=Reason.MEMBER_ERASED, settled_at=now, lease_until=None
        )
    )
    session.execute(theirs.values(address=None, subject=None, body_preview=None, values={}))
    session.execute(delete(MemberTag).where(MemberTag.member_id == member.id))
    session.flush()
