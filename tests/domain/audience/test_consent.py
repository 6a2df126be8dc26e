from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from domain.audience import consent
from domain.audience.consent import Answer, Proof, Told
from domain.errors import Unacceptable
from domain.tenant_scope import tenant_scope
from models.consent import Consent
from models.message import Reason
from tests.factories import Make
from tests.statements import statements

YES = Answer("email", "rewards", granted=True)
NO = Answer("email", "rewards", granted=False)


def test_without_an_answer_there_is_no_consent(session, make, now):
    assert consent.why_not(session, make.member().id, "email", "rewards", now=now) == Reason.NO_CONSENT


def test_a_yes_opens_and_a_no_closes(session, make, now):
    member = make.member()
    consent.record(session, member.id, [YES], Proof("till", now), now=now)
    assert consent.why_not(session, member.id, "email", "rewards", now=now) is None

    consent.record(session, member.id, [NO], Proof("footer link"), now=now + timedelta(minutes=1))
    assert consent.why_not(session, member.id, "email", "rewards", now=now) == Reason.UNSUBSCRIBED


@pytest.mark.parametrize("given_at", [None, timedelta(0), timedelta(hours=-1)])
def test_a_yes_not_later_than_the_members_no_opens_nothing(session, make, now, given_at):
    member = make.member()
    consent.record(session, member.id, [NO], Proof("footer link"), now=now)
    proof = Proof("import", now + given_at if given_at is not None else None)

    assert consent.record(session, member.id, [YES], proof, now=now + timedelta(days=1)) == []
    assert consent.why_not(session, member.id, "email", "rewards", now=now) == Reason.UNSUBSCRIBED


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


def told(at: datetime, day: int | None) -> Proof:
    return Proof("api", None if day is None else at + timedelta(days=day))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(st.tuples(st.booleans(), st.one_of(st.none(), st.integers(-9, 9))), min_size=1, max_size=8),
    at_once=st.booleans(),
)
def test_in_any_order_of_arrival_the_latest_word_stands_and_a_tie_is_a_no(session, make, now, history, at_once):
    member = make.member()
    answers = [(Answer("email", "rewards", granted=granted), told(now, day)) for granted, day in history]
    calls = [answers] if at_once else [[each] for each in answers]
    for call in calls:
        consent.record_all(session, [Told(member.id, answer, proof) for answer, proof in call], now=now)

    dated = [(proof.given_at or now, a.granted) for a, proof in answers if proof.given_at or not a.granted]
    latest = max((at for at, _ in dated), default=None)
    assert consent.of_member(session, member.id)["email"]["rewards"] == all(g for at, g in dated if at == latest)


def test_a_yes_of_unknown_time_does_not_stand_against_a_no_that_is_found_later(session, make, now):
    member = make.member()
    consent.record(session, member.id, [YES], Proof("api"), now=now)

    assert consent.record(session, member.id, [NO], Proof("an old letter", now - timedelta(days=90)), now=now) == [NO]


def test_what_two_answers_say_at_the_same_moment_is_a_no_whoever_is_faster(database, now):
    engine, together = database.engine(), Barrier(2)
    with database.session() as session:
        tenant_id = Make(session).tenant().id
        session.commit()
    with database.session(tenant_id) as session:
        member_id = Make(session).member().id
        session.commit()

    def say(answer: Answer) -> None:
        with tenant_scope(tenant_id), Session(engine) as own:
            own.connection()
            together.wait()
            consent.record(own, member_id, [answer], Proof("page", now), now=now)
            own.commit()

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(say, (YES, NO)))
        with database.session(tenant_id) as session:
            assert consent.of_member(session, member_id) == {"email": {"rewards": False}}
    engine.dispose()


def test_many_members_cost_as_many_statements_as_one(session, make, now):
    few, many = ([make.member().id for _ in range(number)] for number in (1, 30))
    with statements(session) as of_few:
        consent.record_all(session, [Told(each, YES, Proof("page", now)) for each in few], now=now)
    with statements(session) as of_many:
        consent.record_all(session, [Told(each, YES, Proof("page", now)) for each in many], now=now)

    assert len(of_few) == len(of_many) == 3


def test_an_erased_member_agrees_to_nothing(session, make, now):
    member = make.member(erased_at=now)

    assert consent.record(session, member.id, [YES], Proof("page", now), now=now) == []
    assert session.query(Consent).filter_by(member_id=member.id).count() == 0


def test_a_pause_holds_back_what_was_agreed_until_it_is_over(session, make, now):
    member = make.member(consents=["email"])
    consent.pause(session, member.id, until=now + timedelta(days=30))

    assert consent.why_not(session, member.id, "email", "rewards", now=now) == Reason.UNSUBSCRIBED
    assert consent.why_not(session, member.id, "email", "rewards", now=now + timedelta(days=30)) is None


def test_what_is_agreed_to_during_a_pause_waits_too(session, make, now):
    member = make.member(consents=["email"])
    until = now + timedelta(days=30)
    consent.pause(session, member.id, until=until)
    consent.record(session, member.id, [Answer("sms", "rewards", granted=True)], Proof("page", now), now=now)

    assert consent.paused_until(session, member.id, now=now) == until
    assert consent.why_not(session, member.id, "sms", "rewards", now=now) == Reason.UNSUBSCRIBED


def test_undo_opens_again_what_was_just_closed_and_nothing_else(session, make, now):
    member = make.member(consents=["email:rewards", "email:promotional"])
    long_ago, soon = now - timedelta(days=3), now + timedelta(minutes=1)
    consent.withdraw(session, member.id, Proof("page", long_ago), now=long_ago, channel="email", topic="promotional")
    consent.withdraw(session, member.id, Proof("page", now), now=now, channel="email")

    changed = consent.undo(session, member.id, consent.TOPICS, Proof("page", soon), channel="email", now=soon)

    assert changed == [Answer("email", "rewards", granted=True)]
    assert consent.of_member(session, member.id)["email"] == {
        "rewards": True,
        "promotional": False,
        "reminders": False,
    }


def test_undo_of_nothing_opens_nothing(session, make, now):
    member = make.member()
    assert consent.undo(session, member.id, consent.TOPICS, Proof("page", now), channel="email", now=now) == []
    assert consent.of_member(session, member.id) == {}
