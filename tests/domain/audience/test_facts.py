"""What members have, did and agreed to, as conditions see it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event

from domain import trees
from domain.audience import conditions
from domain.audience.conditions import Scope
from domain.audience.facts import FACTS
from domain.fact import OPERATORS
from models.consent import Suppression
from models.ledger import LedgerEntry
from tests.domain.audience.questions import leaf

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        (leaf("points.balance", "gte", 10), ["Ada", "Berta"]),
        (leaf("points.balance", "eq", 0), ["Cleo"]),
        (leaf("points.balance", "gte", 10, where={"currency": "stars"}), ["Berta"]),
        (leaf("points.balance", "eq", 30), ["Berta"]),
        (leaf("points.expiring", "gte", 1, window_days=7), ["Ada"]),
        (leaf("points.expiring", "gte", 1, window_days=6), []),
        (leaf("points.expiring", "gte", 1), ["Ada", "Berta"]),
        (leaf("points.earned", "eq", 8, window_days=5), ["Cleo"]),
        (leaf("points.earned", "eq", 8), ["Cleo"]),
        (leaf("points.earned", "eq", 5, window_days=4), []),
        (leaf("points.spent", "eq", 3, window_days=2), ["Cleo"]),
        (leaf("points.spent", "lt", 3), ["Ada", "Berta"]),
    ],
)
def test_points(session, make, who, person, now, tree, found):
    stars = make.currency("stars")
    end_of_day_7 = datetime(2026, 3, 11, 22, 59, 59, tzinfo=UTC)
    make.points(person("Ada"), 20, expires_at=end_of_day_7)
    berta = person("Berta")
    make.points(berta, 20, expires_at=now + 40 * DAY)
    make.points(berta, 10, currency=stars)
    cleo, bought_at = person("Cleo"), now - 5 * DAY
    purchase = make.purchase(cleo, occurred_at=bought_at)
    moves = [("earned", 10), ("reversed", -2), ("redeemed", -5), ("restored", 2), ("expired", -3), ("adjusted", -2)]
    for kind, points in moves:
        at = bought_at if kind == "earned" else now
        its = purchase.id if kind in ("earned", "reversed") else None
        session.add(LedgerEntry(member_id=cleo.id, currency_id=stars.id, points=points, kind=kind, cause=kind,
                                purchase_id=its, occurred_at=at))  # fmt: skip
    session.flush()

    assert who(tree) == found


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        (leaf("rewards.unlocked", "eq", 2), ["Ada"]),
        (leaf("rewards.unlocked", "eq", 1, window_days=10), ["Ada"]),
        (leaf("rewards.waiting", "gte", 1), ["Ada"]),
        (leaf("rewards.waiting", "eq", 0, where={"reward": "cake"}), ["Ada", "Berta", "Cleo"]),
        (leaf("rewards.redeemed", "eq", 1, where={"reward": "COFFEE"}), ["Ada"]),
        (leaf("rewards.redeemed", "eq", 0, window_days=1), ["Berta", "Cleo"]),
        (leaf("rewards.points_to_next", "eq", 70), ["Ada"]),
        (leaf("rewards.points_to_next", "eq", 10), ["Berta"]),
        (leaf("rewards.points_to_next", "not_set"), ["Cleo"]),
        (leaf("rewards.points_to_next", "lte", 70, where={"reward": "cake"}), ["Ada"]),
    ],
)
def test_rewards(make, who, person, now, tree, found):
    coffee, cake = make.reward(name="Coffee", threshold=10), make.reward(name="Cake", threshold=100)
    make.reward(name="Old", threshold=5, archived_at=now)
    ada, cleo = person("Ada"), person("Cleo")
    person("Berta")
    make.points(ada, 30)
    make.points(cleo, 100)
    make.reward_event(ada, reward=coffee, at=now - DAY, valid_until=now + DAY)
    make.reward_event(ada, reward=cake, number=2, state="expired", at=now - 20 * DAY)
    make.reward_event(ada, reward=cake, number=3, state="withdrawn", at=now)
    make.reward_event(cleo, reward=cake, state="withdrawn", at=now)
    make.redemption(ada, reward=coffee, occurred_at=now)
    make.redemption(cleo, reward=coffee, occurred_at=now, voided_at=now)

    assert who(tree) == found


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        (leaf("event.custom.tasting.count", "gte", 1), ["Ada", "Berta"]),
        (leaf("event.custom.tasting.count", "eq", 2), ["Ada"]),
        (leaf("event.custom.tasting.count", "eq", 1, window_days=10), ["Ada", "Berta"]),
        (leaf("event.custom.tasting.count", "eq", 0, window_days=5), ["Ada", "Berta", "Cleo"]),
        (leaf("event.custom.tasting.count", "gte", 1, where={"roast": "Dark"}), ["Ada"]),
        (leaf("event.custom.tasting.count", "gte", 1, where={"cups": {"op": "gte", "value": 3}}), ["Berta"]),
        (leaf("event.custom.tasting.count", "gte", 1, where={"roast": {"op": "not_set"}}), ["Berta"]),
        (leaf("event.custom.tasting.last_at", "within_days", 10), ["Ada", "Berta"]),
        (leaf("event.custom.tasting.last_at", "not_set"), ["Cleo"]),
        (leaf("tier", "eq", "gold"), ["Ada"]),
        (leaf("tier", "not_set"), ["Cleo"]),
        (leaf("referrals.count", "eq", 2), ["Ada"]),
        (leaf("referrals.purchased", "eq", 0), ["Ada", "Berta", "Cleo"]),
        (leaf("counter.coffees", "eq", 5), ["Ada"]),
        (leaf("counter.coffees", "lt", 1), ["Berta", "Cleo"]),
    ],
)
def test_events_and_what_follows_from_them(make, who, person, now, tree, found):
    ada, berta = person("Ada"), person("Berta")
    person("Cleo")
    tasting = "custom.tasting"
    make.event(tasting, ada, occurred_at=now - 30 * DAY, properties={"roast": "light", "cups": 2})
    make.event(tasting, ada, occurred_at=now - 10 * DAY, properties={"roast": "dark", "cups": "2"})
    make.event(tasting, berta, occurred_at=now - 10 * DAY, properties={"cups": 3})
    make.event("status.changed", ada, occurred_at=now - DAY, properties={"old": None, "new": "Silver"})
    make.event("status.changed", ada, occurred_at=now, properties={"old": "Silver", "new": "Gold"})
    make.event("status.changed", berta, occurred_at=now, properties={"old": None, "new": "Silver"})
    for friend in ("x", "x", "y"):
        make.event("friend.invited", ada, properties={"friend": friend})
    for value in (4, 5):
        make.event("counter.changed", ada, properties={"counter": "coffees", "value": value})
    make.event("counter.changed", berta, properties={"counter": "teas", "value": 9})

    assert who(tree) == found


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        (leaf("messages.received", "gte", 1), ["Ada", "Berta"]),
        (leaf("messages.received", "eq", 2, window_days=7), ["Ada"]),
        (leaf("messages.received", "gte", 1, where={"channel": "sms"}), ["Ada"]),
        (leaf("messages.received", "eq", 0, window_days=7, where={"topic": "promotional"}), ["Berta", "Cleo"]),
        (leaf("messages.received", "gte", 1, where={"cause": "campaign:3"}), ["Ada"]),
        (leaf("messages.last_at", "more_than_days_ago", 7), ["Berta"]),
        (leaf("messages.not_reached", "gte", 1), ["Berta", "Cleo"]),
        (leaf("messages.not_reached", "gte", 1, where={"channel": "email"}), ["Berta"]),
        (leaf("messages.opened", "eq", 1), ["Ada"]),
        (leaf("messages.opened", "gte", 1, where={"channel": "sms"}), []),
        (leaf("messages.clicked", "eq", 0), ["Ada", "Berta", "Cleo"]),
    ],
)
def test_messages(make, who, person, now, tree, found):
    ada, berta, cleo = person("Ada"), person("Berta"), person("Cleo")
    mail = make.message(ada, state="delivered", sent_at=now - DAY, cause="campaign:3", topic="promotional")
    make.message(ada, state="sent", channel="sms", sent_at=now)
    make.message(ada, state="planned")
    make.message(berta, state="sent", sent_at=now - 8 * DAY)
    make.message(berta, state="bounced", sent_at=now)
    make.message(cleo, state="skipped", channel="sms", reason="no_address")
    make.message(cleo, state="skipped", reason="control_group")
    read = {"message": mail.id, "channel": "email"}
    for _ in range(2):
        make.event("message.opened", ada, properties=read | {"machine": False})
    make.event("message.opened", berta, properties={"message": 99, "channel": "email", "machine": True})

    assert who(tree) == found


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        (leaf("consent.email.promotional", "eq", value=True), ["Ada"]),
        (leaf("consent.email.promotional", "eq", value=False), ["Berta"]),
        (leaf("consent.email.promotional", "ne", value=True), ["Berta", "Cleo", "Dora"]),
        (leaf("consent.email.promotional", "not_set"), ["Cleo", "Dora"]),
        (leaf("consent.sms.rewards", "is_set"), []),
        (leaf("reachable.email", "eq", value=True), ["Ada", "Dora"]),
        (leaf("reachable.email", "eq", value=False), ["Berta", "Cleo"]),
        (leaf("reachable.sms", "eq", value=True), ["Ada", "Cleo"]),
        (leaf("reachable.voice", "ne", value=True), ["Dora"]),
    ],
)
def test_consents_and_addresses(session, make, who, person, now, tree, found):
    texts = {"phone_takes_texts": True}
    make.consent(person("Ada", email="ada@example.com", **texts), "email", "promotional")
    make.consent(person("Berta", email="Berta@example.com"), "email", "promotional", granted=False)
    person("Cleo", email=None, **texts)
    person("Dora", phone=None)
    refused = {"channel": "email", "reason": "bounced", "since": now}
    session.add(Suppression(address="berta@example.com", **refused))
    session.add(Suppression(address="ada@example.com", lifted_at=now, **refused))
    session.flush()

    assert who(tree) == found


MADE_UP = [
    FACTS[name]
    for name in (
        "attributes.milk",
        "event.custom.tasting.count",
        "event.friend.purchased.last_at",
        "counter.coffees",
        "consent.email.rewards",
        "reachable.sms",
    )
]


def test_every_question_about_a_fact_is_one_statement_with_all_others(session, tenant, person):
    person("Ada", birthday=date(2000, 1, 1), attributes={"milk": "oat"})
    alike = {"events", "consents"}  # one of each stands for all
    for fact in [*(fact for fact in FACTS.values() if fact.family not in alike), *MADE_UP]:
        plain = [leaf(fact.name, op, value_of(fact, op)) for op in fact.operators]
        narrowed = [plain[0] | {"where": {field.name: asked}} for field, asked in fields_asked(fact)]
        tree = {"any": [*plain, *narrowed[::3], {"not": {"all": plain}}]}
        assert asked_at_once(session, tenant, tree) == 1, fact.name


def fields_asked(fact):
    for field in (fact.fields or {}).values():
        for op in field.operators:
            yield field, {"op": op} | ({} if op in ("is_set", "not_set") else {"value": value_of(field, op)})


def asked_at_once(session, tenant, tree):
    """How many statements it takes to find everybody."""
    trees.check(tree, FACTS)
    seen = []
    scope = Scope.of(tenant, now=datetime(2026, 3, 4, 11, 0, tzinfo=UTC))

    def listener(*_):
        seen.append(1)

    event.listen(session.get_bind(), "before_cursor_execute", listener)
    session.scalars(conditions.matching(tree, scope)).all()
    event.remove(session.get_bind(), "before_cursor_execute", listener)
    return len(seen)


def value_of(fact, op):
    if op in ("is_set", "not_set"):
        return None
    if op in ("within_days", "more_than_days_ago"):
        return 3
    example = fact.options[0] if fact.options else fact.example
    if op == "between":
        return [example, example]
    return [example] if op in ("in", "not_in") else example


def test_every_type_is_asked_in_these_tests():
    fields = [field for fact in FACTS.values() for field in (fact.fields or {}).values()]
    asked = {fact.type for fact in [*FACTS.values(), *fields, FACTS["attributes.milk"]]}
    assert asked == set(OPERATORS)
