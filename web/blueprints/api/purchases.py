"""Purchases: rung up, shown, given back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import clock, money
from domain.errors import NotFound
from domain.loyalty.sales import API, RefundRequest
from domain.outreach import checkout
from models.database import db
from models.location import Location
from models.member import Member
from models.purchase import Purchase, PurchaseItem
from web.blueprints.api import pages
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.nudges import look_at_members, look_for_messages
from web.blueprints.api.pages import Page
from web.blueprints.api.receipts import PurchaseAnswer, PurchaseBody, PurchasePath, RefundBody, Refunded, RungUp
from web.blueprints.api.references import minor

bp = Noun("purchases", "Finished receipts, and money given back for them.")


@bp.operation("POST", "/purchases", scopes=["events:write"], answers={201: RungUp, 200: RungUp})
def create(body: PurchaseBody) -> Reply:
    """Ring up a purchase

    201 when it is new; 200 with the first answer when this external_id was told with the same content before; 409 with
    other content.
    """
    return ring_up(body)


@bp.operation(
    "POST",
    "/purchases/<path:external_id>/refund",
    scopes=["events:write"],
    answers={201: Refunded, 200: Refunded},
)
def refund(path: PurchasePath, body: RefundBody) -> Reply:
    """Give money back for a purchase

    200 with the first answer when this refund was told before.
    """
    purchase = _find(db.session, path.external_id)
    amount = None if body.amount is None else minor("amount", body.amount, purchase.currency)
    request = RefundRequest(body.external_id, body.occurred_at, amount)
    answer = checkout.refund(db.session, path.external_id, request, now=clock.now())
    look_for_messages(answer.planned)
    look_at_members()
    return Reply(201 if answer.is_new else 200, answer.body)


@bp.operation("GET", "/purchases", scopes=["members:read"], answers={200: pages.listing(PurchaseAnswer)})
def index(query: Page) -> Reply:
    """Purchases, newest first"""
    return pages.by_id(select(Purchase), Purchase.id, query, _as_answers)


@bp.operation("GET", "/purchases/<path:external_id>", scopes=["members:read"], answers={200: PurchaseAnswer})
def show(path: PurchasePath) -> Reply:
    """One purchase, by its external_id or by the number in the answer to it"""
    return Reply(200, _as_answers([_by_either(path.external_id)])[0])


def ring_up(body: PurchaseBody) -> Reply:
    """Book the purchase; also for a line of a batch."""
    answer = checkout.ring_up(db.session, body.as_sale(), now=clock.now())
    look_for_messages(answer.planned)
    look_at_members()
    return Reply(201 if answer.is_new else 200, answer.body)


def _find(session: Session, external_id: str) -> Purchase:
    found = session.scalar(select(Purchase).where(Purchase.source == API, Purchase.external_id == external_id))
    if found is None:
        raise NotFound("There is no such purchase.")
    return found


def _by_either(name: str) -> Purchase:
    try:
        return _find(db.session, name)
    except NotFound:
        if not (name.isascii() and name.isdigit() and int(name) < 2**63):
            raise
    found = db.session.scalar(select(Purchase).where(Purchase.id == int(name)))
    if found is None:
        raise NotFound("There is no such purchase.")
    return found


def _as_answers(rows: Sequence[Purchase]) -> list[dict[str, Any]]:
    members = _named(select(Member.id, Member.external_id), Member.id, {row.member_id for row in rows})
    places = _named(select(Location.id, Location.name), Location.id, {row.location_id for row in rows})
    items = _items([row.id for row in rows])
    return [
        _plain(row)
        | {
            "member": members.get(row.member_id),
            "location": places.get(row.location_id),
            "items": [_item(item, row.currency) for item in items.get(row.id, [])],
        }
        for row in rows
    ]


def _plain(row: Purchase) -> dict[str, Any]:
    same = ("id", "external_id", "source", "currency", "channel", "payment_method", "discounts", "coupon")
    return {name: getattr(row, name) for name in same} | {
        "amount": money.to_major(row.amount_minor, row.currency),
        "refunded": money.to_major(row.refunded_minor, row.currency),
        "occurred_at": row.occurred_at.isoformat(),
        "recorded_at": row.recorded_at.isoformat(),
    }


def _named(query: Any, column: Any, ids: set[int | None]) -> dict[int | None, str]:
    wanted = ids - {None}
    return dict(db.session.execute(query.where(column.in_(wanted))).all()) if wanted else {}


def _items(purchase_ids: Sequence[int]) -> dict[int, list[PurchaseItem]]:
    query = select(PurchaseItem).where(PurchaseItem.purchase_id.in_(purchase_ids)).order_by(PurchaseItem.id)
    found: dict[int, list[PurchaseItem]] = {}
    for item in db.session.scalars(query):
        found.setdefault(item.purchase_id, []).append(item)
    return found


def _item(item: PurchaseItem, currency: str) -> dict[str, Any]:
    return {
        "sku": item.sku,
        "name": item.name,
        "category": item.category,
        "quantity": float(item.quantity),
        "amount": money.to_major(item.amount_minor, currency),
    }
