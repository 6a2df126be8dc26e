"""Purchases: one receipt is booked once, earns points, and may unlock rewards. The hot path: four statements."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import money
from domain.errors import Conflict, FieldError, NotFound, Unacceptable
from domain.loyalty import earning, ledger, settling, summaries, till, unlocks
from domain.loyalty.book import EARNED, EXPIRED, REDEEMED, Book, Posting
from domain.loyalty.earning import Earned
from domain.loyalty.events import Happening, plain
from domain.loyalty.ledger import Answered
from domain.loyalty.sales import CHANNELS, SCOPES, Sale, fingerprint, time_errors
from domain.loyalty.till import Receipt, Till
from domain.loyalty.unlocks import Unlock
from domain.sentences import say
from domain.statements import hot, run
from models.purchase import Purchase

LARGEST_QUANTITY = Decimal(10) ** 6
TOLD_OTHERWISE = say("Another purchase was booked under this external_id.")

_WRITE = f"""
    WITH purchase AS (
      INSERT INTO purchases (source, external_id, content_hash, member_id, location_id, amount_minor, currency,
                             occurred_at, recorded_at, channel, payment_method, discounts, coupon)
      VALUES (:source, :external_id, :content_hash, :member_id, :location_id, :amount_minor, :currency,
              :occurred_at, :now, :channel, :payment_method, CAST(:discounts AS jsonb), :coupon)
          ON CONFLICT ON CONSTRAINT uq_purchases_once DO NOTHING
      RETURNING id, member_id, channel, amount_minor, occurred_at),
    item AS (
      INSERT INTO purchase_items (purchase_id, member_id, occurred_at, sku, name, category, quantity, amount_minor)
      SELECT purchase.id, member_id, occurred_at, i.sku, i.name, i.category, i.quantity, i.amount_minor
        FROM purchase CROSS JOIN jsonb_to_recordset(CAST(:items AS jsonb))
          AS i (sku text, name text, category text, quantity numeric, amount_minor bigint)),
    {summaries.COUNT_PURCHASE}
    SELECT purchase.id, {ledger.STANDING} FROM purchase"""  # noqa: S608 (our own fragments)
_INSERT = hot(_WRITE, answers="id balances unlocks is_due")


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a sale. `answer` is what the API tells, without receipt and cashier lines; `locale` is the café's.

    `unlocked` are all rewards that opened meanwhile; those of points that came due by the way are not in the answer.
    """

    purchase_id: int
    member_id: int | None
    is_new: bool
    locale: str
    answer: dict[str, Any]
    unlocked: list[Unlock]
    events: list[Happening]


def post(session: Session, sale: Sale, *, now: datetime) -> Posted:
    """Book a sale. Told again with the same content: the first answer; with other content: `Conflict`.

    Raises `Unacceptable` for an unknown member or location, a foreign currency, a negative amount and a time more than
    ten minutes ahead; `Conflict` when more points are to be spent than are there. Nothing is written then.
    """
    scene = till.approach(
        session, member=sale.member, location=sale.location, source=sale.source, external_id=sale.external_id
    )
    content_hash = fingerprint(sale)
    if scene.receipt:
        return _told_before(scene, scene.receipt, content_hash)
    _refuse_unacceptable(scene, sale, now=now)
    row = _insert(session, scene, sale, content_hash, now=now)
    if row is None:
        return _told_before(scene, _receipt(session, sale), content_hash)
    book = ledger.of_standing(row, scene.member_ids, now=now)
    return _book(session, scene, sale, row.id, book)


def find(session: Session, *, source: str, external_id: str) -> Purchase:
    """The purchase that this source told under this number."""
    purchase = session.scalar(select(Purchase).where(Purchase.source == source, Purchase.external_id == external_id))
    if purchase is None:
        raise NotFound(say("There is no purchase with this number."))
    return purchase


def booked(session: Session, *, source: str, external_ids: Sequence[str]) -> dict[str, str]:
    """Of these numbers those that this source told before, with the fingerprint of what it told."""
    told = select(Purchase.external_id, Purchase.content_hash).where(
        Purchase.source == source, Purchase.external_id.in_(external_ids)
    )
    return {row.external_id: row.content_hash for row in session.execute(told)}


