"""Interest in the bonus programme: what members do that shows it, and what takes it back."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.loyalty import summaries
from models.event import Event
from models.tenant import Tenant

BALANCE_INQUIRED = "balance.inquired"
PAGE_OPENED = "bonus.page_opened"
DECLARED = "bonus.interest_declared"
WITHDRAWN = "bonus.interest_withdrawn"
ACTS = (BALANCE_INQUIRED, PAGE_OPENED, DECLARED)
SOURCE = "member page"


def note(session: Session, tenant: Tenant, member_id: int, act: str, *, now: datetime) -> None:
    """Write down what a member did on a page of theirs; opening the bonus page counts once a day."""
    day = now.astimezone(ZoneInfo(tenant.timezone)).date()
    values = {"type": act, "member_id": member_id, "occurred_at": now, "recorded_at": now, "source": SOURCE}
    if act == PAGE_OPENED:
        values["external_id"] = f"{act}:{member_id}:{day}"
    session.execute(insert(Event).values(values).on_conflict_do_nothing())
    summaries.touch(session, [member_id], now=now)


def is_declared(session: Session, member_id: int) -> bool:
    """Whether the member's latest word is that the bonus programme interests them."""
    said = select(Event.type).where(Event.member_id == member_id, Event.type.in_((DECLARED, WITHDRAWN)))
    return session.scalar(said.order_by(Event.occurred_at.desc(), Event.id.desc()).limit(1)) == DECLARED
