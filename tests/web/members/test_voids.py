"""A reward that was used by mistake is taken back on the guest's page."""

import pytest
from sqlalchemy import select

from domain import clock
from domain.loyalty import redemptions
from domain.loyalty.redemptions import RedemptionRequest
from domain.loyalty.sales import MemberRef
from models.audit import AuditEntry
from models.ledger import Balance
from tests.web.conftest import form_token

PAGE = "/cafes/aurora/members/nora"


@pytest.fixture
def used(shop, make_here):
    """Nora used a reward of ten of her twelve points: the redemption's number."""
    currency = make_here.currency("beans")
    reward = make_here.reward(currency=currency)
    nora = make_here.member(external_id="nora")
    make_here.points(nora, 12, currency=currency)
    request = RedemptionRequest(MemberRef("external_id", "nora"), "v-1", reward.id)
    redemption_id = redemptions.post(shop, request, now=clock.now()).redemption_id
    shop.commit()
    return redemption_id


def press(client, redemption_id, page=PAGE):
    token = form_token(client, "/cafes/aurora/members/new")
    return client.post(f"{page}/redemptions/{redemption_id}/take-back", data={"csrf_token": token})


def test_the_points_are_there_again_and_it_is_noted(owner, shop, used):
    assert "Used lately" in owner.get(PAGE).text

    assert press(owner, used).status_code == 303

    page = owner.get(PAGE).text
    assert "Taken back. The points are there again." in page
    assert "Used lately" not in page and "Not used after all: Free coffee" in page
    shop.rollback()
    assert shop.scalars(select(Balance.available)).all() == [12]
    assert "redemption.taken_back" in shop.scalars(select(AuditEntry.action)).all()


def test_what_is_not_theirs_or_was_taken_back_is_not_there(owner, shop, make_here, used):
    make_here.member(external_id="olga")
    shop.commit()

    assert press(owner, used, "/cafes/aurora/members/olga").status_code == 404
    assert press(owner, used).status_code == 303
    assert press(owner, used).status_code == 404
