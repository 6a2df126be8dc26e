"""What the audience's tests share."""

from collections.abc import Callable

import pytest

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
