"""Purchases looked at one by one: where, when, how paid, and what was in them."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Numeric,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)

from domain.audience.facts import operators
from domain.audience.facts.fact import Asked
from domain.audience.facts.statement import Column, Condition, Query, Statement
from domain.fact import Fact, Type
from domain.loyalty.earning import WEEKDAYS
from domain.loyalty.sales import CHANNELS
from domain.trees import Tree
from models.location import Location
from models.purchase import Purchase, PurchaseItem, Refund

ITEM_FIELDS = ("product", "category")
FIELDS: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("channel", Type.TEXT, "Till or online shop", "pos", CHANNELS),
        Fact("location", Type.TEXT, "Location", "main", names="locations"),
        Fact("product", Type.TEXT, "Product, by its name or number", "Cappuccino"),
        Fact("category", Type.TEXT, "Product category", "hot drinks"),
        Fact("weekday", Type.TEXT, "Weekday, on the shop's calendar", "monday", WEEKDAYS),
        Fact("hour", Type.NUMBER, "Hour, on the shop's clock", 9),
        Fact("payment_method", Type.TEXT, "Way of paying", "card"),
        Fact("amount", Type.MONEY, "Amount of the purchase", "12.50"),
    )
}


def bought(statement: Statement, asked: Asked) -> Any:
    """Columns `count`, `net` (minor units), `first_at` and `last_at` of a member's purchases that fulfil what is asked.

    Asked for a product or category, `net` is what those lines cost, less their share of what was refunded.
    """
    if asked.only(*(FIELDS.keys() - set(ITEM_FIELDS))):
        return statement.grouped(("receipts", asked.key), lambda: _receipts(statement, asked))
    return statement.grouped(("lines", asked.key), lambda: _lines(statement, asked))


def items(statement: Statement, asked: Asked) -> Any:
    """The column `quantity`: how many pieces a member's purchases that fulfil what is asked had."""
    return statement.grouped(("lines", asked.key), lambda: _lines(statement, asked))


def _receipts(statement: Statement, asked: Asked) -> Query:
    net = Purchase.amount_minor - Purchase.refunded_minor
    return _within(_grouped(Purchase.member_id, net, Purchase.occurred_at), statement, asked).group_by(
        Purchase.member_id
    )


def _lines(statement: Statement, asked: Asked) -> Query:
    # Of everybody the lines answer by themselves; of a few members their receipts are found sooner.
    by_themselves = statement.scope.member_ids is None and asked.only(*ITEM_FIELDS)
    each = (_lines_alone if by_themselves else _lines_of_receipts)(statement, asked).subquery()
    query = _grouped(each.c.member_id, _share(each.c), each.c.occurred_at)
    return query.add_columns(func.sum(each.c.quantity).label("quantity")).group_by(each.c.member_id)


def _lines_of_receipts(statement: Statement, asked: Asked) -> Query:
    per_receipt = (
        Purchase.id,
        Purchase.member_id,
        Purchase.amount_minor,
        Purchase.refunded_minor,
        Purchase.occurred_at,
    )
    lines = select(*per_receipt, *_SUMS).join(PurchaseItem, PurchaseItem.purchase_id == Purchase.id)
    return _within(lines, statement, asked).group_by(*per_receipt)


def _lines_alone(statement: Statement, asked: Asked) -> Query:
    """Lines know their member and instant; of their receipts only those are looked up that were refunded."""
    per_receipt = (
        PurchaseItem.purchase_id,
        PurchaseItem.member_id,
        PurchaseItem.occurred_at,
        Purchase.amount_minor,
        func.coalesce(Purchase.refunded_minor, 0).label("refunded_minor"),
    )
    lines = select(*per_receipt, *_SUMS).outerjoin(
        Purchase, and_(Purchase.id == PurchaseItem.purchase_id, Purchase.refunded_minor > 0)
    )
    given_back = exists().where(Refund.purchase_id == PurchaseItem.purchase_id, Refund.amount_minor == 0)
    lines = lines.where(
        PurchaseItem.member_id.is_not(None),
        or_(Purchase.id.is_(None), Purchase.refunded_minor < Purchase.amount_minor),
        ~given_back,
    )
    if asked.window_days is not None:
        lines = lines.where(PurchaseItem.occurred_at >= statement.scope.start(asked.window_days))
    return lines.where(*(_field(statement, leaf) for leaf in asked.where)).group_by(*per_receipt)


_SUMS = (
    func.sum(PurchaseItem.amount_minor).label("lines_minor"),
    func.sum(PurchaseItem.quantity).label("quantity"),
)


def _share(receipt: Any) -> Column:
    kept = cast(receipt.amount_minor - receipt.refunded_minor, Numeric) / receipt.amount_minor
    return case(
        (receipt.refunded_minor == 0, receipt.lines_minor),
        else_=cast(func.floor(receipt.lines_minor * kept), BigInteger),
    )


def _grouped(member_id: Any, net: Column, occurred_at: Any) -> Query:
    return select(
        member_id,
        func.count().label("count"),
        func.sum(net).label("net"),
        func.min(occurred_at).label("first_at"),
        func.max(occurred_at).label("last_at"),
    )


def _within(query: Query, statement: Statement, asked: Asked) -> Query:
    """Only purchases that happened, in the window, by members, as `where` says."""
    query = query.where(Purchase.member_id.is_not(None), happened(), *statement.members(Purchase.member_id))
    if asked.window_days is not None:
        query = query.where(Purchase.occurred_at >= statement.scope.start(asked.window_days))
    if not asked.only("channel", "payment_method", "amount", *ITEM_FIELDS):
        query = query.outerjoin(Location, Location.id == Purchase.location_id)
    return query.where(*(_field(statement, leaf) for leaf in asked.where))


def happened() -> Condition:
    """Whether something of a purchase is left: one that cost nothing ends with its refund."""
    given_back = exists().where(Refund.purchase_id == Purchase.id)
    return or_(Purchase.refunded_minor < Purchase.amount_minor, and_(Purchase.amount_minor == 0, ~given_back))


def _field(statement: Statement, leaf: Tree) -> Condition:
    name = leaf["fact"]
    columns = [column(statement) for column in _COLUMNS[name]]
    asked = [operators.column_predicate(FIELDS[name], column, leaf, statement.scope) for column in columns]
    return and_(*asked) if leaf["op"] in ("ne", "not_in", "not_set") else or_(*asked)


def _local(statement: Statement) -> Column:
    zone = func.coalesce(Location.timezone, statement.scope.timezone)
    return func.timezone(zone, Purchase.occurred_at)


_COLUMNS: Mapping[str, tuple[Callable[[Statement], Column], ...]] = {
    "channel": (lambda _: Purchase.channel,),
    "location": (lambda _: func.lower(Location.name),),
    "product": (lambda _: PurchaseItem.name_key, lambda _: PurchaseItem.sku_key),
    "category": (lambda _: PurchaseItem.category_key,),
    "weekday": (lambda statement: func.to_char(_local(statement), "FMday"),),
    "hour": (lambda statement: func.extract("hour", _local(statement)),),
    "payment_method": (lambda _: func.lower(Purchase.payment_method),),
    "amount": (lambda _: Purchase.amount_minor,),
}
