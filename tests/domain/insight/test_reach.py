"""The waterfall of an audience: what a mailing would find."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, select

from domain.audience import consent
from domain.insight import reach
from domain.outreach import reward_messages
from models.member import Member
from models.message import Channel, Message, Topic

EVERYBODY = select(Member.id)
NOW = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)


@pytest.fixture
def open_for_texts(tenant, make, now):
    """The café may text Austrian numbers, and has gateways for both channels."""
    tenant.sms_approved_at, tenant.sms_markets = now, ["AT"]
    make.gateway(Channel.EMAIL)
    make.gateway(Channel.SMS)


def guest(make, *consents, **values):
    mobile = {"phone_takes_texts": True, "phone_country": "AT"}
    return make.member(consents=consents, topic=Topic.PROMOTIONAL, **(mobile | values))


def fall(session, tenant, members=EVERYBODY, **asked):
    return reach.waterfall(session, members, tenant_id=tenant.id, now=NOW, **asked)


def test_each_step_is_a_part_of_the_one_before(session, tenant, make, open_for_texts):
    guest(make, "email", "sms")
    guest(make, "sms")
    guest(make)

    found = fall(session, tenant)

    assert (found.match.count, found.agreed.count) == (3, 2)
    assert {channel: step.count for channel, step in found.channels.items()} == {"email": 1, "sms": 2}


def test_whoever_is_held_back_has_the_reason_that_planning_gives(session, tenant, make, open_for_texts):
    guest(make, "sms")
    guest(make)
    make.consent(guest(make), "sms", Topic.PROMOTIONAL, granted=False)
    guest(make, "sms", phone=None)
    guest(make, "sms", phone_takes_texts=False)
    guest(make, "sms", phone_country="DE")
    make.suppression("sms", guest(make, "sms").phone)

    texts = fall(session, tenant).channels["sms"]

    assert texts.count == 1
    assert texts.held_back == {
        "no_consent": 1,
        "unsubscribed": 1,
        "no_address": 1,
        "invalid_address": 1,
        "market_closed": 1,
        "suppressed": 1,
    }


def test_every_channel_adds_up_to_all_that_match(session, tenant, make, open_for_texts):
    for consents in (["email"], ["sms"], [], ["email", "sms"]):
        guest(make, *consents)

    found = fall(session, tenant)

    for step in found.channels.values():
        assert step.count + sum(step.held_back.values()) == found.match.count


def test_an_erased_guest_agreed_to_nothing_any_more(session, tenant, make, open_for_texts, now):
    guest(make, "email", erased_at=now)

    found = fall(session, tenant)

    assert found.agreed.count == 0
    assert found.channels["email"].held_back == {"member_erased": 1}


def test_a_yes_to_another_topic_is_no_yes(session, tenant, make, open_for_texts):
    guest(make, "email:rewards")

    assert fall(session, tenant).agreed.count == 0
    assert fall(session, tenant, topic=Topic.REWARDS).agreed.count == 1


def test_without_a_gateway_nobody_is_reached_though_they_agreed(session, tenant, make):
    guest(make, "email")

    found = fall(session, tenant)

    assert found.agreed.count == 1
    assert found.channels["email"].held_back == {"gateway_missing": 1}


def test_every_step_names_three_of_its_members(session, tenant, make, open_for_texts):
    known = [guest(make, "email") for _ in range(4)]
    texted = guest(make, "sms")

    found = fall(session, tenant)

    assert [each.external_id for each in found.match.sample] == [each.external_id for each in known[:3]]
    assert [each.external_id for each in found.channels["sms"].sample] == [texted.external_id]


def test_an_audience_of_nobody_falls_to_nobody(session, tenant, open_for_texts):
    found = fall(session, tenant)

    assert [step.count for step in (found.match, found.agreed, *found.channels.values())] == [0, 0, 0, 0]
    assert found.match.sample == []


def test_it_costs_two_statements_however_many_match(session, tenant, make, open_for_texts):
    for _ in range(12):
        guest(make, "email", "sms")
    asked = []
    listener = lambda *args: asked.append(args[2])  # noqa: E731
    event.listen(session.connection(), "before_cursor_execute", listener)

    fall(session, tenant)

    event.remove(session.connection(), "before_cursor_execute", listener)
    assert len(asked) == 2


def test_the_waterfall_promises_what_planning_writes_down(session, tenant, make, now, open_for_texts):
    topic = Topic.REWARDS
    unsubscribed = guest(make)
    make.consent(unsubscribed, "email", topic, granted=False)
    guests = [
        unsubscribed,
        guest(make, "email:rewards", "sms:rewards"),
        guest(make, "email:rewards", email=None),
        guest(make, "sms:rewards", phone_country="DE"),
        guest(make, "sms:rewards", phone_takes_texts=False),
        guest(make, "email:rewards", erased_at=now),
    ]
    make.suppression("email", guest(make, "email:rewards").email)
    reward = make.reward(channels=["email", "sms"])
    unlocks = [make.reward_event(each, reward=reward, valid_until=now + timedelta(days=9)) for each in guests]

    promised = fall(session, tenant, select(Member.id).where(Member.id.in_([each.id for each in guests])), topic=topic)
    reward_messages.plan(session, [each.id for each in unlocks], now=now)

    kept = select(Message.channel, Message.reason, func.count()).group_by(Message.channel, Message.reason)
    for channel, step in promised.channels.items():
        written = {reason: count for found, reason, count in session.execute(kept) if found == channel}
        assert {None: step.count, **step.held_back} == written


def test_a_guest_who_wants_quiet_for_a_while_is_not_reached_until_then(session, tenant, make, open_for_texts):
    resting, back = guest(make, "email"), guest(make, "email")
    consent.pause(session, resting.id, until=NOW + timedelta(days=3))
    consent.pause(session, back.id, until=NOW - timedelta(minutes=1))

    found = fall(session, tenant)
    assert found.agreed.count == 1
    assert found.channels["email"].held_back == {"unsubscribed": 1}
