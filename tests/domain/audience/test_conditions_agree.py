"""The statement for everybody, the one for a few, and a plain reading in memory find the same people."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.audience import conditions
from domain.audience.conditions import Scope
from domain.loyalty import summaries
from models.purchase import Refund
from models.tag import MemberTag, Tag
from tests.domain.audience.reference import Bought, Line, Person, World

ZONES = ["Europe/Vienna", "America/New_York", "America/Sao_Paulo", "Pacific/Kiritimati", "Asia/Kathmandu"]
# Around leap days, the turn of a year, and hours that clocks skip or have twice.
NOWS = [
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    datetime(2027, 2, 28, 23, 30, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 0, tzinfo=UTC),
    datetime(2018, 11, 4, 2, 30, tzinfo=UTC),
]
LINES = [("Latte", "hot drinks"), ("Espresso", "hot drinks"), ("Cake", "cakes")]
DAYS = [1, 7, 30, 90, 365]
TAGS = ["vip", "staff"]

ORDERED = ["eq", "ne", "lt", "lte", "gt", "gte"]
AGO = [0, 1, 6, 7, 8, 30, 31, 89, 90, 91, 364, 365, 366, 400]
BIRTHDAYS = [None, date(1996, 2, 29), date(2000, 3, 1), date(1990, 12, 31), date(2004, 2, 28)]


class Chance(Random):
    """Draws worlds and questions."""

    def world(self):
        now = self.choice(NOWS)
        return World(self.choice(ZONES), now, [self.person(now) for _ in range(5)])

    def person(self, now):
        birthday = self.choice([*BIRTHDAYS, date(1990, 1, 1) + timedelta(days=self.randrange(7000))])
        joined_on = now.date() - timedelta(days=self.randrange(60))
        worn = {tag for tag in TAGS if self.random() < 0.4}
        history = [self.bought(now) for _ in range(self.randrange(5))]
        return Person(birthday, joined_on, self.choice([None, "oat", "12", 12, 12.5, True]), worn, history)

    def bought(self, now):
        at = now - timedelta(days=self.choice(AGO), minutes=self.randrange(24 * 60))
        cents = self.choice([0, 450, 900, 1500])
        refunded = self.choice([None, None, None, cents, cents // 3])
        lines = [
            Line(*self.choice(LINES), self.choice([300, 451]), self.randint(1, 2)) for _ in range(self.randrange(3))
        ]
        return Bought(at, cents, refunded, self.choice(["pos", "online"]), self.choice([None, *ZONES]), lines)

    def line(self):
        return Line(*self.choice(LINES), self.choice([300, 451]), self.randint(1, 2))

    def tree(self, depth=0):
        kind = self.random()
        if depth > 2 or kind < 0.4:
            return self.leaf()
        if kind < 0.55:
            return {"not": self.tree(depth + 1)}
        return {self.choice(["all", "any"]): [self.tree(depth + 1) for _ in range(self.randint(1, 3))]}

    def leaf(self):
        fact, ops, value = self.choice(self.questions())
        leaf = {"fact": fact, "op": self.choice(ops)} | ({} if value is None else {"value": value})
        return leaf | self.narrowed() if fact.startswith("purchases.") else leaf

    def questions(self):
        few, days = self.randrange(4), self.choice(DAYS)
        money = self.choice(["0", "4.50", "9.00", "15"])
        return [
            ("purchases.count", ORDERED, few),
            ("purchases.count", ["between"], [1, 2]),
            ("purchases.sum", ORDERED, money),
            ("purchases.average", ORDERED, money),
            ("purchases.items", ORDERED, few),
            ("purchases.first_at", ["within_days", "more_than_days_ago"], days),
            ("purchases.last_at", ["within_days", "more_than_days_ago"], days),
            ("purchases.last_at", ["is_set", "not_set"], None),
            ("tags", ["in", "not_in"], self.sample(TAGS, self.randint(1, 2))),
            ("tags", ["is_set", "not_set"], None),
            ("member.birthday", ["within_days"], self.randrange(400)),
            ("member.age", ORDERED, self.randint(15, 36)),
            ("member.joined_on", ["within_days", "more_than_days_ago"], days),
            ("attributes.milk", ["eq", "ne", "contains"], self.choice(["OAT", "12", 12])),
            ("attributes.milk", ["lt", "gte"], self.choice([12, 13])),
            ("attributes.milk", ["in", "not_in"], ["Oat", 12, True]),
        ]

    def narrowed(self):
        window = {"window_days": self.choice(DAYS)} if self.random() < 0.6 else {}
        wheres = {
            "channel": self.choice(["pos", "online", ["pos", "online"]]),
            "category": self.choice(["Hot drinks", "cakes"]),
            "product": self.choice(["latte", ["cake", "tea"], {"op": "ne", "value": "latte"}]),
            "weekday": self.choice(["sunday", ["monday", "tuesday", "wednesday"]]),
            "hour": {"op": "gte", "value": self.randrange(24)},
            "amount": {"op": "lt", "value": self.choice(["4.50", "9.01"])},
        }
        where = {field: wheres[field] for field in self.sample(sorted(wheres), self.choice([0, 0, 1, 1, 2]))}
        return window | ({"where": where} if where else {})


@pytest.fixture
def tags(session):
    made = {name: Tag(name=name) for name in TAGS}
    session.add_all(made.values())
    session.flush()
    return made


def settle(session, make, tags, world, tenant):
    """Write the world down; the ids of its people, in order."""
    tenant.timezone = world.zone
    shops = {zone: make.location(timezone=zone).id for zone in ZONES}
    ids = []
    for person in world.people:
        attributes = {} if person.milk is None else {"milk": person.milk}
        member = make.member(birthday=person.birthday, joined_on=person.joined_on, attributes=attributes)
        ids.append(member.id)
        for name in person.tags:
            session.add(MemberTag(tag_id=tags[name].id, member_id=member.id, applied_at=world.now, source="hand"))
        for each in person.bought:
            purchase = make.purchase(
                member,
                items=[vars_of(line) for line in each.lines],
                occurred_at=each.at,
                amount_minor=each.cents,
                refunded_minor=each.refunded,
                channel=each.channel,
                location_id=shops.get(each.shop_zone),
            )
            if each.refunded is not None:
                given = {"amount_minor": each.refunded, "occurred_at": each.at, "content_hash": "", "source": "api"}
                session.add(Refund(purchase_id=purchase.id, external_id=f"refund-{purchase.id}", **given))
    session.flush()
    summaries.rebuild(session, tenant, now=world.now)
    return ids


def vars_of(line):
    return {"name": line.name, "category": line.category, "amount_minor": line.cents, "quantity": line.quantity}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_everybody_a_few_and_a_plain_reading_agree(session, make, tags, tenant, seed):
    chance = Chance(seed)
    world = chance.world()
    with session.begin_nested() as undone:
        ids = settle(session, make, tags, world, tenant)
        for tree in [chance.tree() for _ in range(10)]:
            conditions.check(session, tree)
            plainly = {i for i, person in zip(ids, world.people, strict=True) if world.fulfils(person, tree)}
            everybody = session.scalars(conditions.matching(tree, Scope.of(tenant, now=world.now))).all()
            few = session.scalars(conditions.matching(tree, Scope.of(tenant, now=world.now, member_ids=ids[1:3]))).all()
            assert sorted(everybody) == sorted(plainly), tree
            assert sorted(few) == sorted(plainly & set(ids[1:3])), tree
        undone.rollback()
