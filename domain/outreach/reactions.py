"""Rules answer what happened: the one place that looks at what just came about and lets them speak, or stops them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from domain.loyalty.unlocks import Unlock
from domain.outreach import reward_messages
from models.message import Reason


def answer(
    session: Session,
    *,
    unlocked: Sequence[Unlock] = (),
    closed: Sequence[int] = (),
    now: datetime,
    held_back: Reason | None = None,
) -> int:
    """Plan what unlocked rewards say, and stop what has not left about those that closed (ids of reward events).

    Returns how many messages were written down. `held_back` is a reason that holds for all of them.
    """
    if closed:
        reward_messages.cancel(session, closed, now=now)
    if not unlocked:
        return 0
    return reward_messages.plan(session, [each.reward_event_id for each in unlocked], now=now, held_back=held_back)
