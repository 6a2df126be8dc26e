"""A guest hears so much of what they did not ask for, and no more: whatever speaks, on all channels together."""

from datetime import timedelta

import pytest

from domain.delivery import limits, outbox


@pytest.fixture
def account(make):
    return make.gateway("email")


@pytest.fixture
def member(make):
    guest = make.member(consents=["email"])
    make.consent(guest, "email", "promotional")
    return guest


@pytest.fixture
def heard(make, member, now):
    """Messages that the guest has heard, `ago` each."""

    def heard(*ago, topic="promotional", **values):
        for each in ago:
            at = now - each
            left = {"state": "sent", "created_at": at, "sent_at": at, "settled_at": at}
            make.message(member, topic=topic, **(left | values))

    return heard


@pytest.fixture
def claim(session, account, now):
    """Claim what is due in a lane; how many may leave."""
    return lambda lane="mass": len(outbox.claim(session, account, lane, owner="w", limit=50, now=now).messages)


@pytest.fixture
def promo(make, member, now):
    return make.message(member, topic="promotional", lane="mass", due_at=now, created_at=now)


HOURS = [timedelta(hours=hours) for hours in (1, 23)]
DAYS = [timedelta(days=days) for days in (2, 3, 4, 6)]


def test_a_third_promotion_within_a_day_is_held_back(session, heard, promo, claim):
    heard(*HOURS)

    assert claim() == 0
    session.refresh(promo)
    assert (promo.state, promo.reason) == ("cancelled", "frequency_cap")


def test_the_second_leaves(heard, promo, claim):
    heard(HOURS[0])
    assert claim() == 1


def test_after_24_hours_there_is_room_again(heard, promo, claim):
    heard(timedelta(hours=1), timedelta(hours=24))
    assert claim() == 1


def test_a_fifth_within_a_week_is_held_back(heard, promo, claim):
    heard(*DAYS)
    assert claim() == 0


def test_after_a_week_there_is_room_again(heard, promo, claim):
    heard(*DAYS[:3], timedelta(days=7))
    assert claim() == 1


def test_rewards_and_other_channels_count(heard, promo, claim):
    heard(HOURS[0], topic="rewards")
    heard(HOURS[1], channel="sms")
    assert claim() == 0


def test_what_never_left_does_not_count(heard, promo, claim):
    heard(*HOURS, state="failed", sent_at=None)
    assert claim() == 1


def test_what_may_have_arrived_counts(heard, promo, claim, now):
    heard(*HOURS, state="unsure", sent_at=None, started_at=now)
    assert claim() == 0


def test_a_reward_is_never_held_by_it(make, member, heard, claim, now):
    heard(*HOURS, *DAYS)
    make.message(member, topic="rewards", due_at=now)
    assert claim("instant") == 1


def test_of_two_claimed_at_once_only_as_many_leave_as_there_is_room_for(session, make, member, heard, claim, now):
    heard(HOURS[0])
    first, second = (
        make.message(member, topic="promotional", lane="mass", due_at=now, created_at=now) for _ in range(2)
    )

    assert claim() == 1
    assert (session.refresh(first), first.state) == (None, "claimed")
    assert (session.refresh(second), second.reason) == (None, "frequency_cap")


def test_somebody_else_s_messages_do_not_count(make, heard, promo, claim, now):
    for _ in range(5):
        make.message(state="sent", topic="promotional", created_at=now, sent_at=now, settled_at=now)
    assert claim() == 1


def test_the_cafe_says_how_many_a_day_and_how_many_a_week(session, tenant, make, member, heard, claim, now):
    session.refresh(tenant)
    limits.change(session, tenant, limits.Limits(3, 5, None, []))
    heard(*HOURS, *DAYS[:2])
    for _ in range(2):
        make.message(member, topic="promotional", lane="mass", due_at=now, created_at=now)

    assert claim() == 1  # the third of the day and fifth of the week; then the week is full
