from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.errors import Conflict, NotFound, Unacceptable
from domain.loyalty import ledger, upkeep
from domain.loyalty.sales import PointsPayment
from models.event import Event
from models.ledger import Lot
from models.reward import RewardEvent


def points(posted):
    return posted.answer["balances"][0]["available"]


def test_a_full_refund_takes_back_exactly_what_was_earned(counter):
    counter.buy(1299, external_id="r1")
    refunded = counter.refund("r1")

    assert refunded.answer == {
        "refund": refunded.refund_id,
        "points": [{"currency": "points", "reversed": 12}],
        "balances": [{"currency": "points", "available": 0, "pending": 0}],
        "withdrawn": [],
    }


def test_refunds_in_parts_add_up_to_the_whole(counter):
    counter.buy(1000, external_id="r1")
    taken = [counter.refund("r1", amount).answer["points"][0]["reversed"] for amount in (333, 333, 333, 1)]

    assert taken == [3, 3, 3, 1]


def test_more_than_what_is_left_is_refused(counter):
    counter.buy(1000, external_id="r1")
    counter.refund("r1", 600)

    for amount in (401, 0, -1):
        with pytest.raises(Unacceptable):
            counter.refund("r1", amount)
    counter.refund("r1", 400)
    with pytest.raises(Unacceptable):
        counter.refund("r1")


def test_a_purchase_for_nothing_is_refunded_once(counter):
    counter.buy(0, external_id="r1")
    counter.refund("r1")

    with pytest.raises(Unacceptable):
        counter.refund("r1")


def test_an_unknown_purchase_is_not_found(counter):
    with pytest.raises(NotFound):
        counter.refund("never")


def test_told_again_it_gives_the_first_answer(counter):
    counter.buy(1000, external_id="r1")
    first = counter.refund("r1", 300, external_id="back")
    again = counter.refund("r1", 300, external_id="back")

    assert (again.is_new, again.answer) == (False, first.answer)
    with pytest.raises(Conflict):
        counter.refund("r1", 301, external_id="back")


def test_one_number_refunds_one_purchase(counter):
    counter.buy(1000, external_id="r1")
    counter.buy(1000, external_id="r2")
    counter.refund("r1", 300, external_id="back")

    with pytest.raises(Conflict):
        counter.refund("r2", 300, external_id="back")


def test_a_refund_of_nobodys_purchase_moves_no_points(counter):
    counter.buy(1000, external_id="r1", member="nora")
    from domain.loyalty import purchases
    from domain.loyalty.sales import Sale

    purchases.post(counter.session, Sale("r2", None, 500, "EUR", counter.now), now=counter.now)

    assert counter.refund("r2").answer["points"] == []


def test_spent_points_leave_the_balance_below_zero_and_are_paid_back_first(counter, make):
    reward = make.reward(threshold=12, cost=12)
    counter.buy(1200, external_id="r1")
    counter.redeem(reward=reward.id)

    assert points(counter.refund("r1")) == -12
    assert points(counter.buy(2000)) == 8
    assert counter.session.scalar(select(Lot.remaining).order_by(Lot.id.desc())) == 8


def test_its_own_lot_gives_first_then_the_oldest_others(counter, make):
    counter.buy(500)
    counter.buy(1000, external_id="r1")
    counter.buy(700)
    counter.give(-3)
    counter.refund("r1", 900)

    lots = counter.session.scalars(select(Lot.remaining).order_by(Lot.id)).all()
    assert lots == [2, 1, 7]


def test_points_that_still_wait_are_taken_from_what_waits(counter, make):
    make.earning_rule(make.currency("stars"), points_per_unit=1, activates_after_days=3)
    counter.buy(1000, external_id="r1")

    assert counter.refund("r1").answer["balances"][1] == {"currency": "stars", "available": 0, "pending": 0}


def test_points_that_expired_are_not_taken_twice(counter, make):
    make.earning_rule(make.currency("stars"), points_per_unit=1, lifetime_days=3)
    counter.buy(1000, external_id="r1")
    counter.wait(days=5)

    refunded = counter.refund("r1")
    assert refunded.answer["points"][1] == {"currency": "stars", "reversed": 0}
    assert refunded.answer["balances"][1]["available"] == 0


def test_a_reward_it_unlocked_is_withdrawn(counter, make):
    make.reward(threshold=10)
    bought = counter.buy(1200, external_id="r1")
    refunded = counter.refund("r1")

    [unlock] = bought.unlocked
    assert refunded.withdrawn == refunded.answer["withdrawn"] == [unlock.reward_event_id]
    assert counter.session.scalar(select(RewardEvent.state)) == "withdrawn"
    assert "reward.withdrawn" in counter.session.scalars(select(Event.type)).all()


def test_a_withdrawn_reward_can_be_unlocked_again_even_if_once_only(counter, make):
    make.reward(threshold=10, repeatable=False)
    counter.buy(1200, external_id="r1")
    counter.refund("r1")

    assert len(counter.buy(1200).unlocked) == 1


def test_a_reward_stays_while_the_balance_carries_it(counter, make):
    make.reward(threshold=10)
    counter.buy(1200, external_id="r1")
    counter.buy(2000)

    assert counter.refund("r1").withdrawn == []


def test_a_reward_that_stood_on_an_earlier_purchase_falls_with_it(counter, make):
    make.reward(threshold=10)
    counter.buy(900, external_id="r1")
    [unlock] = counter.buy(300).unlocked

    assert counter.refund("r1").withdrawn == [unlock.reward_event_id]


def test_a_used_reward_is_not_withdrawn(counter, make):
    reward = make.reward(threshold=10)
    counter.buy(1200, external_id="r1")
    counter.redeem(reward=reward.id)

    assert counter.refund("r1").withdrawn == []


def test_points_that_paid_come_back_to_their_lots(counter, make):
    counter.give(30, expires_at=counter.now + timedelta(days=9))
    counter.give(30)
    counter.buy(1000, external_id="r1", redeem=PointsPayment("points", 40))

    counter.refund("r1", 500)
    lots = counter.session.scalars(select(Lot.remaining).order_by(Lot.id)).all()
    assert lots == [10, 30, 5]
    counter.refund("r1")
    lots = counter.session.scalars(select(Lot.remaining).order_by(Lot.id)).all()
    assert lots == [30, 30, 0]


def test_points_whose_lot_expired_meanwhile_come_back_for_as_long_as_they_had_left(counter, make):
    counter.give(30, expires_at=counter.now + timedelta(days=9))
    counter.buy(0, external_id="r1", redeem=PointsPayment("points", 20))
    counter.wait(days=20)
    upkeep.run(counter.session, now=counter.now, limit=10)

    assert points(counter.refund("r1")) == 20
    renewed = counter.session.scalar(select(Lot).order_by(Lot.id.desc()))
    assert renewed.expires_at == counter.now + timedelta(days=9)


def test_the_balance_told_is_the_balance_kept(counter, make):
    counter.buy(1234, external_id="r1")
    refunded = counter.refund("r1", 1000)

    assert ledger.balances_of(counter.session, refunded.member_id) == refunded.answer["balances"]
