"""Points whose day has come: lots that become usable and lots that expire."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from domain.loyalty import ledger, till, unlocks
from domain.loyalty.book import EXPIRED, Book, OpenLot
from domain.loyalty.events import Happening
from domain.loyalty.till import Till
from domain.loyalty.unlocks import Unlock


def settle_due(session: Session, member_ids: Sequence[int], *, now: datetime) -> list[Unlock]:
    """Activate and expire what is due of these members, and return the rewards that unlocked by it.

    Done twice, the second time changes nothing.
    """
    book = ledger.open_book(session, member_ids, now=now)
    return _settle(session, till.approach(session), book) if book.is_due else []


def settled(session: Session, scene: Till, book: Book) -> tuple[Book, list[Unlock]]:
    """The book with nothing due left in it: itself, or a fresh one after settling; and what unlocked meanwhile."""
    if not book.is_due:
        return book, []
    unlocked = _settle(session, scene, book)
    return ledger.read_book(session, book.member_ids, now=book.now), unlocked


def settled_book(session: Session, scene: Till, *, now: datetime) -> tuple[Book, list[Unlock]]:
    """The settled book of the member at the till, who is locked already."""
    return settled(session, scene, ledger.read_book(session, scene.member_ids, now=now))


def _settle(session: Session, scene: Till, book: Book) -> list[Unlock]:
    lots = ledger.load_lots(session, book)
    # What expires goes first: points that come and go on one day unlock by what is left.
    for lot in [lot for lot in lots if lot.remaining and lot.expires_at and lot.expires_at <= book.now]:
        book.events.append(_expired(scene, lot, book.expire(lot)))
    for lot in [lot for lot in lots if lot.remaining and not lot.active and lot.activates_at <= book.now]:
        book.events.append(_activated(scene, lot, book.activate(lot)))
    unlocked = unlocks.open_new(session, scene, book)
    ledger.write(session, book)
    return unlocked


def _expired(scene: Till, lot: OpenLot, points: int) -> Happening:
    properties = {
        "currency": scene.code(lot.currency_id),
        "points": points,
        "kind": EXPIRED,
        "reason": "",
        "purchase": lot.purchase_id,
    }
    return Happening("points.debited", lot.member_id, lot.expires_at or lot.activates_at, properties)


def _activated(scene: Till, lot: OpenLot, points: int) -> Happening:
    properties = {"currency": scene.code(lot.currency_id), "points": points, "at": lot.activates_at}
    return Happening("points.activated", lot.member_id, lot.activates_at, properties)
