"""Redemptions taken back: the reward was not used after all. Its points return, and it waits to be used again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from domain.errors import Conflict, NotFound
from domain.loyalty import identities, ledger, restoring, settling, till, unlocks
from domain.loyalty.book import RESTORED, Book, Posting
from domain.loyalty.events import Happening
from domain.loyalty.till import Till
from domain.loyalty.unlocks import Unlock
from domain.sentences import say
from models.ledger import LedgerEntry
from models.reward import Redemption, Reward

_LOCK_MEMBER = text("SELECT id FROM members WHERE id = :member_id FOR NO KEY UPDATE")
# A reward waits once: where the member unlocked it again meanwhile, that one stays.
_OPEN_AGAIN = text("""
    UPDATE reward_events e
       SET state = found.state, closed_at = CASE found.state WHEN 'open' THEN NULL ELSE CAST(:now AS timestamptz) END
      FROM (SELECT u.id, CASE WHEN u.valid_until <= :now THEN 'expired'
                              WHEN EXISTS (SELECT FROM reward_events o WHERE o.reward_id = u.reward_id
                                              AND o.member_id = u.member_id AND o.state = 'open') THEN 'withdrawn'
                              ELSE 'open' END AS state
              FROM reward_events u WHERE u.id = :reward_event_id AND u.state = 'redeemed') AS found
     WHERE e.id = found.id RETURNING e.state""")


@dataclass(frozen=True, slots=True)
class Voided:
    """What came of it: whose redemption it was, whether its reward waits again, and what the points unlocked."""

    member_id: int
    waits_again: bool
    unlocked: list[Unlock]
    events: list[Happening]


def post(session: Session, redemption_id: int, *, now: datetime) -> Voided:
    """Take a redemption back. Raises `NotFound` for one that is not there, `Conflict` when it was taken back before."""
    used = _held(session, redemption_id, now=now)
    state = session.scalar(_OPEN_AGAIN, {"reward_event_id": used.reward_event_id, "now": now})
    scene = till.approach(session)
    book = ledger.read_book(session, [used.member_id], now=now)
    book, unlocked = settling.settled(session, scene, book)
    properties = {"redemption": used.id, "reward": used.reward_id, "name": used.name, "points": used.points}
    book.events.append(Happening("reward.returned", used.member_id, now, properties))
    _return_points(session, scene, book, used)
    unlocked += unlocks.open_new(session, scene, book)
    ledger.write(session, book)
    return Voided(used.member_id, state == "open", unlocked, book.events)


def _held(session: Session, redemption_id: int, *, now: datetime) -> Any:
    """The redemption, marked as taken back under the lock of its member."""
    identities.hold(session)
    member_id = session.scalar(select(Redemption.member_id).where(Redemption.id == redemption_id))
    if member_id is None:
        raise NotFound(say("There is no such redemption."))
    session.execute(_LOCK_MEMBER, {"member_id": member_id})
    mine = (Redemption.id == redemption_id, Redemption.voided_at.is_(None))
    if session.scalar(update(Redemption).where(*mine).values(voided_at=now).returning(Redemption.id)) is None:
        raise Conflict(say("This was taken back already."))
    row = Redemption
    columns = select(row.id, row.member_id, row.reward_id, row.reward_event_id, row.points, Reward.name)
    return session.execute(columns.join(Reward, Reward.id == row.reward_id).where(row.id == redemption_id)).one()


def _return_points(session: Session, scene: Till, book: Book, used: Any) -> None:
    cause = f"redemption:{used.id}"
    paid = session.scalar(select(LedgerEntry).where(LedgerEntry.cause == cause))
    if paid is None:
        return
    parts = [(lot_id, points) for lot_id, points in paid.lots]
    ledger.load_lots(session, book, also=[lot_id for lot_id, _ in parts])

    def posting(points: int, ending: str) -> Posting:
        entry = (used.member_id, paid.currency_id, points, RESTORED, f"{cause}{ending}", book.now)
        return Posting(*entry, reason=used.name)

    restoring.restore(book, parts, spent_at=paid.occurred_at, posting=posting)
    told = {"currency": scene.code(paid.currency_id), "points": used.points, "kind": RESTORED, "reason": used.name}
    book.events.append(Happening("points.credited", used.member_id, book.now, told))
