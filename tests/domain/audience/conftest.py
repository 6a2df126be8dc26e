"""What the audience's tests share."""

from collections.abc import Callable

import pytest

from domain.audience import conditions
from domain.audience.conditions import Scope
from domain.loyalty import summaries
from models.member import Member
from tests.domain.loyalty.conftest import Counter


@pytest.fixture
def bought(session, make, now) -> Callable[..., Member]:
    """A member, new unless given, who just bought something."""

    def buys(member: Member | None = None) -> Member:
        member = member or make.member()
        make.purchase(member, occurred_at=now)
        summaries.recount(session, [member.id], now=now)
        return member

    return buys


@pytest.fixture
def counter(session, make, now) -> Counter:
    """A till for the members `nora`, `olga`, `paul` and `rosa`; points are nobody's business here."""
    make.location(name="main")
    for name in ("nora", "olga", "paul", "rosa"):
        make.member(external_id=name)
    return Counter(session, now)


@pytest.fixture
def who(session, tenant, now):
    """The first names of the members that fulfil a tree, in order; asked for everybody and for the same by name."""

    def ask(tree, *, at=now):
        conditions.check(session, tree)
        summaries.bring_to_today(session, tenant, now=at)
        everybody = session.scalars(conditions.matching(tree, Scope.of(tenant, now=at))).all()
        assert len(everybody) == len(set(everybody))
        ids = [member.id for member in people]
        some = session.scalars(conditions.matching(tree, Scope.of(tenant, now=at, member_ids=ids))).all()
        assert sorted(some) == sorted(everybody)
        return sorted(member.first_name for member in people if member.id in everybody)

    people = []
    ask.people = people
    return ask


@pytest.fixture
def person(make, who):
    def person(first_name, **values):
        who.people.append(make.member(first_name=first_name, **values))
        return who.people[-1]

    return person
