"""Purchases: one receipt is booked once, earns points, and may unlock rewards. The hot path: four statements."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import money
from domain.errors import Conflict, NotFound, Refusal
from domain.loyalty import earning, ledger, sale_checks, settling, summaries, till, unlocks
from domain.loyalty.book import EARNED, EXPIRED, REDEEMED, Book, Posting
from domain.loyalty.earning import Earned
from domain.loyalty.events import Happening, plain
from domain.loyalty.ledger import Answered
from domain.loyalty.sales import Sale, fingerprint
from domain.loyalty.till import Receipt, Till
from domain.loyalty.unlocks import Crossing, Unlock
from domain.sentences import say
from domain.statements import hot, run
from models.purchase import Purchase

TOLD_OTHERWISE = say("Another purchase was booked under this external_id.")

_WRITE = f"""
    WITH purchase AS (
      INSERT INTO purchases (source, external_id, content_hash, member_id, location_id, amount_minor, currency,
                             occurred_at, recorded_at, channel, payment_method, discounts, coupon)
      SELECT source, external_id, content_hash, member_id, location_id, amount_minor, currency, occurred_at, :now,
             channel, payment_method, discounts, coupon
        FROM jsonb_populate_recordset(NULL::purchases, CAST(:sales AS jsonb))
          ON CONFLICT ON CONSTRAINT uq_purchases_once DO NOTHING
      RETURNING id, source, external_id, member_id, channel, amount_minor, occurred_at),
    item AS (
      INSERT INTO purchase_items (purchase_id, member_id, occurred_at, sku, name, category, quantity, amount_minor)
      SELECT p.id, member_id, occurred_at, sku, name, category, quantity, i.amount_minor
        FROM jsonb_to_recordset(CAST(:items AS jsonb))
          AS i (number int, source text, external_id text, sku text, name text, category text, quantity numeric,
                amount_minor bigint)
        JOIN purchase p USING (source, external_id) ORDER BY number),
    {summaries.COUNT_PURCHASE}
    SELECT (SELECT jsonb_agg(jsonb_build_array(source, external_id, id)) FROM purchase) AS ids,
    {ledger.STANDING}"""  # noqa: S608 (our own fragments)
_INSERT = hot(_WRITE, answers="ids balances unlocks is_due")


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


@dataclass(slots=True)
class _Case:
    """A sale on its way into the books: what it earns, and what came of it so far."""

    scene: Till
    sale: Sale
    content_hash: str
    lots: Sequence[Earned]
    purchase_id: int = 0
    events: list[Happening] = field(default_factory=list)
    balances: list[dict[str, Any]] = field(default_factory=list)


def post(session: Session, sale: Sale, *, now: datetime) -> Posted:
    """Book a sale. Told again with the same content: the first answer; with other content: `Conflict`.

    Raises `Unacceptable` for an unknown member or location, a foreign currency, a negative amount and a time more than
    ten minutes ahead; `Conflict` when more points are to be spent than are there. Nothing is written then.
    """
    scene = till.approach(
        session, member=sale.member, location=sale.location, source=sale.source, external_id=sale.external_id
    )
    [came] = _post(session, [(scene, sale)], now=now)
    if isinstance(came, Refusal):
        raise came
    return came


def post_all(session: Session, sales: Sequence[Sale], *, now: datetime) -> list[Posted | Refusal]:
    """Book sales of an old file, each under a number of its own, as `post` books them one after the other.

    What `post` would raise stands in the place of the sale; the others are booked. None of them pays with points.
    """
    return _post(session, list(zip(till.approach_all(session, sales), sales, strict=True)), now=now)


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


def _post(session: Session, told: Sequence[tuple[Till, Sale]], *, now: datetime) -> list[Posted | Refusal]:
    judged = [_judged(scene, sale, now=now) for scene, sale in told]
    cases = [each for each in judged if isinstance(each, _Case)]
    if not cases:
        return [each for each in judged if not isinstance(each, _Case)]
    row = _insert(session, cases, now=now)
    ids = {(source, external_id): id for source, external_id, id in row.ids or ()}
    for case in cases:
        case.purchase_id = ids.get((case.sale.source, case.sale.external_id), 0)
    booked = [case for case in cases if case.purchase_id]
    book = ledger.of_standing(row, _members(booked), now=now)
    posted = iter(_book(session, booked, book) if booked else [])
    return [
        each if not isinstance(each, _Case) else next(posted) if each.purchase_id else _outrun(session, each)
        for each in judged
    ]


def _judged(scene: Till, sale: Sale, *, now: datetime) -> _Case | Posted | Refusal:
    content_hash = fingerprint(sale)
    try:
        if scene.receipt:
            return _told_before(scene, scene.receipt, content_hash)
        sale_checks.refuse_unacceptable(scene, sale, now=now)
        lots = earning.earned(scene, sale) if scene.member_id else []
        earning.refuse_too_many(lot.points for lot in lots)
    except Refusal as refusal:
        return refusal
    return _Case(scene, sale, content_hash, lots)


def _outrun(session: Session, case: _Case) -> Posted | Refusal:
    """Somebody else booked this number a moment ago."""
    try:
        return _told_before(case.scene, _receipt(session, case.sale), case.content_hash)
    except Refusal as refusal:
        return refusal


def _book(session: Session, cases: Sequence[_Case], book: Book) -> list[Posted]:
    scene = cases[0].scene  # the café's terms are the same for all
    book, unlocked_before = settling.settled(session, scene, book)
    crossings = [crossing for case in cases for crossing in _walk(session, case, book)]
    unlocked = unlocks.open_crossed(session, scene, book, crossings)
    posted = []
    for case in cases:
        opened = [each for each in unlocked if each.purchase_id == case.purchase_id]
        case.events += [unlocks.unlocked(each, now=book.now) for each in opened]
        book.events += case.events
        answer = _answer(case, opened)
        before = [each for each in unlocked_before if each.member_id == case.scene.member_id]
        unlocked_before = [each for each in unlocked_before if each not in before]
        posted.append(
            Posted(case.purchase_id, case.scene.member_id, True, scene.locale, answer, before + opened, case.events)
        )
    ledger.write(session, book, Answered("purchases", {each.purchase_id: each.answer for each in posted}))
    return posted


def _walk(session: Session, case: _Case, book: Book) -> list[Crossing]:
    """Post what a sale spends and earns; what unlocks by it. The next sale of the member begins where this one ends."""
    case.events += _bought(case.scene, case.sale, case.purchase_id)
    member_id = case.scene.member_id
    if member_id is None:
        return []
    book.begin(member_id, case.scene.currencies.values())
    _spend(session, case, book, member_id)
    _earn(case, book, member_id)
    case.balances = book.balances(member_id, case.scene.currencies)
    return unlocks.crossed(case.scene, book, member_id, purchase_id=case.purchase_id)


def _spend(session: Session, case: _Case, book: Book, member_id: int) -> None:
    sale, purchase_id = case.sale, case.purchase_id
    if sale.redeem is None:
        return
    ledger.load_lots(session, book)
    currency_id, points = case.scene.currencies[sale.redeem.currency], sale.redeem.points
    cause = f"purchase:{purchase_id}:paid"
    book.debit(Posting(member_id, currency_id, points, REDEEMED, cause, sale.occurred_at, purchase_id=purchase_id))
    payment = {"purchase": purchase_id, "currency": sale.redeem.currency, "points": sale.redeem.points}
    case.events += [
        Happening("bonus.redeemed", member_id, sale.occurred_at, payment),
        Happening("points.debited", member_id, sale.occurred_at, payment | {"kind": REDEEMED, "reason": ""}),
    ]


def _earn(case: _Case, book: Book, member_id: int) -> None:
    sale, purchase_id = case.sale, case.purchase_id
    for number, lot in enumerate(case.lots, start=1):
        cause = f"purchase:{purchase_id}" if number == 1 else f"purchase:{purchase_id}:{number}"
        posting = Posting(
            member_id, lot.currency_id, lot.points, EARNED, cause, sale.occurred_at, purchase_id=purchase_id
        )
        book.credit(posting, activates_at=lot.activates_at, expires_at=lot.expires_at)
        case.events += _credited(case.scene, sale, purchase_id, lot, now=book.now)


def _insert(session: Session, cases: Sequence[_Case], *, now: datetime) -> Any:
    values = {
        "sales": json.dumps([_row(case) for case in cases], default=plain),
        "items": json.dumps(_items([case.sale for case in cases]), default=plain),
        "member_ids": _members(cases),
        "now": now,
    }
    return run(session, _INSERT, values).one()


def _members(cases: Sequence[_Case]) -> list[int]:
    return sorted({member_id for case in cases for member_id in case.scene.member_ids})


def _row(case: _Case) -> dict[str, Any]:
    names = ("source", "external_id", "amount_minor", "currency", "occurred_at", "channel", "payment_method", "coupon")
    return {name: getattr(case.sale, name) for name in names} | {
        "content_hash": case.content_hash,
        "member_id": case.scene.member_id,
        "location_id": case.scene.shop.id if case.scene.shop else None,
        "discounts": _discounts(case.sale),
    }


def _items(sales: Sequence[Sale]) -> list[dict[str, Any]]:
    names = ("sku", "name", "category", "quantity", "amount_minor")
    lines = [(sale, item) for sale in sales for item in sale.items]
    return [
        {"number": number, "source": sale.source, "external_id": sale.external_id}
        | {name: getattr(item, name) for name in names}
        for number, (sale, item) in enumerate(lines)
    ]


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


def _answer(case: _Case, unlocked: list[Unlock]) -> dict[str, Any]:
    points = [
        {
            "currency": case.scene.code(lot.currency_id),
            "earned": lot.points,
            "activates_at": plain(lot.activates_at),
            "expires_at": lot.expires_at and plain(lot.expires_at),
        }
        for lot in case.lots
    ]
    return {
        "purchase": case.purchase_id,
        "points": points,
        "balances": case.balances,
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
