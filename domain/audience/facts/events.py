"""Facts of events: what members did and when last; and what follows from it: tier, referrals, counters."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from domain import trees
from domain.audience.facts import free, operators
from domain.audience.facts.fact import Asked, AudienceFact, Said, Value
from domain.audience.facts.statement import Condition, Query, Statement
from domain.fact import Fact, Type
from domain.loyalty.events import CATALOGUE, CUSTOM, LONGEST_TYPE
from models.event import Event

PROPERTY = re.compile(r"\w{1,60}")
EVENT = re.compile(r"event\.(?P<type>.+)\.(?P<what>count|last_at)")
COUNTER = re.compile(r"counter\.(\w{1,60})")


class Properties(Mapping[str, Fact]):
    """The properties of events, whatever their names; those of the example are listed."""

    def __init__(self, example: Mapping[str, Any]) -> None:
        self._example = example

    def __getitem__(self, name: str) -> Fact:
        if not isinstance(name, str) or not PROPERTY.fullmatch(name):
            raise KeyError(name)
        return Fact(name, Type.FREE, name, self._example.get(name) or "…")

    def __iter__(self) -> Iterator[str]:
        return (name for name, value in self._example.items() if not isinstance(value, Mapping))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def of_type(name: str) -> AudienceFact | None:
    """`event.<type>.count` and `event.<type>.last_at`, of a type of the catalogue or one like `custom.tasting`."""
    match = EVENT.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        return None
    kind = match["type"]
    known = CATALOGUE.get(kind)
    if known is None and not (len(kind) <= LONGEST_TYPE and CUSTOM.fullmatch(kind)):
        return None
    words = known.words if known else kind
    make = _count_of if match["what"] == "count" else _last_of
    return make(name, kind, words, Properties(known.example if known else {}))


def counter(name: str) -> AudienceFact | None:
    """The fact of a counter, by its name: `counter.coffees`."""
    match = COUNTER.fullmatch(name) if isinstance(name, str) else None
    return _counter(match[1]) if match else None


def _count_of(name: str, kind: str, words: str, fields: Mapping[str, Fact]) -> AudienceFact:
    def say(statement: Statement, asked: Asked) -> Said:
        return Value(_happened(statement, asked, kind).count, absent=0)

    return AudienceFact(
        name, Type.NUMBER, words, 1, is_windowed=True, is_always_set=True, fields=fields, family="events", say=say
    )


def _last_of(name: str, kind: str, words: str, fields: Mapping[str, Fact]) -> AudienceFact:
    def say(statement: Statement, asked: Asked) -> Said:
        return Value(_happened(statement, asked, kind).last_at)

    example = "2026-05-04T08:30:00+02:00"
    return AudienceFact(name, Type.INSTANT, words, example, is_windowed=True, fields=fields, family="events", say=say)


def _happened(statement: Statement, asked: Asked, kind: str) -> Any:
    return statement.grouped(("event", kind, asked.key), lambda: happened(statement, asked, kind))


def happened(statement: Statement, asked: Asked, kind: str, counted: Any = None) -> Query:
    """Members with the `count` and the last instant of their events of a type, as `where` and the window say."""
    count = func.count() if counted is None else func.count(counted.distinct())
    query = select(Event.member_id, count.label("count"), func.max(Event.occurred_at).label("last_at"))
    query = query.where(Event.type == kind, Event.member_id.is_not(None), *statement.members(Event.member_id))
    if asked.window_days is not None:
        query = query.where(Event.occurred_at >= statement.scope.start(asked.window_days))
    return query.where(*(_asks(statement, leaf) for leaf in asked.where)).group_by(Event.member_id)


def _asks(statement: Statement, leaf: trees.Tree) -> Condition:
    fact = Properties({})[leaf["fact"]]
    return operators.column_predicate(fact, free.element(Event.properties, leaf["fact"]), leaf, statement.scope)


def _latest(statement: Statement, value: Any, *conditions: Condition) -> Query:
    latest = select(Event.member_id, value.label("value")).ext(distinct_on(Event.member_id))
    latest = latest.where(Event.member_id.is_not(None), *statement.members(Event.member_id), *conditions)
    return latest.order_by(Event.member_id, Event.occurred_at.desc(), Event.id.desc())


def _tier(statement: Statement, _asked: Asked) -> Said:
    """The tier after the latest change."""

    def build() -> Query:
        new = func.lower(free.element(Event.properties, "new"))
        return _latest(statement, new, Event.type == "status.changed")

    return Value(statement.grouped("tier", build).value)


def _referrals(kind: str) -> Any:
    """How many friends; one that is told of twice counts once."""

    def say(statement: Statement, asked: Asked) -> Said:
        friend = func.coalesce(func.lower(free.element(Event.properties, "friend")), cast(Event.id, Text))
        columns = statement.grouped(("friends", kind, asked.key), lambda: happened(statement, asked, kind, friend))
        return Value(columns.count, absent=0)

    return say


def _counter(counter: str) -> AudienceFact:
    def build(statement: Statement) -> Query:
        its_own = free.compared(free.element(Event.properties, "counter"), "eq", counter)
        value = free.number_of(free.element(Event.properties, "value"))
        return _latest(statement, value, Event.type == "counter.changed", its_own)

    def say(statement: Statement, _asked: Asked) -> Said:
        return Value(statement.grouped(("counter", counter), lambda: build(statement)).value, absent=0)

    return AudienceFact(
        f"counter.{counter}", Type.NUMBER, f"Counter: {counter}", 5, is_always_set=True, family="counters", say=say
    )


FACTS: tuple[AudienceFact, ...] = (
    AudienceFact("tier", Type.TEXT, "Tier", "Gold", family="tier", say=_tier),
    AudienceFact("referrals.count", Type.NUMBER, "Friends who signed up", 1, is_windowed=True, is_always_set=True,
                 family="referrals", say=_referrals("friend.invited")),
    AudienceFact("referrals.purchased", Type.NUMBER, "Friends who bought something", 1, is_windowed=True,
                 is_always_set=True, family="referrals", say=_referrals("friend.purchased")),
    *(fact for kind in CATALOGUE for what in ("count", "last_at") if (fact := of_type(f"event.{kind}.{what}"))),
)  # fmt: skip
