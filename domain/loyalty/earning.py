"""What a purchase earns: rules per amount and per item give points, multipliers raise them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import floor, prod
from typing import Any, NamedTuple

from domain import money, trees
from domain.errors import Unacceptable
from domain.fact import Fact, Type
from domain.loyalty import days
from domain.loyalty.sales import CHANNELS, Sale
from domain.loyalty.till import RuleTerms, Till
from domain.sentences import say

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_POINTS = 10**12  # in one posting; a balance of many stays within a bigint
FACTS = {
    fact.name: fact
    for fact in (
        Fact("purchase.location", Type.TEXT, "Location of the purchase", "main"),
        Fact("purchase.weekday", Type.TEXT, "Weekday of the purchase, on the shop's calendar", "monday", WEEKDAYS),
        Fact("purchase.hour", Type.NUMBER, "Hour of the purchase, on the shop's clock", 9),
        Fact("purchase.date", Type.DATE, "Day of the purchase, on the shop's calendar", "2026-05-04"),
        Fact("purchase.channel", Type.TEXT, "At the till or in the online shop", "pos", CHANNELS),
        Fact("purchase.amount", Type.MONEY, "Amount of the purchase", "12.50"),
        Fact("purchase.payment_method", Type.TEXT, "How the purchase was paid", "card"),
        Fact("purchase.categories", Type.SET, "Categories of what was bought", "hot drinks"),
    )
}


@dataclass(frozen=True, slots=True)
class Earned:
    """Points of one currency with one activation and expiry."""

    currency_id: int
    points: int
    activates_at: datetime
    expires_at: datetime | None


class _Dates(NamedTuple):
    currency_id: int
    after_days: int | None
    lifetime_days: int | None


def earned(till: Till, sale: Sale) -> list[Earned]:
    """What the café's rules give for this sale: each rule rounds down, then multipliers of its currency raise it."""
    facts = _facts(till, sale)
    today = facts["purchase.date"]
    rules = [rule for rule in till.rules if not rule.condition or trees.holds(rule.condition, facts, today=today)]
    amount = facts["purchase.amount"]
    lots: dict[_Dates, int] = {}
    for rule in rules:
        if rule.multiplier is None and (points := _points(rule, amount, sale)):
            dates = _Dates(rule.currency_id, rule.activates_after_days, rule.lifetime_days)
            lots[dates] = lots.get(dates, 0) + points
    raised = ((dates, floor(points * _multiplier(rules, dates.currency_id))) for dates, points in lots.items())
    return [_dated(till, sale, dates, points) for dates, points in raised if points]


def refuse_too_many(points: Iterable[int]) -> None:
    """Refuse an amount of points that no ledger is meant to hold."""
    if any(abs(each) > MOST_POINTS for each in points):
        raise Unacceptable(say("These are more points than can be booked at once."))


def _facts(till: Till, sale: Sale) -> dict[str, Any]:
    local = till.local(sale.occurred_at)
    return {
        "purchase.location": till.shop.name if till.shop else None,
        "purchase.weekday": WEEKDAYS[local.weekday()],
        "purchase.hour": local.hour,
        "purchase.date": local.date(),
        "purchase.channel": sale.channel,
        "purchase.amount": Decimal(sale.amount_minor).scaleb(-money.decimals(sale.currency)),
        "purchase.payment_method": sale.payment_method,
        "purchase.categories": frozenset(item.category for item in sale.items if item.category),
    }


def _points(rule: RuleTerms, amount: Decimal, sale: Sale) -> int:
    if rule.points_per_unit is not None:
        return floor(rule.points_per_unit * amount)
    if rule.per_item is None:
        return 0
    category = rule.per_item["category"].casefold()
    quantity = sum(item.quantity for item in sale.items if (item.category or "").casefold() == category)
    return max(0, floor(quantity * rule.per_item["points"]))


def _multiplier(rules: Sequence[RuleTerms], currency_id: int) -> Decimal:
    return prod((rule.multiplier for rule in rules if rule.multiplier is not None and rule.currency_id == currency_id),
                start=Decimal(1))  # fmt: skip


def _dated(till: Till, sale: Sale, dates: _Dates, points: int) -> Earned:
    bought_at = sale.occurred_at
    activates_at = days.start_of_day(bought_at, dates.after_days, till.zone) if dates.after_days else bought_at
    lifetime = dates.lifetime_days
    expires_at = None if lifetime is None else days.end_of_day(activates_at, lifetime, till.zone)
    return Earned(dates.currency_id, points, activates_at, expires_at)
