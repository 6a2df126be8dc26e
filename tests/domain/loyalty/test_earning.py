from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.errors import Unacceptable
from domain.loyalty import earning_rules
from domain.loyalty.earning_rules import RuleDraft
from domain.loyalty.sales import SaleItem


@pytest.fixture
def earns(counter):
    """How many points a purchase earns now."""

    def earned(amount_minor, **values):
        answer = counter.buy(amount_minor, **values).answer
        return sum(each["earned"] for each in answer["points"])

    return earned


def save(counter, **values):
    return earning_rules.create(
        counter.session, RuleDraft(**({"name": "A rule", "currency": "points"} | values)), now=counter.now
    )


def test_half_a_point_per_unit_rounds_down(counter, make, earns):
    save(counter, points_per_unit=Decimal("0.5"))  # beside the whole point that is there

    assert earns(1790) == 17 + 8


def test_items_of_a_category_earn_by_their_number(counter, earns):
    save(counter, per_item={"category": "Hot drinks", "points": 3})
    items = (
        SaleItem("Melange", 900, Decimal(2), category="hot drinks"),
        SaleItem("Espresso", 0, Decimal(1), category="hot drinks"),
        SaleItem("Torte", 0, Decimal(5), category="cakes"),
        SaleItem("Zeitung", 0),
    )

    assert earns(900, items=items) == 9 + 9


def test_a_multiplier_raises_what_the_other_rules_give(counter, earns):
    save(counter, multiplier=Decimal("1.5"))
    save(counter, multiplier=Decimal(2), where={"fact": "purchase.amount", "op": "gte", "value": "10.00"})

    assert earns(999) == 13  # 9 × 1.5, rounded down
    assert earns(1000) == 30


def test_a_multiplier_raises_only_its_own_currency(counter, make, earns):
    make.earning_rule(make.currency("stars"))
    save(counter, multiplier=Decimal(3), currency="stars")

    assert earns(100) == 1 + 3


@pytest.mark.parametrize(
    ("condition", "hour", "double"),
    [
        ({"fact": "purchase.weekday", "op": "eq", "value": "wednesday"}, 11, True),
        ({"fact": "purchase.weekday", "op": "eq", "value": "monday"}, 11, False),
        ({"fact": "purchase.hour", "op": "between", "value": [7, 12]}, 11, True),  # noon in Vienna
        ({"fact": "purchase.hour", "op": "between", "value": [7, 11]}, 11, False),
        ({"fact": "purchase.location", "op": "eq", "value": "main"}, 11, True),
        ({"fact": "purchase.location", "op": "eq", "value": "other"}, 11, False),
        ({"fact": "purchase.channel", "op": "eq", "value": "pos"}, 11, True),
        ({"fact": "purchase.payment_method", "op": "ne", "value": "cash"}, 11, True),
        ({"fact": "purchase.categories", "op": "contains", "value": "cakes"}, 11, True),
        ({"fact": "purchase.date", "op": "eq", "value": "2026-03-04"}, 11, True),
        ({"fact": "purchase.date", "op": "eq", "value": "2026-03-04"}, 23, False),  # past midnight in Vienna
    ],
)
def test_a_rule_counts_where_its_condition_holds(counter, earns, condition, hour, double):
    counter.now = datetime(2026, 3, 4, hour, tzinfo=UTC)
    save(counter, multiplier=Decimal(2), where=condition)
    cake = SaleItem("Torte", 500, category="cakes")

    assert earns(500, location="main", payment_method="card", items=(cake,)) == (10 if double else 5)


def test_the_hour_is_the_shops_own(counter, make, earns):
    make.location(name="Lisboa", timezone="Europe/Lisbon")
    save(counter, multiplier=Decimal(2), where={"fact": "purchase.hour", "op": "eq", "value": 11})

    assert (earns(500, location="Lisboa"), earns(500, location="main")) == (10, 5)


def test_rules_with_other_dates_make_other_lots(counter):
    save(counter, points_per_unit=Decimal(1), lifetime_days=10)
    save(counter, points_per_unit=Decimal(1), activates_after_days=1)

    points = counter.buy(500).answer["points"]
    assert [(each["earned"], each["expires_at"]) for each in points] == [
        (5, None),
        (5, "2026-03-14T22:59:59+00:00"),
        (5, None),
    ]


def test_a_rule_put_away_counts_no_more(counter, earns):
    rule = save(counter, multiplier=Decimal(2))
    assert earns(500) == 10
    earning_rules.archive(counter.session, rule.id, now=counter.now)

    assert earns(500) == 5
    assert rule not in earning_rules.of_cafe(counter.session)


def test_points_without_end_are_refused_not_overflowed(counter):
    save(counter, points_per_unit=Decimal(10_000))
    save(counter, multiplier=Decimal(100))

    with pytest.raises(Unacceptable):
        counter.buy(10**15)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({}, "points_per_unit"),
        ({"points_per_unit": Decimal(1), "multiplier": Decimal(2)}, "points_per_unit"),
        ({"points_per_unit": Decimal(-1)}, "points_per_unit"),
        ({"points_per_unit": Decimal("0.00001")}, "points_per_unit"),
        ({"multiplier": Decimal(101)}, "multiplier"),
        ({"multiplier": Decimal(2), "lifetime_days": 3}, "multiplier"),
        ({"per_item": {"category": "cakes"}}, "per_item.category"),
        ({"per_item": {"category": "", "points": 1}}, "per_item.category"),
        ({"per_item": {"category": "cakes", "points": 0}}, "per_item.points"),
        ({"points_per_unit": Decimal(1), "currency": "gold"}, "currency"),
        ({"points_per_unit": Decimal(1), "name": " "}, "name"),
        ({"points_per_unit": Decimal(1), "lifetime_days": 0}, "lifetime_days"),
        ({"points_per_unit": Decimal(1), "activates_after_days": -1}, "activates_after_days"),
        ({"points_per_unit": Decimal(1), "where": {"fact": "member.birthday", "op": "is_set"}}, "where.fact"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_beside_its_field(counter, values, path):
    with pytest.raises(Unacceptable) as refused:
        save(counter, **values)
    assert refused.value.errors[0].path == path


def test_a_rule_is_described_as_it_was_written(counter):
    where = {"fact": "purchase.channel", "op": "eq", "value": "pos"}
    rule = save(counter, points_per_unit=Decimal("1.5"), where=where, lifetime_days=30)

    assert earning_rules.describe(counter.session, earning_rules.get(counter.session, rule.id)) == {
        "id": rule.id,
        "name": "A rule",
        "currency": "points",
        "points_per_unit": Decimal("1.5"),
        "per_item": None,
        "multiplier": None,
        "where": where,
        "activates_after_days": None,
        "lifetime_days": 30,
    }


def test_a_purchase_told_late_earns_from_its_own_day(counter):
    save(counter, points_per_unit=Decimal(1), lifetime_days=2)
    told = counter.buy(500, occurred_at=counter.now - timedelta(days=9))

    assert told.answer["points"][1]["expires_at"] == "2026-02-25T22:59:59+00:00"
    assert told.answer["balances"] == [{"currency": "points", "available": 5, "pending": 0}]
