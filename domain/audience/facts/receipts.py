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
    union_all,
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
NEGATIONS = ("ne", "not_in", "not_set")
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
    """Columns `count`, `first_at` and `last_at` of a member's purchases that fulfil what is asked."""
    if asked.only(*(FIELDS.keys() - set(ITEM_FIELDS))):
        return _of_receipts(statement, asked)
    return _of_lines(statement, asked)


def once(statement: Statement, asked: Asked) -> None:
    """The same members, of whom nothing has to be counted."""
    found_otherwise = _stand_by_themselves(statement, asked)
    statement.mentions(("once", asked.key), lambda: _once(statement, asked), found_otherwise=found_otherwise)


def paid(statement: Statement, asked: Asked) -> Any:
    """Columns `count` and `net` (minor units) of the same.

    Asked for a product or category, `net` is what those lines cost, less their share of what was refunded.
    """
    if asked.only(*(FIELDS.keys() - set(ITEM_FIELDS))):
        return _of_receipts(statement, asked)
    return statement.grouped(("lines paid", asked.key), lambda: _lines_paid(statement, asked))


def items(statement: Statement, asked: Asked) -> Any:
    """The column `quantity`: how many pieces a member's purchases that fulfil what is asked had."""
    return _of_lines(statement, asked)


def _once(statement: Statement, asked: Asked) -> Any:
    if asked.only(*(FIELDS.keys() - set(ITEM_FIELDS))):
        return _within(select(Purchase.member_id), statement, asked)
    return union_all(*(select(each.subquery().c.member_id) for each in _each_line(statement, asked)))


def _of_receipts(statement: Statement, asked: Asked) -> Any:
    return statement.grouped(("receipts", asked.key), lambda: _receipts(statement, asked))


def _of_lines(statement: Statement, asked: Asked) -> Any:
    return statement.grouped(("lines", asked.key), lambda: _lines(statement, asked))


def _receipts(statement: Statement, asked: Asked) -> Query:
    net = Purchase.amount_minor - Purchase.refunded_minor
    found = _grouped(Purchase.member_id, func.count(), Purchase.occurred_at).add_columns(
        func.whole_sum(net).label("net")
    )
    return _within(found, statement, asked).group_by(Purchase.member_id)


def _lines(statement: Statement, asked: Asked) -> Query:
    each = union_all(*_each_line(statement, asked)).subquery().c
    found = _grouped(each.member_id, func.count(each.purchase_id.distinct()), each.occurred_at)
    return found.add_columns(func.sum(each.quantity).label("quantity")).group_by(each.member_id)


def _lines_paid(statement: Statement, asked: Asked) -> Query:
    line = union_all(*_each_line(statement, asked)).subquery().c
    receipt = (
        select(line.member_id, line.purchase_id, func.max(line.occurred_at).label("occurred_at"))
        .add_columns(func.whole_sum(line.amount_minor).label("lines_minor"))
        .group_by(line.member_id, line.purchase_id)
        .subquery()
    )
    refunded = and_(Purchase.id == receipt.c.purchase_id, Purchase.refunded_minor > 0)
    if asked.window_days is not None:
        refunded = and_(refunded, Purchase.occurred_at >= statement.scope.start(asked.window_days))
    found = _grouped(receipt.c.member_id, func.count(), receipt.c.occurred_at).outerjoin(Purchase, refunded)
    return found.add_columns(func.whole_sum(_kept(receipt.c.lines_minor)).label("net")).group_by(receipt.c.member_id)


def _kept(lines_minor: Column) -> Column:
    """What lines of a receipt cost, less their share of what was refunded of it."""
    kept = cast(Purchase.amount_minor - Purchase.refunded_minor, Numeric) / Purchase.amount_minor
    return case((Purchase.id.is_(None), lines_minor), else_=cast(func.floor(lines_minor * kept), BigInteger))


def _each_line(statement: Statement, asked: Asked) -> list[Query]:
    """The lines that fulfil what is asked, of purchases that happened; together they are all of them."""
    line = PurchaseItem
    if _stand_by_themselves(statement, asked):
        columns = (line.member_id, line.purchase_id, line.occurred_at, line.quantity, line.amount_minor)
        return _by_themselves(select(*columns), statement, asked)
    # Of a few members their receipts are found sooner.
    columns = (Purchase.member_id, line.purchase_id, Purchase.occurred_at, line.quantity, line.amount_minor)
    return [_within(select(*columns).join(line, line.purchase_id == Purchase.id), statement, asked)]


def _stand_by_themselves(statement: Statement, asked: Asked) -> bool:
    return bool(asked.where) and statement.scope.member_ids is None and asked.only(*ITEM_FIELDS)


def _by_themselves(lines: Query, statement: Statement, asked: Asked) -> list[Query]:
    """Lines know their member and instant, and whether they were given back: an index answers. A product is looked
    for under its name, then among the numbers of those that are called otherwise."""
    lines = lines.where(
        PurchaseItem.member_id.is_not(None), ~PurchaseItem.given_back, *statement.members_read(PurchaseItem.member_id)
    )
    if asked.window_days is not None:
        lines = lines.where(PurchaseItem.occurred_at >= statement.scope.start(asked.window_days))
    if len(asked.where) != 1 or asked.where[0]["fact"] != "product" or asked.where[0]["op"] in NEGATIONS:
        return [lines.where(*(_field(statement, leaf) for leaf in asked.where))]
    by_name, by_number = (
        operators.column_predicate(FIELDS["product"], column, asked.where[0], statement.scope)
        for column in (PurchaseItem.name_key, PurchaseItem.sku_key)
    )
    return [lines.where(by_name), lines.where(by_number, by_name.is_not(True))]


def _grouped(member_id: Any, count: Column, occurred_at: Any) -> Query:
    return select(
        member_id,
        count.label("count"),
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
    return and_(*asked) if leaf["op"] in NEGATIONS else or_(*asked)


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
