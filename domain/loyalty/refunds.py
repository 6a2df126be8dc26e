"""Refunds: money given back takes back what the purchase earned, and returns points that paid for it.

Both follow the share of the amount that was given back so far, rounded down, so that refunds in parts add up to exactly
the whole. Points that had expired already are not taken a second time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain import money
from domain.errors import Conflict, FieldError, NotFound, Unacceptable
from domain.loyalty import identities, ledger, restoring, settling, summaries, till, unlocks
from domain.loyalty.book import EARNED, EXPIRED, REDEEMED, RESTORED, REVERSED, Book, Posting, Taken
from domain.loyalty.events import Happening
from domain.loyalty.ledger import Answered
from domain.loyalty.sales import RefundRequest, fingerprint, time_errors
from domain.loyalty.till import Till
from domain.loyalty.unlocks import Unlock
from models.ledger import LedgerEntry
from models.purchase import Purchase, Refund

_LOCK_MEMBER = text("SELECT id FROM members WHERE id = :member_id FOR NO KEY UPDATE")


@dataclass(frozen=True, slots=True)
class RefundPosted:
    """What became of a refund. `withdrawn` are ids of reward events, `unlocked` those that returned points opened."""

    refund_id: int
    member_id: int | None
    is_new: bool
    answer: dict[str, Any]
    withdrawn: list[int]
    unlocked: list[Unlock]
    events: list[Happening]


@dataclass(frozen=True, slots=True)
class _Payment:
    """Points of one currency that paid for the purchase: `lots` they came from and that wait for them, last first."""

    points: int
    returned: int
    lots: list[Taken]
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class _Case:
    """One refund being booked: `purchase` as it stood before, `refunded` minor units of it with this refund."""

    scene: Till
    book: Book
    purchase: Any
    refund_id: int
    amount: int
    occurred_at: datetime

    @property
    def refunded(self) -> int:
        return self.purchase.refunded_minor + self.amount

    def share(self, points: int) -> int:
        """The part of some points that goes with what was refunded so far; all of them with all of it."""
        amount = self.purchase.amount_minor
        return points if self.refunded == amount else points * self.refunded // amount

    def posting(self, currency_id: int, points: int, kind: str, part: str = "") -> Posting:
        cause = f"refund:{self.refund_id}{part}"
        member_id, purchase_id = self.purchase.member_id, self.purchase.id
        return Posting(member_id, currency_id, points, kind, cause, self.occurred_at, purchase_id=purchase_id)


def post(
    session: Session, *, purchase_external_id: str, source: str, refund: RefundRequest, now: datetime
) -> RefundPosted:
    """Book a refund. Told again with the same content: the first answer; with other content: `Conflict`.

    Raises `NotFound` for an unknown purchase, `Unacceptable` for more than what is left. Nothing is written then.
    """
    purchase = _held(session, source=source, external_id=purchase_external_id)
    content_hash = fingerprint(refund)
    known = _known(session, source, refund.external_id)
    if known:
        return _told_before(known, purchase, content_hash)
    amount = _acceptable_amount(session, purchase, refund, now=now)
    refund_id = _insert(session, purchase, refund, amount, content_hash, now=now)
    refunded = {"refunded_minor": purchase.refunded_minor + amount}
    session.execute(update(Purchase).where(Purchase.id == purchase.id).values(refunded))
    if purchase.member_id is not None:
        summaries.recount(session, [purchase.member_id], now=now)
    scene = till.approach(session)
    book = ledger.read_book(session, [] if purchase.member_id is None else [purchase.member_id], now=now)
    book, unlocked = settling.settled(session, scene, book)
    return _book(session, _Case(scene, book, purchase, refund_id, amount, refund.occurred_at), unlocked)


def _book(session: Session, case: _Case, unlocked: list[Unlock]) -> RefundPosted:
    book, purchase = case.book, case.purchase
    book.events.append(_refunded(case))
    before = {currency_id: account.available for (_, currency_id), account in book.accounts.items()}
    taken_back = _reverse(session, case)
    withdrawn: list[int] = []
    if purchase.member_id is not None:
        withdrawn = unlocks.withdraw(
            session, book, purchase.member_id, before=before, purchase_id=purchase.id, bought_at=purchase.recorded_at
        )
        unlocked = unlocked + unlocks.open_new(session, case.scene, book)
    answer = _answer(case, taken_back, withdrawn)
    ledger.write(session, book, Answered("refunds", {case.refund_id: answer}))
    return RefundPosted(case.refund_id, purchase.member_id, True, answer, withdrawn, unlocked, book.events)


def _reverse(session: Session, case: _Case) -> dict[int, int]:
    """Return what was paid in points, then take back what was earned; the points taken back by currency."""
    entries = _entries(session, case.purchase.id)
    payments = _payments(entries)
    ledger.load_lots(session, case.book, also=[lot_id for each in payments.values() for lot_id, _ in each.lots])
    for currency_id, payment in payments.items():
        _return(case, currency_id, payment)
    taken_back = _due_back(case, entries)
    for currency_id, points in taken_back.items():
        if points:
            case.book.take_back(case.posting(currency_id, points, REVERSED))
            case.book.events.append(_moved("points.debited", case, currency_id, points, REVERSED))
    return taken_back


def _due_back(case: _Case, entries: list[Any]) -> dict[int, int]:
    reversed_before, expired = _sums(entries, REVERSED), _sums(entries, EXPIRED)
    due = {}
    for currency_id, earned in _sums(entries, EARNED).items():
        gone = -reversed_before.get(currency_id, 0)
        left = earned - gone + expired.get(currency_id, 0)
        due[currency_id] = max(0, min(case.share(earned) - gone, left))
    return due


def _return(case: _Case, currency_id: int, payment: _Payment) -> None:
    points = case.share(payment.points) - payment.returned
    if points <= 0:
        return
    restoring.restore(
        case.book,
        _parts(payment.lots, points),
        spent_at=payment.paid_at,
        posting=lambda part, ending: case.posting(currency_id, part, RESTORED, ending),
    )
    case.book.events.append(_moved("points.credited", case, currency_id, points, RESTORED))


def _parts(lots: Iterable[Taken], points: int) -> list[Taken]:
    parts = []
    for lot_id, available in lots:
        if part := min(available, points):
            parts.append((lot_id, part))
            points -= part
    return parts


def _entries(session: Session, purchase_id: int) -> list[Any]:
    entry = LedgerEntry
    columns = select(entry.currency_id, entry.kind, entry.points, entry.lots, entry.occurred_at)
    return list(session.execute(columns.where(entry.purchase_id == purchase_id).order_by(entry.id)))


def _sums(entries: Iterable[Any], kind: str) -> dict[int, int]:
    sums: dict[int, int] = {}
    for entry in entries:
        if entry.kind == kind:
            sums[entry.currency_id] = sums.get(entry.currency_id, 0) + entry.points
    return sums


def _payments(entries: list[Any]) -> dict[int, _Payment]:
    """What was paid in points, by currency."""
    returned = _sums(entries, RESTORED)
    payments = {}
    for paid in (entry for entry in entries if entry.kind == REDEEMED):
        left = dict(reversed(paid.lots))
        for back in entries:
            if back.kind == RESTORED and back.currency_id == paid.currency_id:
                for lot_id, points in back.lots:
                    left[lot_id] -= points
        currency_id = paid.currency_id
        payments[currency_id] = _Payment(
            -paid.points, returned.get(currency_id, 0), list(left.items()), paid.occurred_at
        )
    return payments


def _held(session: Session, *, source: str, external_id: str) -> Any:
    """The purchase under lock, its member too: first the member, as every posting does."""
    mine = (Purchase.source == source, Purchase.external_id == external_id)
    identities.hold(session)
    member_id = session.scalar(select(Purchase.member_id).where(*mine))
    if member_id is not None:
        session.execute(_LOCK_MEMBER, {"member_id": member_id})
    columns = (
        Purchase.id,
        Purchase.external_id,
        Purchase.member_id,
        Purchase.amount_minor,
        Purchase.refunded_minor,
        Purchase.currency,
        Purchase.recorded_at,
    )
    purchase = session.execute(select(*columns).where(*mine).with_for_update(key_share=True)).one_or_none()
    if purchase is None:
        raise NotFound("There is no purchase with this number.")
    return purchase


def _known(session: Session, source: str, external_id: str) -> Any:
    columns = select(Refund.id, Refund.purchase_id, Refund.content_hash, Refund.answer)
    return session.execute(columns.where(Refund.source == source, Refund.external_id == external_id)).one_or_none()


def _told_before(known: Any, purchase: Any, content_hash: str) -> RefundPosted:
    if known.content_hash != content_hash or known.purchase_id != purchase.id:
        raise Conflict("Another refund was booked under this external_id.")
    return RefundPosted(known.id, purchase.member_id, False, known.answer or {"refund": known.id}, [], [], [])


def _acceptable_amount(session: Session, purchase: Any, refund: RefundRequest, *, now: datetime) -> int:
    errors = time_errors(refund.occurred_at, now=now)
    left = purchase.amount_minor - purchase.refunded_minor
    amount = left if refund.amount_minor is None else refund.amount_minor
    if amount > left or (left == 0 and _is_refunded(session, purchase)):
        words = f"{money.to_major(left, purchase.currency)} {purchase.currency} is left to give back."
        errors.append(FieldError("amount", words))
    elif amount < 0 or (amount == 0 and left > 0):
        errors.append(FieldError("amount", "Give back more than zero."))
    if errors:
        raise Unacceptable("This refund cannot be booked.", errors)
    return amount


def _is_refunded(session: Session, purchase: Any) -> bool:
    return session.scalar(select(Refund.id).where(Refund.purchase_id == purchase.id).limit(1)) is not None


def _insert(
    session: Session, purchase: Any, refund: RefundRequest, amount: int, content_hash: str, *, now: datetime
) -> int:
    row = insert(Refund).values(
        source=select(Purchase.source).where(Purchase.id == purchase.id).scalar_subquery(),
        external_id=refund.external_id,
        content_hash=content_hash,
        purchase_id=purchase.id,
        amount_minor=amount,
        occurred_at=refund.occurred_at,
        recorded_at=now,
    )
    refund_id = session.scalar(row.on_conflict_do_nothing(constraint="uq_refunds_once").returning(Refund.id))
    if refund_id is None:
        raise Conflict("Another refund was booked under this external_id.")
    return refund_id


def _answer(case: _Case, taken_back: dict[int, int], withdrawn: list[int]) -> dict[str, Any]:
    scene, member_id = case.scene, case.purchase.member_id
    return {
        "refund": case.refund_id,
        "points": [{"currency": scene.code(each), "reversed": points} for each, points in taken_back.items()],
        "balances": [] if member_id is None else case.book.balances(member_id, scene.currencies),
        "withdrawn": withdrawn,
    }


def _refunded(case: _Case) -> Happening:
    purchase = case.purchase
    properties = {
        "purchase": purchase.id,
        "external_id": purchase.external_id,
        "refund": case.refund_id,
        "amount": money.to_major(case.amount, purchase.currency),
        "currency": purchase.currency,
    }
    return Happening("purchase.refunded", purchase.member_id, case.occurred_at, properties)


def _moved(type: str, case: _Case, currency_id: int, points: int, kind: str) -> Happening:
    properties = {
        "currency": case.scene.code(currency_id),
        "points": points,
        "kind": kind,
        "reason": "",
        "purchase": case.purchase.id,
    }
    return Happening(type, case.purchase.member_id, case.occurred_at, properties)
