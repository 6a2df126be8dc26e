"""Test messages to the owner: they carry their own words and ask nobody's consent."""

from datetime import datetime, timedelta
from html import escape
from uuid import uuid4

from sqlalchemy.orm import Session

from domain.errors import Unacceptable
from models.gateway import GatewayAccount
from models.message import Channel, Lane, Message, Topic

EXPIRES_AFTER = timedelta(hours=1)
CAUSE = "test"


def plan(
    session: Session,
    account: GatewayAccount,
    *,
    to: str,
    text: str,
    now: datetime,
    subject: str | None = None,
    html: str | None = None,
) -> Message:
    """Plan a finished text (and for e-mail subject and HTML) to an address, through this account's channel, at once.

    Raises `Unacceptable` when the account is stopped. Nudge delivery after the commit.
    """
    if account.stopped_at is not None:
        raise Unacceptable("This gateway is stopped. Put it back into service first.")
    values = {"text": text}
    if account.channel == Channel.EMAIL:
        values |= {"subject": subject or "", "html": html or f"<p>{escape(text)}</p>"}
    message = Message(
        cause=CAUSE,
        occasion=f"{CAUSE}:{uuid4().hex}",
        channel=account.channel,
        topic=Topic.REWARDS,
        lane=Lane.INSTANT,
        gateway_id=account.id,
        address=to,
        values=values,
        due_at=now,
        created_at=now,
        expires_at=now + EXPIRES_AFTER,
    )
    session.add(message)
    session.flush()
    return message
