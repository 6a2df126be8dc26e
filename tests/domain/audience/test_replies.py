import pytest

from domain.audience import consent, replies, suppression
from models.message import Channel


@pytest.fixture
def text_us(session, tenant, now):
    def text_us(sender, body, said_stop=False):
        return replies.take(session, tenant, sender=sender, body=body, said_stop=said_stop, now=now)

    return text_us


@pytest.mark.parametrize(
    "body", ["STOP", " stop. ", "Stop!", "STOPALL", "Please stop texting me", "opt-out", "unsubscribe me", "Abmelden"]
)
def test_any_reasonable_wording_is_a_stop(body):
    assert replies.is_stop(body)


@pytest.mark.parametrize("body", ["", "thanks", "When does the sale end?", "Can I cancel my table for two?", "☕"])
def test_a_friendly_text_is_none(body):
    assert not replies.is_stop(body)


def test_a_stop_closes_every_topic_by_text_and_nothing_else(session, make, text_us):
    member = make.member(consents=["sms", "sms:promotional", "email"])

    answer = text_us(member.phone, "please stop")

    assert "no more texts" in answer
    standing = consent.of_member(session, member.id)
    assert not any(standing["sms"].values())
    assert standing["email"] == {"rewards": True}


def test_a_stop_is_confirmed_once(make, text_us):
    member = make.member(consents=["sms"])

    assert text_us(member.phone, "please stop")
    assert text_us(member.phone, "please stop") == ""


def test_what_the_network_confirms_we_do_not(make, text_us):
    assert text_us(make.member(consents=["sms"]).phone, "STOP") == ""
    assert text_us(make.member(consents=["sms"]).phone, "enough of this", said_stop=True) == ""


def test_a_stop_from_a_number_that_is_nobodys_stands_for_whoever_joins_with_it(session, make, text_us):
    text_us("+436641230000", "STOP")

    member = make.member(phone="+436641230000")
    assert [each.channel for each in suppression.of_member(session, member)] == [Channel.SMS]


def test_a_friendly_text_changes_nothing(session, make, text_us):
    member = make.member(consents=["sms"])

    assert text_us(member.phone, "see you tomorrow") == ""
    assert consent.of_member(session, member.id)["sms"] == {"rewards": True}
