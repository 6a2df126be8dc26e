"""Watching over all cafés: counts and instants, whatever café we act for."""

from datetime import timedelta

import pytest

from domain.tenant_scope import tenant_scope
from domain.watch import delivery, promptness
from models.message import Lane


@pytest.fixture
def elsewhere(session, make):
    """Another café, with one message that has waited for ten minutes and one whose lease ran out."""

    def elsewhere(now):
        other_id = make.tenant(slug="other", name="Café Other").id
        session.commit()
        with tenant_scope(other_id):
            member = make.member()
            make.message(member, lane=Lane.INSTANT, due_at=now - timedelta(minutes=10))
            make.message(member, lane=Lane.MASS, state="claimed", lease_until=now - timedelta(seconds=1))
            session.commit()
        return other_id

    return elsewhere


def test_lanes_are_counted_over_all_cafes(session, elsewhere, now):
    elsewhere(now)

    instant, mass = delivery.lanes(session, now=now)
    assert (instant.lane, instant.due, instant.age(now)) == ("instant", 1, 600)
    assert (mass.lane, mass.due, mass.in_work, mass.leases_expired) == ("mass", 0, 1, 1)


def test_what_is_due_for_long_is_stuck(session, make, elsewhere, now):
    other_id = elsewhere(now)
    make.message(make.member(), due_at=now - timedelta(minutes=1))

    [found] = [each for each in delivery.stuck(session, now=now) if each.work == "messages"]
    assert (found.tenant_id, found.number, found.oldest) == (other_id, 1, now - timedelta(minutes=10))


def test_only_gateways_in_trouble_are_told(session, make, now):
    make.gateway()
    stopped = make.gateway(channel="sms", stopped_at=now, stopped_because="wrong password")
    resting = make.gateway(channel="voice", rests_until=now + timedelta(minutes=1))
    make.gateway(channel="push", rests_until=now - timedelta(minutes=1))

    found = delivery.gateways(session, now=now)
    assert [each.gateway_id for each in found] == [stopped.id, resting.id]


def test_what_was_settled_lately_is_told_by_outcome_with_how_long_it_took(session, make, now):
    member = make.member()
    for seconds in (1, 2, 3):
        at = now - timedelta(seconds=30)
        make.message(member, state="sent", due_at=at - timedelta(seconds=seconds), sent_at=at, settled_at=at)
    make.message(member, state="sent", sent_at=now - timedelta(hours=1), settled_at=now - timedelta(hours=1))

    [found] = delivery.settled(session, now=now)
    assert (found.state, found.number, found.p50) == ("sent", 3, 2.0)


def test_a_day_tells_how_many_left_within_ten_seconds_of_being_due(session, make, now):
    member = make.member()
    for seconds in (1, 10, 11):
        due = now - timedelta(minutes=5)
        make.message(member, state="sent", due_at=due, created_at=due, sent_at=due + timedelta(seconds=seconds))
    promptness.count(session, now=now)

    [today] = promptness.newest(session, now=now)
    assert (today.day, today.handed_over, today.promptly) == (now.date(), 3, 2)


def test_a_day_is_counted_anew_not_twice(session, make, now):
    assert promptness.is_due(session, now=now)
    for _ in range(2):
        make.message(make.member(), state="sent", due_at=now, created_at=now, sent_at=now)
        promptness.count(session, now=now)

    [today] = promptness.newest(session, now=now)
    assert today.handed_over == 2
    assert not promptness.is_due(session, now=now)
    assert promptness.is_due(session, now=now + promptness.COUNT_EVERY)
