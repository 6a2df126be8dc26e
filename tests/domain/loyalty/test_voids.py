"""A redemption that is taken back never happened: points, reward, tags."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.audience import tag_holders, tagging
from domain.errors import Conflict, NotFound
from domain.loyalty import voids
from models.member import Member
from models.reward import RewardEvent
from tests.domain.loyalty.test_histories import assert_books_balance


def available(counter):
    return counter.give(1).answer["balances"][0]["available"] - 1


def test_the_points_return_and_the_reward_waits_again(session, counter, make):
    reward = make.reward(threshold=10, cost=10)
    counter.buy(1500)
    used = counter.redeem(reward=reward.id)

    voided = voids.post(session, used.redemption_id, now=counter.now)

    assert voided.waits_again and voided.unlocked == []
    assert available(counter) == 15
    assert counter.redeem(reward=reward.id).reward_event_id == used.reward_event_id
    assert_books_balance(session)


def test_it_is_taken_back_once(session, counter, make):
    reward = make.reward(threshold=10, cost=10)
    counter.buy(1500)
    used = counter.redeem(reward=reward.id)
    voids.post(session, used.redemption_id, now=counter.now)

    with pytest.raises(Conflict):
        voids.post(session, used.redemption_id, now=counter.now)
    with pytest.raises(NotFound):
        voids.post(session, 404, now=counter.now)
    assert available(counter) == 15


def test_a_reward_that_ran_out_meanwhile_stays_run_out(session, counter, make):
    reward = make.reward(threshold=10, cost=10, valid_days=3, repeatable=False)
    counter.buy(1500)
    used = counter.redeem(reward=reward.id)
    counter.wait(days=9)

    assert not voids.post(session, used.redemption_id, now=counter.now).waits_again
    assert session.scalars(select(RewardEvent.state)).all() == ["expired"]
    assert available(counter) == 15


def test_where_it_waits_again_already_one_is_enough(session, counter, make):
    reward = make.reward(threshold=10, cost=10)
    counter.buy(1500)
    used = counter.redeem(reward=reward.id)
    assert len(counter.buy(1000).unlocked) == 1

    assert not voids.post(session, used.redemption_id, now=counter.now).waits_again
    assert sorted(session.scalars(select(RewardEvent.state))) == ["open", "withdrawn"]
    assert_books_balance(session)


def test_points_that_would_be_over_live_on_as_long_as_they_had_left(session, counter, make):
    reward = make.reward(threshold=10, cost=10)
    counter.give(10, expires_at=counter.now + timedelta(days=2))
    used = counter.redeem(reward=reward.id)
    counter.wait(days=5)
    voids.post(session, used.redemption_id, now=counter.now)
    assert available(counter) == 10

    counter.wait(days=3)
    assert available(counter) == 1
    assert_books_balance(session)


def test_who_slept_before_the_voucher_sleeps_again(session, tenant, counter, make):
    reward = make.reward(threshold=10, cost=10)
    counter.buy(1500)
    counter.wait(days=300)
    member_id = session.scalars(select(Member.id)).one()

    def is_asleep():
        tagging.refresh(session, tenant, [member_id], now=counter.now)
        return "sleeping" in [held.tag.name for held in tag_holders.of_member(session, member_id)]

    assert is_asleep()
    used = counter.redeem(reward=reward.id)
    assert not is_asleep()
    voids.post(session, used.redemption_id, now=counter.now)
    assert is_asleep()
