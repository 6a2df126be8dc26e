"""At the till: loyalty books, rules answer, and the till is told what to print and say. One transaction, the door's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.errors import Refusal
from domain.loyalty import points, purchases, redemptions, refunds
from domain.loyalty.points import PointsRequest
from domain.loyalty.purchases import Posted
from domain.loyalty.redemptions import RedemptionRequest
from domain.loyalty.sales import API, RefundRequest, Sale
from domain.outreach import reactions, till_lines
from domain.outreach.till_lines import Prize
from models.message import Reason
from models.purchase import Purchase
from models.reward import Reward, RewardEvent


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell. `is_new` is False for what was told before; `planned` messages are worth a nudge."""

    is_new: bool
    body: dict[str, Any]
    planned: int = 0


def ring_up(session: Session, sale: Sale, *, now: datetime) -> Answer:
    """Book a sale, plan what its unlocks say, and answer with receipt and cashier lines.

    Told again it answers the same. Raises what `purchases.post` raises; nothing is written then.
    """
    posted = purchases.post(session, sale, now=now)
    if not posted.is_new:
        return Answer(False, _with_lines(session, posted))
    planned = reactions.answer(session, unlocked=posted.unlocked, now=now)
    return Answer(True, _with_lines(session, posted), planned)


def ring_up_imported(session: Session, sales: Sequence[Sale], *, now: datetime) -> list[Posted | Refusal]:
    """Book sales of an old file: they count, but nobody hears about what they unlocked (`skipped`, `expired`).

    They are booked, and refused one by one, as `purchases.post_all` says.
    """
    came = purchases.post_all(session, sales, now=now)
    unlocked = [unlock for posted in came if isinstance(posted, Posted) for unlock in posted.unlocked]
    reactions.answer(session, unlocked=unlocked, now=now, held_back=Reason.EXPIRED)
    return came


def refund(
    session: Session, purchase_external_id: str, request: RefundRequest, *, source: str = API, now: datetime
) -> Answer:
    """Give money back; what has not left about rewards that fall with it is cancelled."""
    posted = refunds.post(session, purchase_external_id=purchase_external_id, source=source, refund=request, now=now)
    planned = reactions.answer(session, unlocked=posted.unlocked, closed=posted.withdrawn, now=now)
    return Answer(posted.is_new, posted.answer, planned)


def credit_points(session: Session, request: PointsRequest, *, now: datetime) -> Answer:
    """Give or take points by hand; rewards unlock by them too."""
    posted = points.post(session, request, now=now)
    planned = reactions.answer(session, unlocked=posted.unlocked, now=now)
    return Answer(posted.is_new, posted.answer, planned)


def redeem(session: Session, request: RedemptionRequest, *, now: datetime) -> Answer:
    """Use a reward; nobody is told about it any more who was not told yet."""
    posted = redemptions.post(session, request, now=now)
    used = [posted.reward_event_id] if posted.is_new and posted.reward_event_id is not None else []
    planned = reactions.answer(session, unlocked=posted.unlocked, closed=used, now=now)
    return Answer(posted.is_new, posted.answer, planned)


def _with_lines(session: Session, posted: Posted) -> dict[str, Any]:
    """The answer with its lines. Where a name stands in them they are kept, as names change."""
    if "receipt_lines" in posted.answer:
        return posted.answer
    prizes = _prizes(session, [each["reward_event"] for each in posted.answer["unlocked"]])
    lines = {
        "receipt_lines": till_lines.receipt(posted.answer, prizes, posted.locale),
        "cashier_lines": till_lines.cashier(posted.answer, prizes, posted.locale),
    }
    body = posted.answer | lines
    if prizes:
        session.execute(update(Purchase).where(Purchase.id == posted.purchase_id).values(answer=body))
    return body


def _prizes(session: Session, reward_event_ids: Sequence[int]) -> list[Prize]:
    if not reward_event_ids:
        return []
    named = (
        select(Reward.name, RewardEvent.code)
        .join(Reward, Reward.id == RewardEvent.reward_id)
        .where(RewardEvent.id.in_(reward_event_ids))
        .order_by(RewardEvent.id)
    )
    return [Prize(*row) for row in session.execute(named)]
