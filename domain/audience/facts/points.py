"""Facts of points: what members have, wait for, may lose, earned, spent. Without a currency, all kinds together."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import and_, func, or_, select

from domain.audience.facts import operators
from domain.audience.facts.fact import Asked, AudienceFact, Said, Value
from domain.audience.facts.statement import Column, Query, Statement
from domain.fact import Fact, Type
from domain.loyalty.book import ADJUSTED, EARNED, REDEEMED, RESTORED, REVERSED
from models.currency import Currency
from models.ledger import Balance, LedgerEntry, Lot
from models.purchase import Purchase

CURRENCY = Fact("currency", Type.TEXT, "Kind of points", "points", names="currencies")
FIELDS: Mapping[str, Fact] = {CURRENCY.name: CURRENCY}

_fact = partial(AudienceFact, family="points", fields=FIELDS, is_always_set=True)


def _balance(column: str) -> Callable[[Statement, Asked], Said]:
    def say(statement: Statement, asked: Asked) -> Said:
        sums = {"available": func.sum(Balance.available), "pending": func.sum(Balance.pending)}
        columns = statement.grouped(("balances", asked.key), lambda: _of_currency(statement, asked, Balance, sums))
        return Value(getattr(columns, column), absent=0)

    return say


def _expiring(statement: Statement, asked: Asked) -> Said:
    """What is left of lots that end from now until the end of the local day that comes `window_days` later."""

    def build() -> Query:
        query = _of_currency(statement, asked, Lot, {"points": func.sum(Lot.remaining)})
        query = query.where(Lot.remaining > 0, Lot.expires_at > statement.scope.now)
        days = asked.window_days
        return query if days is None else query.where(Lot.expires_at < statement.scope.start(-days - 1))

    return Value(statement.grouped(("expiring", asked.key), build).points, absent=0)


def _earned(statement: Statement, asked: Asked) -> Said:
    """Points that came, less those reversed with the purchase that had earned them, on that purchase's day."""
    came = or_(LedgerEntry.kind.in_((EARNED, REVERSED)), and_(LedgerEntry.kind == ADJUSTED, LedgerEntry.points > 0))

    def build() -> Query:
        query = _of_currency(statement, asked, LedgerEntry, {"points": func.sum(LedgerEntry.points)}).where(came)
        if asked.window_days is None:
            return query
        bought_at = func.coalesce(Purchase.occurred_at, LedgerEntry.occurred_at)
        its_purchase = and_(Purchase.id == LedgerEntry.purchase_id, LedgerEntry.kind == REVERSED)
        return query.outerjoin(Purchase, its_purchase).where(bought_at >= statement.scope.start(asked.window_days))

    return Value(statement.grouped(("earned", asked.key), build).points, absent=0)


def _spent(statement: Statement, asked: Asked) -> Said:
    """Points that were used, less those given back."""

    def build() -> Query:
        query = _of_currency(statement, asked, LedgerEntry, {"points": -func.sum(LedgerEntry.points)})
        query = query.where(LedgerEntry.kind.in_((REDEEMED, RESTORED)))
        days = asked.window_days
        return query if days is None else query.where(LedgerEntry.occurred_at >= statement.scope.start(days))

    return Value(statement.grouped(("spent", asked.key), build).points, absent=0)


def _of_currency(statement: Statement, asked: Asked, model: Any, sums: Mapping[str, Column]) -> Query:
    query = select(model.member_id, *(column.label(name) for name, column in sums.items()))
    query = query.where(*statement.members(model.member_id)).group_by(model.member_id)
    for leaf in asked.where:
        codes = operators.column_predicate(CURRENCY, Currency.code, leaf, statement.scope)
        query = query.where(model.currency_id.in_(select(Currency.id).where(codes)))
    return query


FACTS: tuple[AudienceFact, ...] = (
    _fact("points.balance", Type.NUMBER, "Points to spend", 100, say=_balance("available")),
    _fact("points.pending", Type.NUMBER, "Points that wait to become usable", 20, say=_balance("pending")),
    _fact("points.expiring", Type.NUMBER, "Points about to expire", 40, is_windowed=True, say=_expiring),
    _fact("points.earned", Type.NUMBER, "Points earned", 200, is_windowed=True, say=_earned),
    _fact("points.spent", Type.NUMBER, "Points spent", 100, is_windowed=True, say=_spent),
)
