"""A plain reading of conditions over a small world in memory, to hold the SQL against."""

from calendar import isleap
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from domain import trees
from domain.loyalty.earning import WEEKDAYS


@dataclass
class Line:
    name: str
    category: str
    cents: int
    quantity: int = 1


@dataclass
class Bought:
    at: datetime
    cents: int
    refunded: int | None
    channel: str
    shop_zone: str | None
    lines: list[Line]

    @property
    def happened(self):
        return self.refunded is None or self.refunded < self.cents


@dataclass
class Person:
    birthday: date | None
    joined_on: date
    milk: str | None
    tags: set[str]
    bought: list[Bought] = field(default_factory=list)


@dataclass
class World:
    zone: str
    now: datetime
    people: list[Person]

    @property
    def today(self):
        return self.local(self.now).date()

    def local(self, at, zone=None):
        return at.astimezone(ZoneInfo(zone or self.zone))

    def fulfils(self, person, tree):
        """Whether a person fulfils a tree, by the plain meaning of each question."""
        if "all" in tree:
            return all(self.fulfils(person, part) for part in tree["all"])
        if "any" in tree:
            return any(self.fulfils(person, part) for part in tree["any"])
        if "not" in tree:
            return not self.fulfils(person, tree["not"])
        if (tree["fact"], tree["op"]) == ("member.birthday", "within_days"):
            return self.has_birthday_within(person, tree["value"])
        question = {"fact": "it", "op": tree["op"], "value": tree.get("value")}
        return trees.holds(question, {"it": self.value(person, tree)}, today=self.today)

    def has_birthday_within(self, person, days):
        born = person.birthday
        return born is not None and any(
            (day.month, day.day) == (born.month, born.day)
            or ((born.month, born.day, day.month, day.day) == (2, 29, 2, 28) and not isleap(day.year))
            for day in (self.today + timedelta(days=n) for n in range(days + 1))
        )

    def value(self, person, leaf):
        family, _dot, what = leaf["fact"].partition(".")
        if family == "purchases":
            return self.of_purchases(what, self.asked_for(person, leaf), leaf.get("where", {}))
        return {
            "tags": frozenset(person.tags),
            "member.joined_on": person.joined_on,
            "member.birthday": person.birthday,
            "member.age": person.birthday and self.age(person.birthday),
            "attributes.milk": person.milk,
        }[leaf["fact"]]

    def age(self, born):
        is_ahead = (self.today.month, self.today.day) < (born.month, born.day)
        return self.today.year - born.year - is_ahead

    def asked_for(self, person, leaf):
        days, where = leaf.get("window_days"), leaf.get("where", {})
        for each in person.bought:
            days_ago = (self.today - self.local(each.at).date()).days
            if each.happened and (days is None or days_ago <= days) and self.is_so(each, where):
                yield each

    def is_so(self, bought, where):
        shop = self.local(bought.at, bought.shop_zone)
        known = {"channel": bought.channel, "weekday": WEEKDAYS[shop.weekday()], "hour": shop.hour,
                 "amount": Decimal(bought.cents) / 100}  # fmt: skip
        plain = [leaf for leaf in trees.asked(where) if leaf["fact"] in known]
        return all(trees.holds(leaf, known, today=self.today) for leaf in plain) and (
            not lines_asked(where) or bool(lines_of(bought, where))
        )

    def of_purchases(self, what, bought, where):
        bought = list(bought)
        if what in ("first_at", "last_at"):
            at = [self.local(each.at) for each in bought]
            return (min if what == "first_at" else max)(at, default=None)
        cents = sum(kept(each, where) for each in bought)
        if what == "average":
            return Decimal(cents) / len(bought) / 100 if bought else None
        pieces = sum(line.quantity for each in bought for line in lines_of(each, where))
        return {"count": len(bought), "sum": Decimal(cents) / 100, "items": pieces}[what]


def lines_asked(where):
    return where.keys() & {"product", "category"}


def lines_of(bought, where):
    asked = [leaf for leaf in trees.asked(where) if leaf["fact"] in ("product", "category")]
    facts = [(line, {"product": line.name, "category": line.category}) for line in bought.lines]
    return [line for line, known in facts if all(trees.holds(leaf, known, today=date.min) for leaf in asked)]


def kept(bought, where):
    left = bought.cents - (bought.refunded or 0)
    if not lines_asked(where):
        return left
    lines = sum(line.cents for line in lines_of(bought, where))
    return int(lines * Fraction(left, bought.cents)) if bought.refunded else lines
