from datetime import timedelta
from itertools import count

import pytest

from domain.audience import consent, replies, suppression
from domain.audience.consent import Answer, Proof
from domain.audience.reply_words import Wish, meaning
from models.message import Channel


@pytest.fixture
def text_us(session, tenant, now):
    minutes = count(1)

    def text_us(sender, body, read=None):
        at = now + timedelta(minutes=next(minutes))
        said = replies.take(session, tenant, channel="sms", sender=sender, body=body, read=read, now=at)
        return str(said or "")

    return text_us


def yes(session, member):
    return {topic for topic, granted in consent.of_member(session, member.id).get("sms", {}).items() if granted}


STOPS = [
    "STOP", " stop. ", "Stop!", "STOPALL", "Please stop texting me", "opt-out", "unsubscribe me", "Abmelden", "STOPP",
    "bitte keine SMS mehr", "Nein danke", "Arrêt svp", "no más", "NO MAS", "aufhören", "stop pls", "Rezygnuję",
]  # fmt: skip


@pytest.mark.parametrize("body", STOPS)
def test_any_reasonable_wording_is_a_stop(body):
    assert meaning(body) is Wish.STOP


@pytest.mark.parametrize("body", ["START", "Ja bitte", "unstop", "Yes, please!", "sí", "oui merci"])
def test_a_yes_of_its_own_is_a_start(body):
    assert meaning(body) is Wish.START


@pytest.mark.parametrize("body", ["HELP", "Hilfe!", "Info", "aide s'il vous plaît", "who is this?"])
def test_a_question_who_we_are_is_help(body):
    assert meaning(body) is Wish.HELP


FRIENDLY = [
    "", "thanks", "danke", "When does the sale end?", "Can I cancel my table for two?", "☕", "I'll stop by tomorrow",
    "the bus stop", "don't stop", "help yourself", "Stop it's my birthday", "please", "start or stop",
]  # fmt: skip


@pytest.mark.parametrize("body", FRIENDLY)
def test_a_word_inside_a_friendly_text_means_nothing(body):
    assert meaning(body) is None


def test_a_stop_closes_every_topic_by_text_and_nothing_else(session, make, text_us):
    member = make.member(consents=["sms", "sms:promotional", "email"])

    answer = text_us(member.phone, "please stop")

    assert "no more texts" in answer
    standing = consent.of_member(session, member.id)
    assert not any(standing["sms"].values())
    assert standing["email"] == {"rewards": True}


def test_a_stop_closes_the_channel_it_came_on(session, tenant, make, now):
    member = make.member(consents=["sms", "whatsapp"])

    replies.take(session, tenant, channel="whatsapp", sender=member.phone, body="stop", read=None, now=now)

    standing = consent.of_member(session, member.id)
    assert standing["sms"] == {"rewards": True}
    assert not any(standing["whatsapp"].values())


def test_a_stop_is_confirmed_once(make, text_us):
    member = make.member(consents=["sms"])

    assert text_us(member.phone, "please stop")
    assert text_us(member.phone, "please stop") == ""


def test_what_the_network_confirms_we_do_not(make, text_us):
    assert text_us(make.member(consents=["sms"]).phone, "STOP") == ""
    assert text_us(make.member(consents=["sms"]).phone, "enough of this", read=Wish.STOP) == ""


def test_a_stop_from_a_number_that_is_nobodys_stands_for_whoever_joins_with_it(session, make, text_us):
    text_us("+436641230000", "STOP")

    member = make.member(phone="+436641230000")
    assert [each.channel for each in suppression.of_member(session, member)] == [Channel.SMS]


def test_a_start_opens_what_a_text_closed_and_nothing_else(session, make, text_us, now):
    member = make.member(consents=["sms", "sms:promotional", "sms:reminders"])
    page = Proof(source="preferences page", given_at=now)
    consent.record(session, member.id, [Answer("sms", "reminders", granted=False)], page, now=now)
    text_us(member.phone, "stop please")

    assert "hear from us again" in text_us(member.phone, "start please")
    assert yes(session, member) == {"rewards", "promotional"}


def test_a_start_is_no_consent_where_there_was_none(session, make, text_us):
    member = make.member()

    assert text_us(member.phone, "yes please") == ""
    assert yes(session, member) == set()


def test_a_start_lifts_what_a_stop_of_a_strangers_number_left(session, make, text_us):
    text_us("+436641230000", "STOP")
    text_us("+436641230000", "START")

    assert suppression.of_member(session, make.member(phone="+436641230000")) == []


def test_help_says_who_writes_and_how_it_ends(tenant, text_us):
    tenant.postal_address = "Lindengasse 12, Wien"

    said = text_us("+436641230000", "help")
    assert "Café Aurora, Lindengasse 12, Wien" in said
    assert "STOP" in said


def test_a_friendly_text_changes_nothing(session, make, text_us):
    member = make.member(consents=["sms"])

    assert text_us(member.phone, "see you tomorrow") == ""
    assert yes(session, member) == {"rewards"}
