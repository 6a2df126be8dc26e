"""WhatsApp: a wording that was approved leaves with its values; own words only within a day of the guest's."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from domain.accounts import vault
from domain.audience import replies
from domain.outreach import reward_messages
from models.event import Event
from models.message import Lane, Message
from models.reward import RewardChannel
from models.tenant import Tenant
from tasks import open_gateways, slices
from tests.played.gupshup import APPROVED, PlayedGupshup

WORDS = 'Hello {{ member.first_name | default("friend") }}, {{ reward.name }} waits: {{ reward.code }}.'
DAY = timedelta(hours=24)


@pytest.fixture
def vendor():
    with PlayedGupshup() as server:
        yield server
        open_gateways.close_all()


@pytest.fixture
def account(cafe, vendor):
    sealed = vault.encrypt(vendor.config)
    account = cafe.make.gateway("whatsapp", provider="gupshup", credentials=sealed, set_by_operator=True)
    cafe.session.commit()
    return account


@pytest.fixture
def member(cafe):
    member = cafe.make.member(consents=["whatsapp"], first_name="Nora\n\tMaria", phone="+436641234567")
    cafe.session.commit()
    return member


def unlock(cafe, member, now, *, approved_as: str | None = None) -> Message:
    """The member unlocks a reward that speaks on WhatsApp: what was planned."""
    reward = cafe.make.reward(channels=["whatsapp"], name="Free coffee")
    template = cafe.make.template("whatsapp", text=WORDS, approved_as=approved_as)
    cafe.session.execute(
        update(RewardChannel).where(RewardChannel.reward_id == reward.id).values(template_id=template.id)
    )
    event = cafe.make.reward_event(member, reward=reward, valid_until=None, code="K7QF", at=now)
    reward_messages.plan(cafe.session, [event.id], now=now)
    cafe.session.commit()
    [message] = cafe.session.scalars(select(Message))
    return message


def write_to_the_cafe(cafe, member, *, at, channel="whatsapp") -> None:
    tenant = cafe.session.get_one(Tenant, cafe.id)
    replies.take(cafe.session, tenant, channel=channel, sender=member.phone, body="Are you open?", read=None, now=at)
    cafe.session.commit()


def test_an_approved_wording_leaves_by_its_id_with_its_values_in_order(cafe, vendor, account, member, now):
    unlock(cafe, member, now, approved_as=APPROVED)
    slices.send(account.id, Lane.INSTANT)

    [taken] = vendor.messages
    assert taken["template"] == {"id": APPROVED, "params": ["Nora Maria", "Free coffee", "K7QF"]}
    [message] = cafe.messages()
    assert (message.state, message.body_preview) == ("sent", "Hello Nora\n\tMaria, Free coffee waits: K7QF.")


def test_own_words_out_of_the_blue_are_held_back_and_say_why(cafe, vendor, account, member, now):
    message = unlock(cafe, member, now)

    assert (message.state, message.reason) == ("skipped", "template_missing")
    assert slices.send(account.id, Lane.INSTANT).claimed == 0
    assert vendor.requests == []


def test_within_a_day_of_the_guests_own_words_the_cafe_answers_in_any(cafe, vendor, account, member, now):
    write_to_the_cafe(cafe, member, at=now - DAY + timedelta(minutes=1))
    unlock(cafe, member, now)
    slices.send(account.id, Lane.INSTANT)

    [taken] = vendor.messages
    assert taken["message"]["text"].endswith("Free coffee waits: K7QF.")


@pytest.mark.parametrize(("before", "channel"), [(DAY, "whatsapp"), (timedelta(minutes=1), "sms")])
def test_a_day_later_or_on_another_channel_is_out_of_the_blue(cafe, vendor, account, member, now, before, channel):
    write_to_the_cafe(cafe, member, at=now - before, channel=channel)

    assert unlock(cafe, member, now).reason == "template_missing"


def test_the_day_may_end_before_the_message_leaves(cafe, vendor, account, member, now):
    write_to_the_cafe(cafe, member, at=now - timedelta(hours=23))
    assert unlock(cafe, member, now).state == "planned"
    told = update(Event).where(Event.type == replies.ANSWERED).values(occurred_at=now - DAY)
    cafe.session.execute(told)
    cafe.session.commit()
    slices.send(account.id, Lane.INSTANT)

    [message] = cafe.messages()
    assert (message.state, message.reason) == ("cancelled", "template_missing")
    assert vendor.requests == []
