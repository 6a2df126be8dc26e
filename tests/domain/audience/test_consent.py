from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audience import consent
from domain.audience.consent import Answer, Proof
from domain.errors import Unacceptable
from models.consent import Consent
from models.message import Reason

YES = Answer("email", "rewards", granted=True)
NO = Answer("email", "rewards", granted=False)


def test_without_an_answer_there_is_no_consent(session, make):
    assert consent.why_not(session, make.member().id, "email", "rewards") == Reason.NO_CONSENT


def test_a_yes_opens_and_a_no_closes(session, make, now):
    member = make.member()
    consent.record(session, member.id, [YES], Proof("till", now), now=now)
    assert consent.why_not(session, member.id, "email", "rewards") is None

    consent.record(session, member.id, [NO], Proof("footer link"), now=now + timedelta(minutes=1))
    assert consent.why_not(session, member.id, "email", "rewards") == Reason.UNSUBSCRIBED


@pytest.mark.parametrize("given_at", [None, timedelta(0), timedelta(hours=-1)])
def test_a_yes_not_later_than_the_members_no_opens_nothing(session, make, now, given_at):
    member = make.member()
    consent.record(session, member.id, [NO], Proof("footer link"), now=now)
    proof = Proof("import", now + given_at if given_at is not None else None)

    assert consent.record(session, member.id, [YES], proof, now=now + timedelta(days=1)) == []
    assert consent.why_not(session, member.id, "email", "rewards") == Reason.UNSUBSCRIBED


def test_a_later_yes_opens_again(session, make, now):
    member = make.member()
    consent.record(session, member.id, [NO], Proof("footer link"), now=now)
    later = now + timedelta(hours=1)

    assert consent.record(session, member.id, [YES], Proof("preferences", later), now=later) == [YES]


def test_every_answer_is_kept_whatever_it_changed(session, make, now):
    member = make.member()
    for answer in (YES, NO, YES):
        consent.record(session, member.id, [answer], Proof("api"), now=now)
    assert session.query(Consent).filter_by(member_id=member.id).count() == 3


def test_withdrawing_everything_closes_what_was_never_asked_too(session, make, now):
    member = make.member()
    consent.withdraw(session, member.id, Proof("preferences"), now=now)
    assert consent.record(session, member.id, [YES], Proof("import"), now=now + timedelta(days=9)) == []


def test_unknown_channels_and_topics_are_named(session):
    with pytest.raises(Unacceptable) as refused:
        consent.read({"fax": {"rewards": True}, "sms": {"weather": True}})
    assert {error.path for error in refused.value.errors} == {"consents.fax", "consents.sms.weather"}


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 50)), min_size=1, max_size=12))
def test_in_any_order_of_arrival_the_latest_word_stands_and_a_tie_is_a_no(answers):
    told = [(granted, datetime(2026, 1, 1).astimezone() + timedelta(days=day)) for granted, day in answers]
    state = None
    for granted, at in told:
        answer = YES if granted else NO
        if consent._is_latest(state, answer, Proof("api", at)):
            state = consent.ConsentState(granted=granted, since=at)
    latest = max(at for _, at in told)
    expected = all(granted for granted, at in told if at == latest)
    assert state.granted == expected
