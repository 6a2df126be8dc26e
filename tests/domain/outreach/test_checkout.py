"""At the till: booked, planned, printed; taken back, told to nobody any more."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.errors import Conflict
from domain.loyalty.points import PointsRequest
from domain.loyalty.redemptions import RedemptionRequest
from domain.loyalty.sales import MemberRef, RefundRequest, Sale
from domain.outreach import checkout
from models.message import Message, Reason
from models.reward import RewardEvent


@pytest.fixture(autouse=True)
def spoken(make):
    make.gateway("email")
    make.location(name="main")
    make.earning_rule()


@pytest.fixture
def member(make):
    return make.member(consents=["email"], external_id="nora")


@pytest.fixture
def reward(make):
    return make.reward(channels=["email"], threshold=100, cost=100, message_delay_minutes=120)


def sale(now, amount_minor=12000, external_id="r-1", **values):
    defaults = {"member": MemberRef("external_id", "nora"), "currency": "EUR", "occurred_at": now}
    return Sale(**(defaults | {"external_id": external_id, "amount_minor": amount_minor} | values))


def messages(session):
    query = select(Message.state, Message.reason).order_by(Message.id)
    return [tuple(row) for row in session.execute(query.execution_options(populate_existing=True))]


def test_an_unlock_plans_its_message_and_is_printed(session, make, member, reward, now):
    answer = checkout.ring_up(session, sale(now), now=now)

    [unlock] = session.scalars(select(RewardEvent)).all()
    assert (answer.is_new, answer.planned) == (True, 1)
    assert answer.body["unlocked"] == [{"reward": reward.id, "reward_event": unlock.id}]
    assert answer.body["receipt_lines"] == ["+120 points", "Balance: 120 points", "Reward unlocked: Free coffee"]
    assert answer.body["cashier_lines"] == [f"Free coffee unlocked. Code {unlock.code}", "Balance: 120 points"]
    assert messages(session) == [("planned", None)]


def test_lines_speak_the_cafes_language(session, make, tenant, member, reward, now):
    tenant.locale = "de-AT"
    lines = checkout.ring_up(session, sale(now), now=now).body["receipt_lines"]
    assert lines == ["+120 points", "Guthaben: 120 points", "Prämie freigeschaltet: Free coffee"]


def test_from_95_to_103_one_message_and_to_110_none(session, make, member, reward, now):
    for number, amount in enumerate((9500, 800, 700)):
        checkout.ring_up(session, sale(now, amount, f"r-{number}"), now=now)
        assert len(messages(session)) == (number > 0)


def test_told_again_it_answers_the_same_and_plans_nothing(session, make, member, reward, now):
    first = checkout.ring_up(session, sale(now), now=now)
    reward.name = "Renamed since"
    session.flush()
    again = checkout.ring_up(session, sale(now), now=now + timedelta(minutes=5))
    assert (again.is_new, again.planned) == (False, 0)
    assert again.body == first.body
    assert len(messages(session)) == 1


def test_told_again_with_other_content_is_a_conflict(session, make, member, now):
    checkout.ring_up(session, sale(now), now=now)
    with pytest.raises(Conflict):
        checkout.ring_up(session, sale(now, 500), now=now)


def test_a_sale_to_nobody_prints_nothing_but_is_booked(session, now):
    body = checkout.ring_up(session, sale(now, member=None), now=now).body
    assert (body["receipt_lines"], body["cashier_lines"]) == ([], [])


def test_a_refund_cancels_what_has_not_left(session, make, member, reward, now):
    checkout.ring_up(session, sale(now), now=now)
    answer = checkout.refund(session, "r-1", RefundRequest("f-1", now), now=now)
    assert answer.body["withdrawn"]
    assert messages(session) == [("cancelled", Reason.EVENT_HAPPENED)]


def test_a_refund_takes_nothing_back_that_left(session, make, member, reward, now):
    checkout.ring_up(session, sale(now), now=now)
    session.scalars(select(Message)).one().state = "sent"
    session.flush()
    checkout.refund(session, "r-1", RefundRequest("f-1", now), now=now)
    assert messages(session) == [("sent", None)]


def test_who_used_the_reward_is_not_told_of_it_any_more(session, make, member, reward, now):
    checkout.ring_up(session, sale(now), now=now)
    code = session.scalars(select(RewardEvent.code)).one()
    request = RedemptionRequest(MemberRef("external_id", "nora"), "u-1", code=code)
    assert checkout.redeem(session, request, now=now).is_new
    assert messages(session) == [("cancelled", Reason.EVENT_HAPPENED)]


def test_points_given_by_hand_unlock_and_tell(session, make, member, reward, now):
    request = PointsRequest(MemberRef("external_id", "nora"), "points", 100, "Birthday", "p-1")
    assert checkout.credit_points(session, request, now=now).planned == 1


def test_an_imported_sale_counts_and_tells_nobody(session, make, member, reward, now):
    checkout.ring_up_imported(session, [sale(now)], now=now)
    assert len(session.scalars(select(RewardEvent)).all()) == 1
    assert messages(session) == [("skipped", Reason.EXPIRED)]


def test_a_sale_of_three_days_ago_counts_and_tells_nobody(session, make, member, reward, now):
    checkout.ring_up(session, sale(now - timedelta(days=3)), now=now)
    assert messages(session) == [("skipped", Reason.EXPIRED)]
