from datetime import date

import pytest

from domain import trees
from domain.errors import Unacceptable
from domain.fact import Fact, Type

TODAY = date(2026, 3, 4)
FIELDS = {"channel": Fact("channel", Type.TEXT, "Channel", "pos", ("pos", "online"))}
FACTS = {
    fact.name: fact
    for fact in (
        Fact("purchases.count", Type.NUMBER, "Purchases", 3, is_windowed=True, fields=FIELDS),
        Fact("purchase.amount", Type.MONEY, "Amount", "12.50"),
        Fact("purchase.channel", Type.TEXT, "Channel", "pos", ("pos", "online")),
        Fact("member.first_name", Type.TEXT, "First name", "Nora"),
        Fact("member.birthday", Type.DATE, "Birthday", "1990-05-04"),
        Fact("purchases.last_at", Type.INSTANT, "Last purchase", "2026-05-04T08:30:00+02:00"),
        Fact("member.reachable", Type.BOOLEAN, "Reachable", True),
        Fact("tags", Type.SET, "Tags", "regular"),
        Fact("attributes.cups", Type.FREE, "Cups", 3),
    )
}


def leaf(fact, op, value=None, **more):
    return {"fact": fact, "op": op} | ({} if value is None else {"value": value}) | more


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ([], "where"),
        ("all", "where"),
        ({"all": []}, "where.all"),
        ({"all": {}}, "where.all"),
        ({"all": [leaf("tags", "is_set")], "any": []}, "where.any"),
        ({"not": leaf("tags", "is_set"), "all": [leaf("tags", "is_set")]}, "where.not"),
        ({"any": [leaf("nothing", "eq", 1)]}, "where.any.0.fact"),
        ({"fact": ["tags"], "op": "is_set"}, "where.fact"),
        (leaf("tags", "is_set", more=1), "where.more"),
        (leaf("purchase.amount", "gte", "10", window_days=3), "where.window_days"),
        (leaf("purchases.count", "gte", 1, window_days=0), "where.window_days"),
        (leaf("purchases.count", "gte", 1, where=[]), "where.where"),
        (leaf("purchase.channel", "gt", "pos"), "where.op"),
        (leaf("purchase.channel", "eq", "fax"), "where.value"),
        (leaf("purchase.channel", "in", "pos"), "where.value"),
        (leaf("purchase.channel", "in", ["pos", 3]), "where.value.1"),
        (leaf("purchase.amount", "gte", "much"), "where.value"),
        (leaf("purchase.amount", "gte", "NaN"), "where.value"),
        (leaf("purchase.amount", "gte", True), "where.value"),
        (leaf("purchase.amount", "gte"), "where.value"),
        (leaf("purchase.amount", "between", ["1"]), "where.value"),
        (leaf("purchases.last_at", "before", "2026-05-04T08:30:00"), "where.value"),
        (leaf("member.birthday", "within_days", -1), "where.value"),
        (leaf("member.birthday", "eq", "2025-02-29"), "where.value"),
        (leaf("tags", "is_set", "regular"), "where.value"),
        (leaf("member.reachable", "eq", "yes"), "where.value"),
    ],
)
def test_what_is_no_condition_is_refused_at_its_spot(tree, path):
    with pytest.raises(Unacceptable) as refused:
        trees.check(tree, FACTS)
    assert refused.value.errors[0].path == path


def test_nesting_and_size_have_an_end():
    deep = leaf("tags", "is_set")
    for _ in range(trees.DEEPEST):
        deep = {"not": deep}
    wide = {"any": [{"all": [leaf("tags", "is_set")] * 60}] * 2}

    for tree in (deep, wide):
        with pytest.raises(Unacceptable):
            trees.check(tree, FACTS)


@pytest.mark.parametrize(
    ("tree", "values", "answer"),
    [
        (leaf("purchase.amount", "gte", "10.00"), {"purchase.amount": 10}, True),
        (leaf("purchase.amount", "gt", 10), {"purchase.amount": 10}, False),
        (leaf("purchase.amount", "between", [1, "10"]), {"purchase.amount": 10}, True),
        (leaf("purchase.amount", "in", ["9.99", "10"]), {"purchase.amount": 10}, True),
        (leaf("purchase.channel", "eq", "POS"), {"purchase.channel": "pos"}, True),
        (leaf("purchase.channel", "ne", "pos"), {}, True),
        (leaf("purchase.channel", "eq", "pos"), {}, False),
        (leaf("purchase.channel", "not_in", ["pos"]), {"purchase.channel": "online"}, True),
        (leaf("member.first_name", "starts_with", "no"), {"member.first_name": "Nora"}, True),
        (leaf("member.first_name", "contains", "OR"), {"member.first_name": "Nora"}, True),
        (leaf("member.first_name", "is_set"), {"member.first_name": ""}, False),
        (leaf("member.first_name", "not_set"), {"member.first_name": ""}, True),
        (leaf("member.birthday", "before", "1991-01-01"), {"member.birthday": date(1990, 5, 4)}, True),
        (leaf("member.birthday", "within_days", 30), {"member.birthday": date(2026, 2, 2)}, True),
        (leaf("member.birthday", "within_days", 30), {"member.birthday": date(2026, 2, 1)}, False),
        (leaf("member.birthday", "more_than_days_ago", 30), {"member.birthday": date(2026, 2, 1)}, True),
        (leaf("member.reachable", "eq", value=False), {"member.reachable": False}, True),
        (leaf("tags", "contains", "Regular"), {"tags": frozenset({"regular"})}, True),
        (leaf("tags", "in", ["new", "regular"]), {"tags": frozenset({"regular"})}, True),
        (leaf("tags", "not_in", ["regular"]), {"tags": frozenset({"regular"})}, False),
        (leaf("tags", "is_set"), {"tags": frozenset()}, False),
        (leaf("attributes.cups", "gte", 3), {"attributes.cups": "12"}, True),
        (leaf("attributes.cups", "eq", "12"), {"attributes.cups": 12}, True),
        (leaf("attributes.cups", "lt", 3), {"attributes.cups": "many"}, False),
        (leaf("attributes.cups", "ne", 3), {"attributes.cups": "many"}, True),
        (leaf("attributes.cups", "in", [3, "Many"]), {"attributes.cups": "many"}, True),
        (leaf("attributes.cups", "eq", value=True), {"attributes.cups": "true"}, True),
        (leaf("attributes.cups", "contains", 2), {"attributes.cups": 12}, True),
        ({"not": leaf("tags", "is_set")}, {}, True),
        ({"all": [leaf("tags", "not_set"), leaf("purchase.amount", "lt", 5)]}, {"purchase.amount": 4}, True),
        ({"any": [leaf("tags", "is_set"), leaf("purchase.amount", "lte", 3)]}, {"purchase.amount": 4}, False),
    ],
)
def test_a_condition_is_true_or_false_of_facts(tree, values, answer):
    trees.check(tree, FACTS)
    assert trees.holds(tree, values, today=TODAY) is answer
