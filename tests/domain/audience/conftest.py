"""What the audience's tests share."""

from collections.abc import Callable

import pytest

from domain.loyalty import summaries
from models.member import Member


@pytest.fixture
def bought(session, make, now) -> Callable[..., Member]:
    """A member, new unless given, who just bought something."""

    def buys(member: Member | None = None) -> Member:
        member = member or make.member()
        make.purchase(member, occurred_at=now)
        summaries.recount(session, [member.id], now=now)
        return member

    return buys
