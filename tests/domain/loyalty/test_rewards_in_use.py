from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.errors import Conflict, Unacceptable
from domain.loyalty import inquiries, settling, unlocks, upkeep
from domain.loyalty.sales import MemberRef
from models.event import Event
from models.member import Member
from models.reward import RewardEvent


def test_a_balance_that_reaches_the_threshold_unlocks(counter, make):
    reward = make.reward(threshold=12, valid_days=30)
    assert counter.buy(1199).unlocked == []

    bought = counter.buy(100)
    [unlock] = bought.unlocked
    assert bought.answer["unlocked"] == [{"reward": reward.id, "reward_event": unlock.reward_event_id}]
    assert unlock.valid_until.isoformat() == "2026-04-03T21:59:59+00:00"
    assert len(unlock.code) == 8 and set(unlock.code) <= set(unlocks.UNAMBIGUOUS)


def test_while_an_unlock_is_open_no_other_opens(counter, make):
    make.reward(threshold=10)
    counter.buy(1000)
    counter.give(-5)

    assert counter.buy(1000).unlocked == []


def test_it_unlocks_again_only_when_the_balance_rises_from_below(counter, make):
    reward = make.reward(threshold=10, cost=10)
    counter.buy(2500)
    counter.redeem(reward=reward.id)

    assert counter.buy(100).unlocked == []  # 15 and 16: it never fell below
    counter.give(-10)
    assert len(counter.buy(1000).unlocked) == 1
    assert counter.session.scalars(select(RewardEvent.number).order_by(RewardEvent.id)).all() == [1, 2]


def test_paying_with_points_and_earning_on_one_receipt_can_unlock(counter, make):
    from domain.loyalty.sales import PointsPayment

    reward = make.reward(threshold=10, cost=10)
    counter.buy(2500)
    counter.redeem(reward=reward.id)

    assert len(counter.buy(1500, redeem=PointsPayment("points", 8)).unlocked) == 1


def test_once_only_means_once(counter, make):
    reward = make.reward(threshold=10, repeatable=False)
    counter.buy(1000)
    counter.redeem(reward=reward.id)

    assert counter.buy(2000).unlocked == []
    with pytest.raises(Conflict):
        counter.redeem(reward=reward.id)


def test_points_by_hand_unlock_too(counter, make):
    make.reward(threshold=10)
    assert len(counter.give(10).unlocked) == 1


def test_points_that_become_usable_unlock(counter, make):
    make.reward(threshold=10)
    counter.give(10, activates_at=counter.now + timedelta(days=2))
    counter.wait(days=3)

    done = upkeep.run(counter.session, now=counter.now, limit=10)
    assert (done.number, len(done.unlocked)) == (1, 1)
    assert upkeep.run(counter.session, now=counter.now, limit=10).number == 0


def test_the_till_does_not_wait_for_upkeep(counter, make):
    make.reward(threshold=10)
    counter.give(10, activates_at=counter.now + timedelta(days=2))
    counter.wait(days=3)

    bought = counter.buy(100)
    assert bought.answer["balances"][0] == {"currency": "points", "available": 11, "pending": 0}
    assert (len(bought.unlocked), bought.answer["unlocked"]) == (1, [])


def test_expired_points_are_gone_and_said_so(counter):
    counter.give(10, expires_at=counter.now + timedelta(days=2))
    counter.wait(days=2)
    upkeep.run(counter.session, now=counter.now, limit=10)

    last = counter.session.scalar(select(Event).order_by(Event.id.desc()))
    assert (last.type, last.properties["kind"], last.properties["points"]) == ("points.debited", "expired", 10)
    assert counter.buy(100).answer["balances"][0]["available"] == 1


def test_settling_twice_changes_nothing(counter):
    member_id = counter.give(10, expires_at=counter.now + timedelta(days=2)).member_id
    counter.wait(days=2)
    settling.settle_due(counter.session, [member_id], now=counter.now)
    before = len(counter.session.scalars(select(Event.id)).all())

    assert settling.settle_due(counter.session, [member_id], now=counter.now) == []
    assert len(counter.session.scalars(select(Event.id)).all()) == before


def test_upkeep_goes_in_portions(counter, make):
    for number in range(5):
        make.member(external_id=f"m{number}")
        counter.give(1, member=f"m{number}", expires_at=counter.now + timedelta(days=1))
    counter.wait(days=1)

    assert [upkeep.run(counter.session, now=counter.now, limit=2).number for _ in range(4)] == [2, 2, 1, 0]


def test_an_unlock_runs_out_and_makes_room_for_the_next(counter, make):
    make.reward(threshold=10, valid_days=1)
    counter.buy(1000)
    counter.wait(days=2)
    counter.give(-5)

    assert len(counter.buy(500).unlocked) == 1
    states = counter.session.scalars(select(RewardEvent.state).order_by(RewardEvent.id)).all()
    assert states == ["expired", "open"]