def _book(session: Session, scene: Till, sale: Sale, purchase_id: int, book: Book) -> Posted:
    book, unlocked_before = settling.settled(session, scene, book)
    lots = earning.earned(scene, sale) if scene.member_id else []
    earning.refuse_too_many(lot.points for lot in lots)
    book.events += _bought(scene, sale, purchase_id)
    _spend(session, scene, sale, purchase_id, book)
    _earn(scene, sale, purchase_id, book, lots)
    unlocked = unlocks.open_new(session, scene, book, purchase_id=purchase_id)
    answer = _answer(scene, purchase_id, book, lots, unlocked)
    ledger.write(session, book, Answered("purchases", purchase_id, answer))
    return Posted(purchase_id, scene.member_id, True, scene.locale, answer, unlocked_before + unlocked, book.events)


def _spend(session: Session, scene: Till, sale: Sale, purchase_id: int, book: Book) -> None:
    if sale.redeem is None or scene.member_id is None:
        return
    ledger.load_lots(session, book)
    currency_id, points = scene.currencies[sale.redeem.currency], sale.redeem.points
    cause = f"purchase:{purchase_id}:paid"
    book.debit(
        Posting(scene.member_id, currency_id, points, REDEEMED, cause, sale.occurred_at, purchase_id=purchase_id)
    )
    payment = {"purchase": purchase_id, "currency": sale.redeem.currency, "points": sale.redeem.points}
    book.events += [
        Happening("bonus.redeemed", scene.member_id, sale.occurred_at, payment),
        Happening("points.debited", scene.member_id, sale.occurred_at, payment | {"kind": REDEEMED, "reason": ""}),
    ]


def _earn(scene: Till, sale: Sale, purchase_id: int, book: Book, lots: list[Earned]) -> None:
    for number, lot in enumerate(lots, start=1):
        cause = f"purchase:{purchase_id}" if number == 1 else f"purchase:{purchase_id}:{number}"
        posting = Posting(
            scene.member_ids[0], lot.currency_id, lot.points, EARNED, cause, sale.occurred_at, purchase_id=purchase_id
        )
        book.credit(posting, activates_at=lot.activates_at, expires_at=lot.expires_at)
        book.events += _credited(scene, sale, purchase_id, lot, now=book.now)


def _insert(session: Session, scene: Till, sale: Sale, content_hash: str, *, now: datetime) -> Any:
    values = {
        "source": sale.source,
        "external_id": sale.external_id,
        "content_hash": content_hash,
        "member_id": scene.member_id,
        "location_id": scene.shop.id if scene.shop else None,
        "amount_minor": sale.amount_minor,
        "currency": sale.currency,
        "occurred_at": sale.occurred_at,
        "channel": sale.channel,
        "payment_method": sale.payment_method,
        "discounts": json.dumps(_discounts(sale)),
        "coupon": sale.coupon,
        "items": json.dumps(_items(sale), default=plain),
        "member_ids": scene.member_ids,
        "now": now,
    }
    return run(session, _INSERT, values).one_or_none()


def _items(sale: Sale) -> list[dict[str, Any]]:
    names = ("sku", "name", "category", "quantity", "amount_minor")
    return [{name: getattr(item, name) for name in names} for item in sale.items]


def _discounts(sale: Sale) -> list[dict[str, Any]]:
    return [
        {"scope": each.scope, "name": each.name, "amount": money.to_major(each.amount_minor, sale.currency)}
        for each in sale.discounts
    ]


def _receipt(session: Session, sale: Sale) -> Receipt:
    purchase = find(session, source=sale.source, external_id=sale.external_id)
    return Receipt(purchase.id, purchase.content_hash, purchase.answer)


def _told_before(scene: Till, receipt: Receipt, content_hash: str) -> Posted:
    if receipt.content_hash != content_hash:
        raise Conflict(TOLD_OTHERWISE)
    return Posted(receipt.id, None, False, scene.locale, receipt.answer or {"purchase": receipt.id}, [], [])


