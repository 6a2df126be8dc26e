from datetime import timedelta
from itertools import count

import pytest

from domain.loyalty import points, purchases, redemptions, refunds
from domain.loyalty.points import PointsRequest
from domain.loyalty.redemptions import RedemptionRequest
from domain.loyalty.sales import API, MemberRef, RefundRequest, Sale


class Counter:
    """A till and a back office for one member: what tests of the ledger do over and over."""

    def __init__(self, session, now) -> None:
        self.session = session
        self.now = now
        self.numbers = count(1)

    def wait(self, **time) -> None:
        self.now += timedelta(**time)

    def buy(self, amount_minor, *, member="nora", external_id=None, **values):
        sale = Sale(
            external_id=external_id or f"receipt-{next(self.numbers)}",
            member=MemberRef("external_id", member),
            amount_minor=amount_minor,
            currency="EUR",
            occurred_at=values.pop("occurred_at", self.now),
            **values,
        )
        return purchases.post(self.session, sale, now=self.now)

    def refund(self, purchase, amount_minor=None, *, external_id=None):
        refund = RefundRequest(external_id or f"refund-{next(self.numbers)}", self.now, amount_minor)
        return refunds.post(self.session, purchase_external_id=purchase, source=API, refund=refund, now=self.now)

    def give(self, number, *, member="nora", currency="points", external_id=None, **values):
        request = PointsRequest(
            MemberRef("external_id", member),
            currency,
            number,
            values.pop("reason", "a gift"),
            external_id or f"points-{next(self.numbers)}",
            **values,
        )
        return points.post(self.session, request, now=self.now)

    def redeem(self, *, reward=None, code=None, external_id=None, member="nora"):
        request = RedemptionRequest(
            MemberRef("external_id", member), external_id or f"redemption-{next(self.numbers)}", reward, code
        )
        return redemptions.post(self.session, request, now=self.now)


@pytest.fixture
def counter(session, make, now) -> Counter:
    """One point per euro, the member `nora`, the location `main`."""
    make.location(name="main")
    make.earning_rule()
    make.member(external_id="nora")
    return Counter(session, now)