def test_upkeep_closes_what_was_not_used_in_time(counter, make):
    make.reward(threshold=10, valid_days=1)
    counter.buy(1000)
    counter.wait(days=2)

    assert upkeep.run(counter.session, now=counter.now, limit=10).number == 1
    assert counter.session.scalar(select(RewardEvent.state)) == "expired"
    assert "reward.expired" in counter.session.scalars(select(Event.type)).all()


@pytest.mark.parametrize("by", ["reward", "code"])
def test_a_reward_is_used_once_for_its_cost(counter, make, by):
    reward = make.reward(threshold=10, cost=8)
    [unlock] = counter.buy(1200).unlocked
    named = {"reward": reward.id} if by == "reward" else {"code": f"{unlock.code[:4].lower()}-{unlock.code[4:]}"}

    used = counter.redeem(**named, external_id="x1")
    assert used.answer["balances"] == [{"currency": "points", "available": 4, "pending": 0}]
    assert counter.redeem(**named, external_id="x1").answer == used.answer
    with pytest.raises(Conflict):
        counter.redeem(**named, external_id="x2")


def test_the_same_number_for_another_redemption_is_a_conflict(counter, make):
    reward, other = make.reward(threshold=10, cost=1), make.reward(threshold=5, cost=1)
    counter.buy(1200)
    counter.redeem(reward=reward.id, external_id="x1")

    with pytest.raises(Conflict):
        counter.redeem(reward=other.id, external_id="x1")


def test_an_expired_unlock_cannot_be_used(counter, make):
    reward = make.reward(threshold=10, valid_days=1)
    [unlock] = counter.buy(1200).unlocked
    counter.wait(days=2)

    for named in ({"reward": reward.id}, {"code": unlock.code}):
        with pytest.raises(Conflict):
            counter.redeem(**named)


def test_a_withdrawn_unlock_cannot_be_used(counter, make):
    make.reward(threshold=10)
    [unlock] = counter.buy(1200, external_id="r1").unlocked
    counter.refund("r1")

    with pytest.raises(Conflict):
        counter.redeem(code=unlock.code)


def test_an_unlock_is_not_used_without_the_points(counter, make):
    make.reward(threshold=10)
    [unlock] = counter.buy(1200).unlocked
    counter.give(-5)

    with pytest.raises(Conflict):
        counter.redeem(code=unlock.code)


def test_a_reward_without_an_unlock_is_had_for_its_points(counter, make):
    counter.buy(2500)
    reward = make.reward(threshold=10, cost=10)

    for _ in range(2):
        counter.redeem(reward=reward.id)
    with pytest.raises(Conflict):
        counter.redeem(reward=reward.id)


def test_a_reward_that_costs_nothing_needs_its_unlock(counter, make):
    reward = make.reward(threshold=10, cost=0)
    counter.buy(2500)
    counter.redeem(reward=reward.id)

    with pytest.raises(Conflict):
        counter.redeem(reward=reward.id)


def test_another_members_code_is_unknown(counter, make):
    make.reward(threshold=10)
    make.member(external_id="olga")
    [unlock] = counter.buy(1200).unlocked

    with pytest.raises(Unacceptable) as refused:
        counter.redeem(code=unlock.code, member="olga")
    assert [error.path for error in refused.value.errors] == ["code"]


def test_an_inquiry_tells_balances_and_what_is_nearest(counter, make):
    make.reward(threshold=50, name="Torte")
    near = make.reward(threshold=20, name="Melange")
    make.reward(threshold=5, name="Biscuit")
    [unlock] = counter.buy(1200).unlocked

    asked = inquiries.ask(counter.session, member=MemberRef("external_id", "nora"), location="main", now=counter.now)
    assert asked.answer == {
        "balances": [{"currency": "points", "available": 12, "pending": 0}],
        "nearest": {"reward": near.id, "missing": 8},
        "cashier_lines": ["12 points", f"Ready: Biscuit, {unlock.code}", "8 points to: Melange"],
    }
    assert counter.session.scalar(select(Event).order_by(Event.id.desc())).type == "balance.inquired"


def test_an_inquiry_for_nobody_is_refused(counter):
    with pytest.raises(Unacceptable):
        inquiries.ask(counter.session, member=MemberRef("card", "none"), location="nowhere", now=counter.now)


def test_codes_that_meet_are_told_apart(counter, make, monkeypatch):
    codes = iter(["AAAAAAAA", "AAAAAAAA", "BBBBBBBB"])
    monkeypatch.setattr(unlocks, "new_code", lambda: next(codes))
    make.reward(threshold=10)
    counter.buy(1000)
    make.member(external_id="olga")

    assert counter.buy(1000, member="olga").unlocked[0].code == "BBBBBBBB"
    assert counter.session.scalar(select(Member.id).where(Member.external_id == "olga")) is not None