def _answer(scene: Till, purchase_id: int, book: Book, lots: list[Earned], unlocked: list[Unlock]) -> dict[str, Any]:
    points = [
        {
            "currency": scene.code(lot.currency_id),
            "earned": lot.points,
            "activates_at": plain(lot.activates_at),
            "expires_at": lot.expires_at and plain(lot.expires_at),
        }
        for lot in lots
    ]
    balances = [] if scene.member_id is None else book.balances(scene.member_id, scene.currencies)
    return {
        "purchase": purchase_id,
        "points": points,
        "balances": balances,
        "unlocked": [each.answer for each in unlocked],
    }


def _bought(scene: Till, sale: Sale, purchase_id: int) -> list[Happening]:
    bought = {
        "purchase": purchase_id,
        "external_id": sale.external_id,
        "amount": money.to_major(sale.amount_minor, sale.currency),
        "currency": sale.currency,
        "channel": sale.channel,
        "location": scene.shop.name if scene.shop else None,
        "payment_method": sale.payment_method,
        "coupon": sale.coupon,
    }
    discounts = ({"purchase": purchase_id, "currency": sale.currency} | each for each in _discounts(sale))
    return [
        Happening("purchase.completed", scene.member_id, sale.occurred_at, bought),
        *(Happening("discount.calculated", scene.member_id, sale.occurred_at, each) for each in discounts),
    ]


def _credited(scene: Till, sale: Sale, purchase_id: int, lot: Earned, *, now: datetime) -> list[Happening]:
    points = {"purchase": purchase_id, "currency": scene.code(lot.currency_id), "points": lot.points}
    dates = {"activates_at": lot.activates_at, "expires_at": lot.expires_at}
    member_id, bought_at = scene.member_id, sale.occurred_at
    credited = [
        Happening("bonus.calculated", member_id, bought_at, points | dates),
        Happening("points.credited", member_id, bought_at, points | {"kind": EARNED, "reason": ""}),
    ]
    if lot.expires_at is None or lot.expires_at > now:
        return credited
    return [*credited, Happening("points.debited", member_id, lot.expires_at, points | {"kind": EXPIRED, "reason": ""})]


def _refuse_unacceptable(scene: Till, sale: Sale, *, now: datetime) -> None:
    errors = scene.missing(sale.member, sale.location) + time_errors(sale.occurred_at, now=now)
    if sale.currency != scene.currency:
        errors.append(FieldError("currency", say("This café counts in %(currency)s.", currency=scene.currency)))
    if not 0 <= sale.amount_minor <= money.LARGEST_MINOR:
        errors.append(FieldError("amount", say("An amount is zero or more.")))
    if sale.channel not in CHANNELS:
        errors.append(FieldError("channel", say("Use one of: %(names)s.", names=", ".join(CHANNELS))))
    errors += _line_errors(sale) + _payment_errors(scene, sale)
    if errors:
        raise Unacceptable(say("This purchase cannot be booked."), errors)


def _line_errors(sale: Sale) -> list[FieldError]:
    errors = []
    for i, item in enumerate(sale.items):
        if not 0 < item.quantity <= LARGEST_QUANTITY:
            errors.append(
                FieldError(f"items.{i}.quantity", say("A quantity is more than zero, and at most a million."))
            )
        if abs(item.amount_minor) > money.LARGEST_MINOR:
            errors.append(FieldError(f"items.{i}.amount", say("This is more than can be booked.")))
    for i, discount in enumerate(sale.discounts):
        if discount.scope not in SCOPES:
            errors.append(FieldError(f"discounts.{i}.scope", say("Use one of: %(names)s.", names=", ".join(SCOPES))))
        if not 0 <= discount.amount_minor <= money.LARGEST_MINOR:
            errors.append(FieldError(f"discounts.{i}.amount", say("A discount is zero or more.")))
    return errors


def _payment_errors(scene: Till, sale: Sale) -> list[FieldError]:
    if sale.redeem is None:
        return []
    if sale.member is None:
        return [FieldError("redeem", say("Only a member can pay with points."))]
    errors = []
    if sale.redeem.currency not in scene.currencies:
        errors.append(FieldError("redeem.currency", say("There is no point currency of this code.")))
    if not 0 < sale.redeem.points <= earning.MOST_POINTS:
        errors.append(FieldError("redeem.points", say("Pay with at least one point.")))
    return errors
