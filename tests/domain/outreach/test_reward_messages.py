"""What an unlock says: once per channel, or the reason why not."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from domain.delivery import policy
from domain.insight import mailing
from domain.outreach import reward_messages
from models.message import Message, Reason

VIENNAS_MORNING = timedelta(hours=21)  # from Wednesday noon to Thursday 9:00


@pytest.fixture(autouse=True)
def spoken(make, tenant, now):
    make.gateway("email")
    make.gateway("sms")
    tenant.sms_approved_at, tenant.sms_markets = now, ["AT"]


@pytest.fixture
def member(make):
    return make.member(consents=["email", "sms"], phone_country="AT", phone_takes_texts=True)


def planned(session):
    return list(session.scalars(select(Message).order_by(Message.channel).execution_options(populate_existing=True)))


def plan(session, event, now, **how):
    return reward_messages.plan(session, [event.id], now=now, **how)


def only(session):
    [message] = planned(session)
    return message


def test_one_message_per_channel_of_the_reward(session, make, member, now):
    event = make.reward_event(member, channels=["email", "sms"], at=now)
    assert plan(session, event, now) == 2
    email, sms = planned(session)
    assert (email.channel, sms.channel) == ("email", "sms")
    assert {email.state, sms.state} == {"planned"}
    assert email.cause == f"reward:{event.reward_id}"
    assert email.occasion == f"reward_event:{event.id}"
    assert (email.lane, email.topic) == ("instant", "rewards")


def test_told_twice_it_plans_once(session, make, member, now):
    event = make.reward_event(member, channels=["email"], at=now)
    assert plan(session, event, now) == 1
    assert plan(session, event, now) == 0


def test_a_reward_that_says_nothing_plans_nothing(session, make, member, now):
    assert plan(session, make.reward_event(member, at=now), now) == 0
    silent = make.reward(channels=["email"], messages_enabled=False)
    assert plan(session, make.reward_event(member, reward=silent, at=now), now) == 0


def test_nothing_unlocked_plans_nothing(session, now):
    assert reward_messages.plan(session, [], now=now) == 0


def test_it_expires_three_days_after_it_is_due(session, make, member, now):
    plan(session, make.reward_event(member, channels=["email"], at=now), now)
    message = only(session)
    assert (message.due_at, message.expires_at) == (now, now + timedelta(hours=72))


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        (Reason.MEMBER_ERASED, {"erased_at": True}),
        (Reason.NO_ADDRESS, {"email": None}),
    ],
)
def test_a_member_who_cannot_be_reached(session, make, member, now, reason, change):
    for name, value in change.items():
        setattr(member, name, now if value is True else value)
    plan(session, make.reward_event(member, channels=["email"], at=now), now)
    message = only(session)
    assert (message.state, message.reason) == ("skipped", reason)


def test_who_never_said_yes_is_skipped(session, make, now):
    plan(session, make.reward_event(make.member(), channels=["email"], at=now), now)
    assert only(session).reason == Reason.NO_CONSENT


def test_who_took_it_back_is_skipped(session, make, member, now):
    make.consent(member, "email", granted=False)
    plan(session, make.reward_event(member, channels=["email"], at=now), now)
    assert only(session).reason == Reason.UNSUBSCRIBED


def test_a_yes_to_another_topic_or_channel_is_no_yes(session, make, now):
    member = make.member(consents=["email:promotional", "sms:rewards"])
    plan(session, make.reward_event(member, channels=["email"], at=now), now)
    assert only(session).reason == Reason.NO_CONSENT


def test_a_suppressed_address_is_skipped_however_it_is_spelled(session, make, now):
    member = make.member(consents=["email"], email="Nora.Suppressed@Example.com")
    make.suppression("email", "nora.suppressed@example.com")
    plan(session, make.reward_event(member, channels=["email"], at=now), now)
    assert only(session).reason == Reason.SUPPRESSED


def test_a_lifted_suppression_holds_nobody_back(session, make, member, now):
    make.suppression("email", member.email, lifted_at=now)
    plan(session, make.reward_event(member, channels=["email"], at=now), now)
    assert only(session).state == "planned"


def test_a_landline_gets_no_text(session, make, member, now):
    member.phone_takes_texts = False
    plan(session, make.reward_event(member, channels=["sms"], at=now), now)
    assert only(session).reason == Reason.INVALID_ADDRESS


@pytest.mark.parametrize("country", ["DE", None])
def test_no_text_into_a_country_that_is_not_open(session, make, member, now, country):
    member.phone_country = country
    plan(session, make.reward_event(member, channels=["sms"], at=now), now)
    assert only(session).reason == Reason.MARKET_CLOSED


def test_no_text_before_the_cafe_was_approved(session, make, member, tenant, now):
    tenant.sms_approved_at = None
    plan(session, make.reward_event(member, channels=["sms"], at=now), now)
    assert only(session).reason == Reason.MARKET_CLOSED


def test_without_a_gateway_it_is_skipped_with_a_stopped_one_it_waits(session, make, now):
    member = make.member(consents=["push", "email"])
    plan(session, make.reward_event(member, channels=["push"], at=now), now)
    assert only(session).reason in {Reason.GATEWAY_MISSING, Reason.NO_ADDRESS}


def test_an_archived_template_is_missing(session, make, member, now):
    reward = make.reward()
    reward.messages_enabled = True
    from models.reward import RewardChannel

    template = make.template("email", archived_at=now)
    session.add(RewardChannel(reward_id=reward.id, channel="email", template_id=template.id))
    session.flush()
    plan(session, make.reward_event(member, reward=reward, at=now), now)
    assert only(session).reason == Reason.TEMPLATE_MISSING


@pytest.mark.parametrize(("hours", "state"), [(47, "planned"), (49, "skipped")])
def test_an_unlock_by_an_old_purchase_is_not_told(session, make, member, now, hours, state):
    purchase = make.purchase(member, occurred_at=now - timedelta(hours=hours))
    event = make.reward_event(member, channels=["email"], at=now, purchase_id=purchase.id)
    plan(session, event, now)
    message = only(session)
    assert message.state == state
    assert message.reason == (Reason.EXPIRED if state == "skipped" else None)


def test_an_import_tells_nobody(session, make, member, now):
    event = make.reward_event(member, channels=["email"], at=now)
    plan(session, event, now, held_back=Reason.EXPIRED)
    assert only(session).reason == Reason.EXPIRED


def test_mail_without_delay_leaves_at_once_at_any_hour_and_texts_keep_the_countrys(session, make, member, now):
    midnight = now + timedelta(hours=11.5)
    reward = make.reward(channels=["email", "sms"], message_delay_minutes=0, quiet_from=21 * 60, quiet_to=9 * 60)
    plan(session, make.reward_event(member, reward=reward, at=midnight), midnight)
    email, sms = planned(session)
    assert email.due_at == midnight
    assert sms.due_at == now + VIENNAS_MORNING
    assert (email.hours_of, sms.hours_of) == (None, "AT")


def test_texts_leave_from_eight_where_the_cafe_set_no_quiet_hours(session, make, member, now):
    midnight = now + timedelta(hours=11.5)
    reward = make.reward(channels=["sms"], message_delay_minutes=0)
    plan(session, make.reward_event(member, reward=reward, at=midnight), midnight)
    assert only(session).due_at == now + VIENNAS_MORNING - timedelta(hours=1)


def test_the_delay_comes_before_the_night(session, make, member, now):
    reward = make.reward(channels=["email"], message_delay_minutes=120, quiet_from=21 * 60, quiet_to=9 * 60)
    plan(session, make.reward_event(member, reward=reward, at=now), now)
    assert only(session).due_at == now + timedelta(hours=2)
    late = now + timedelta(hours=7.5)  # 19:30, due at 21:30
    other = make.member(consents=["email"])
    plan(session, make.reward_event(other, reward=reward, at=late), late)
    assert max(message.due_at for message in planned(session)) == now + VIENNAS_MORNING


def test_the_night_is_the_members_then_the_shops_then_the_cafes(session, make, now):
    reward = make.reward(channels=["email"], message_delay_minutes=1, quiet_from=21 * 60, quiet_to=9 * 60)
    shop = make.location(timezone="America/New_York")
    travelling, there, here = (make.member(consents=["email"], timezone=zone) for zone in ("Asia/Tokyo", None, None))
    for member in (travelling, there):
        purchase = make.purchase(member, location_id=shop.id, occurred_at=now)
        plan(session, make.reward_event(member, reward=reward, at=now, purchase_id=purchase.id), now)
    plan(session, make.reward_event(here, reward=reward, at=now), now)
    zones = {message.member_id: (message.timezone, message.due_at) for message in planned(session)}
    assert zones[travelling.id] == ("Asia/Tokyo", now + timedelta(minutes=1))
    assert zones[there.id] == ("America/New_York", now + timedelta(hours=3))
    assert zones[here.id] == ("Europe/Vienna", now + timedelta(minutes=1))


def test_what_was_withdrawn_or_redeemed_is_told_to_nobody_any_more(session, make, member, now):
    event = make.reward_event(member, channels=["email", "sms"], at=now)
    plan(session, event, now)
    sent = planned(session)[0]
    sent.state = "sent"
    session.flush()
    assert reward_messages.cancel(session, [event.id], now=now) == 1
    email, sms = planned(session)
    assert (email.state, sms.state, sms.reason) == ("sent", "cancelled", Reason.EVENT_HAPPENED)


DRAWN = text(f"""
    SELECT count(*) FILTER (WHERE CASE {policy.CONTROL_GROUP} END = 'control_group')
      FROM (SELECT :cause AS cause, member_id, CAST(:percent AS int) AS control_group_percent
              FROM generate_series(1, 2000) AS member_id) x""")


@pytest.mark.parametrize("percent", [1, 10, 50])
@pytest.mark.parametrize("cause", ["reward:1", "reward:2", "campaign:1"])
def test_the_quiet_group_is_about_as_large_as_was_asked(session, cause, percent):
    drawn = session.scalar(DRAWN, {"cause": cause, "percent": percent})
    assert 0.6 * percent < drawn / 20 < 1.4 * percent


def test_with_no_percent_nobody_is_in_it(session):
    assert session.scalar(DRAWN, {"cause": "reward:1", "percent": 0}) == 0


@pytest.fixture
def forty(make):
    return [make.member(consents=["email", "sms"], phone_country="AT", phone_takes_texts=True) for _ in range(40)]


def quiet(session, channel):
    """The members whose message on a channel the draw held back."""
    drawn = select(Message.member_id).where(Message.channel == channel, Message.reason == Reason.CONTROL_GROUP)
    return set(session.scalars(drawn.where(Message.state == "skipped")))


def test_the_same_guests_hear_nothing_on_all_channels_and_every_time(session, make, forty, now):
    reward = make.reward(channels=["email", "sms"], control_group_percent=50)
    for number in (1, 2):
        unlocks = [
            make.reward_event(each, reward=reward, number=number, at=now, state="redeemed" if number == 1 else "open")
            for each in forty
        ]
        reward_messages.plan(session, [each.id for each in unlocks], now=now)

    drawn = session.scalars(
        select(Message.member_id).where(Message.reason == Reason.CONTROL_GROUP).order_by(Message.member_id)
    ).all()
    assert 0 < len(quiet(session, "email")) < 40
    assert quiet(session, "email") == quiet(session, "sms")
    assert drawn == sorted(list(quiet(session, "email")) * 4)  # two channels, two unlocks


def test_who_would_not_have_heard_anyway_is_not_in_it_and_all_adds_up(session, make, forty, now):
    reward = make.reward(channels=["email"], control_group_percent=50)
    for each in forty[:10]:
        make.consent(each, "email", granted=False)
    unlocks = [make.reward_event(each, reward=reward, at=now).id for each in forty]
    reward_messages.plan(session, unlocks, now=now)

    fates = mailing.of_cause(session, f"reward:{reward.id}")

    assert fates.held_back == {"unsubscribed": 10}
    assert fates.control_group == len(quiet(session, "email"))
    assert (fates.audience, fates.planned) == (40, 30 - fates.control_group)
    assert fates.waiting == fates.planned
