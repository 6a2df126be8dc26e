"""Test messages to the owner: they carry their own words and ask nobody's consent."""

from datetime import datetime, timedelta
from html import escape
from uuid import uuid4

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from domain.delivery.leases import LEASE
from domain.delivery.outbox import Claimed
from domain.errors import Unacceptable
from domain.sentences import say
from models.gateway import GatewayAccount
from models.message import Channel, Lane, Message, MessageState, Topic

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
        raise Unacceptable(say("This gateway is stopped. Put it back into service first."))
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


def take(session: Session, message: Message, owner: str) -> Claimed:
    """Claim a test in the transaction that planned it, so that no worker is faster."""
    message.state = MessageState.CLAIMED
    message.claimed_by = owner
    message.lease_until = func.clock_timestamp() + LEASE
    session.flush()
    return Claimed(**{name: getattr(message, name) for name in Claimed.__dataclass_fields__})


def give_up(session: Session, message_id: int, *, now: datetime) -> None:
    """A test is tried once: one that was to be tried again later has failed."""
    again = (Message.id == message_id, Message.state == MessageState.PLANNED)
    session.execute(update(Message).where(*again).values(state=MessageState.FAILED, settled_at=now))
