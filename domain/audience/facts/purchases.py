"""Facts of purchases: how often, how much, since when. One refunded in full never happened, refunds reduce sums.

Summaries answer for all time and for a year, days for windows by channel, the purchases themselves what else is asked.
"""

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import Date, Integer, Numeric, case, cast, func, literal, select, true

from domain import trees
from domain.audience.facts import receipts
from domain.audience.facts.fact import Asked, AudienceFact, Said, Value
from domain.audience.facts.statement import Column, Query, Statement
from domain.fact import Type
from domain.loyalty.sales import CHANNELS
from models.summary import AudienceDay, MemberSummary, PurchaseDay

YEAR = 365  # the window that summaries keep

_fact = partial(AudienceFact, family="purchases", fields=receipts.FIELDS, is_windowed=True)


@dataclass(frozen=True, slots=True)
class Sums:
    """How many purchases a member made, and their money in minor units, net of refunds."""

    count: Column
    net: Column


def _count(statement: Statement, asked: Asked) -> Said:
    if asked.only("channel"):
        return Value(_sums(statement, asked).count, absent=0)
    bought = receipts.bought(statement, asked)
    return Value(bought.count, absent=0, once=lambda: receipts.once(statement, asked))


def _sum(statement: Statement, asked: Asked) -> Said:
    return Value(_sums(statement, asked).net, absent=0)


def _average(statement: Statement, asked: Asked) -> Said:
    sums = _sums(statement, asked)
    return Value(cast(sums.net, Numeric) / func.nullif(sums.count, 0))


def _first_at(statement: Statement, asked: Asked) -> Said:
    if asked.window_days is None and not asked.where:
        summary = statement.beside(MemberSummary)
        return Value(summary.first_at, day=summary.first_on)
    return Value(receipts.bought(statement, asked).first_at)


def _last_at(statement: Statement, asked: Asked) -> Said:
    if asked.window_days is None and not asked.where:
        summary = statement.beside(MemberSummary)
        return Value(summary.last_at, day=summary.last_on)
    return Value(receipts.bought(statement, asked).last_at)


def _months_without(statement: Statement, _asked: Asked) -> Said:
    """The largest n for which the last purchase was more than n months ago: 6 from the day after the same day."""
    last_on, today = statement.beside(MemberSummary).last_on, cast(literal(statement.scope.today), Date)
    years, months = (func.extract(each, today) - func.extract(each, last_on) for each in ("year", "month"))
    begun = cast(years * 12 + months, Integer)
    is_over = cast(today - func.make_interval(0, begun), Date) > last_on
    return Value(func.greatest(begun - case((is_over, 0), else_=1), 0))


def _items(statement: Statement, asked: Asked) -> Said:
    return Value(receipts.items(statement, asked).quantity, absent=0)


def _sums(statement: Statement, asked: Asked) -> Sums:
    if not asked.only("channel"):
        paid = receipts.paid(statement, asked)
        return Sums(paid.count, paid.net)
    channels = _channels(asked)
    if asked.window_days is None:
        return _in_summary(statement.beside(MemberSummary), channels)
    if _covers_year(asked):
        return _in_year(statement)
    return _in_days(statement, asked.window_days, channels)


def _channels(asked: Asked) -> list[str]:
    return [each for each in CHANNELS if _includes(asked, each)]


def _covers_year(asked: Asked) -> bool:
    return asked.window_days == YEAR and len(_channels(asked)) == len(CHANNELS)


def _includes(asked: Asked, channel: str) -> bool:
    return all(trees.holds(leaf, {"channel": channel}, today=date.min) for leaf in asked.where)


def _in_summary(summary: type[MemberSummary], channels: list[str]) -> Sums:
    shop = Sums(summary.pos_purchases, summary.pos_net_minor)
    all_of_it = Sums(summary.purchases, summary.net_minor)
    if len(channels) == len(CHANNELS):
        return all_of_it
    if not channels:
        return Sums(all_of_it.count * 0, all_of_it.net * 0)
    return shop if channels == ["pos"] else Sums(all_of_it.count - shop.count, all_of_it.net - shop.net)


def _in_year(statement: Statement) -> Sums:
    year = statement.grouped("year", lambda: _year(statement))
    return Sums(year.count, year.net)


def _year(statement: Statement) -> Query:
    shift = _shift(statement).subquery()
    return (
        select(
            MemberSummary.member_id,
            (MemberSummary.year_purchases + func.coalesce(shift.c.count, 0)).label("count"),
            (MemberSummary.year_minor + func.coalesce(shift.c.net, 0)).label("net"),
        )
        .outerjoin(shift, shift.c.member_id == MemberSummary.member_id)
        .where(*statement.members(MemberSummary.member_id))
    )


def _shift(statement: Statement) -> Query:
    """What enters and leaves the year between the day that summaries stand at and the day that is asked about."""
    asked = literal(statement.scope.day(YEAR))
    kept = AudienceDay.day - YEAR
    sign = case((PurchaseDay.day >= asked, 1), else_=-1)
    moved = _grouped(statement, sign * PurchaseDay.purchases, sign * PurchaseDay.net_minor).join(AudienceDay, true())
    return moved.where(PurchaseDay.day >= func.least(kept, asked), PurchaseDay.day < func.greatest(kept, asked))


def _in_days(statement: Statement, window_days: int, channels: list[str]) -> Sums:
    start = statement.scope.day(window_days)
    statement.days(PurchaseDay.member_id, PurchaseDay.day, start=start)
    of_these = [PurchaseDay.day >= start]
    if len(channels) < len(CHANNELS):
        of_these.append(PurchaseDay.channel.in_(channels))

    def summed(column: Any) -> Column:
        return func.coalesce(func.whole_sum(column).filter(*of_these), 0)

    return Sums(summed(PurchaseDay.purchases), summed(PurchaseDay.net_minor))


def _grouped(statement: Statement, count: Any, net: Any) -> Query:
    return (
        select(PurchaseDay.member_id, func.whole_sum(count).label("count"), func.whole_sum(net).label("net"))
        .where(*statement.members(PurchaseDay.member_id))
        .group_by(PurchaseDay.member_id)
    )


FACTS: tuple[AudienceFact, ...] = (
    _fact("purchases.count", Type.NUMBER, "Number of purchases", 3, is_always_set=True, say=_count),
    _fact("purchases.sum", Type.MONEY, "Money spent", "50.00", is_always_set=True, say=_sum),
    _fact("purchases.average", Type.MONEY, "Average purchase", "8.50", say=_average),
    _fact("purchases.first_at", Type.INSTANT, "First purchase", "2026-05-04T08:30:00+02:00", say=_first_at),
    _fact("purchases.last_at", Type.INSTANT, "Last purchase", "2026-05-04T08:30:00+02:00", say=_last_at),
    AudienceFact("purchases.months_without", Type.NUMBER, "Months without a purchase", 6, family="purchases",
                 say=_months_without),
    _fact("purchases.items", Type.NUMBER, "Pieces bought", 10, is_always_set=True, say=_items),
)  # fmt: skip
