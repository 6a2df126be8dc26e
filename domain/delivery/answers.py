"""What a guest who wrote is answered, where the provider has no answer of its own: a text through the same account."""

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.gateway import GatewayAccount
from models.message import Lane, Message, Topic

CAUSE = "answer"
EXPIRES_AFTER = timedelta(hours=1)
ONCE_IN = timedelta(days=1)  # whoever asks again and again, perhaps a machine, is told once


def plan(session: Session, account: GatewayAccount, *, to: str, text: str, now: datetime) -> bool:
    """Answer a guest's text, whatever they agreed to: they asked. False when they were told the same not long ago.

    Nudge delivery after the commit.
    """
    told = select(Message.values).where(
        Message.cause == CAUSE, Message.address == to, Message.created_at > now - ONCE_IN
    )
    if any(values.get("text") == text for values in session.scalars(told)):
        return False
    session.add(
        Message(
            cause=CAUSE,
            occasion=f"{CAUSE}:{uuid4().hex}",
            channel=account.channel,
            topic=Topic.REWARDS,
            lane=Lane.INSTANT,
            gateway_id=account.id,
            address=to,
            values={"text": text},
            due_at=now,
            created_at=now,
            expires_at=now + EXPIRES_AFTER,
        )
    )
    session.flush()
    return True
