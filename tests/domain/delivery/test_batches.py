"""Claimed, started, settled: each step asks again, and names the owner and the state it expects."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from domain.delivery import batches, leases, outbox
from domain.delivery.batches import NOTHING, HandedOver, Letter
from domain.delivery.ports import Outgoing, SendOutcome, SendResult
from models.gateway import GatewayAccount
from models.member import Member
from models.message import Message
from models.tenant import Tenant

OWNER = "worker-1"


@pytest.fixture
def account(make):
    return make.gateway("email")


@pytest.fixture
def member(make):
    return make.member(consents=["email"])


@pytest.fixture
def message(make, member):
    return make.message(member)


def claim(session, account, now, *, owner=OWNER, lane="instant", limit=500):
    return outbox.claim(session, account, lane, owner=owner, limit=limit, now=now)


def letters(batch, to="nora@example.com"):
    return [
        Letter(
            Outgoing(each.id, to, b"...", f"1.{each.id}"),
            each.channel, each.member_id, each.topic, each.attempts, "Hello", "Hello Nora",
        )
        for each in batch.messages
    ]  # fmt: skip


def start(session, batch, now, **letter):
    gateway_id = session.scalars(select(GatewayAccount.id)).one()
    return batches.advance(session, batch.owner, gateway_id, NOTHING, letters(batch, **letter), now=now).may_go


def settle(session, account, started, outcome, now, **result):
    results = [SendResult(each.outgoing.message_id, outcome, **result) for each in started]
    return batches.advance(session, OWNER, account.id, HandedOver(started, results), (), now=now).settled


def fresh(session, message):
    session.refresh(message)
    return message.state, message.reason


def withdraw(session, member):
    session.execute(text("UPDATE consent_states SET granted = false WHERE member_id = :id"), {"id": member.id})


def test_a_claim_takes_what_is_due_in_its_lane_and_channel(session, make, account, message, now):
    make.message(due_at=now + timedelta(seconds=1))
    make.message(channel="sms")
    make.message(lane="mass")
    assert [each.id for each in claim(session, account, now).messages] == [message.id]


def test_what_is_claimed_is_claimed_by_nobody_else(session, account, message, now):
    claim(session, account, now)
    assert claim(session, account, now, owner="worker-2").messages == []


def test_the_oldest_go_first_and_never_more_than_asked(session, make, account, member, now):
    newer, older = (make.message(member, due_at=now - timedelta(hours=hours)) for hours in (1, 2))
    assert [each.id for each in claim(session, account, now, limit=1).messages] == [older.id]
    assert [each.id for each in claim(session, account, now, limit=1).messages] == [newer.id]


@pytest.mark.parametrize("table", [Tenant, GatewayAccount])
def test_a_pause_claims_nothing(session, account, message, now, table):
    column = "paused_at" if table is Tenant else "stopped_at"
    session.execute(update(table).values({column: now}))
    assert claim(session, account, now).messages == []
    assert fresh(session, message) == ("planned", None)


def test_consent_taken_back_before_the_claim_cancels(session, account, member, message, now):
    withdraw(session, member)
    assert claim(session, account, now).cancelled == 1
    assert fresh(session, message) == ("cancelled", "unsubscribed")


def test_consent_taken_back_between_claim_and_start_cancels(session, account, member, message, now):
    batch = claim(session, account, now)
    withdraw(session, member)
    assert start(session, batch, now) == []
    assert fresh(session, message) == ("cancelled", "unsubscribed")


def test_consent_taken_back_for_another_topic_stops_nothing(session, make, account, member, message, now):
    batch = claim(session, account, now)
    make.consent(member, "email", "promotional", granted=False)
    assert len(start(session, batch, now)) == 1


def test_a_suppression_between_claim_and_start_cancels(session, make, account, message, now):
    batch = claim(session, account, now)
    make.suppression("email", "nora@example.com")
    assert start(session, batch, now, to="Nora@Example.com") == []
    assert fresh(session, message) == ("cancelled", "suppressed")


def test_a_cancellation_between_claim_and_start_stands(session, account, message, now):
    batch = claim(session, account, now)
    session.execute(update(Message).values(state="cancelled", reason="event_happened"))
    assert start(session, batch, now) == []
    assert fresh(session, message) == ("cancelled", "event_happened")


@pytest.mark.parametrize("table", [Tenant, GatewayAccount])
def test_a_pause_between_claim_and_start_plans_it_again(session, account, message, now, table):
    batch = claim(session, account, now)
    session.execute(update(table).values({"paused_at" if table is Tenant else "stopped_at": now}))
    assert start(session, batch, now) == []
    assert fresh(session, message) == ("planned", None)
    assert (message.claimed_by, message.attempts) == (None, 0)


def test_starting_writes_down_where_and_what(session, account, message, now):
    start(session, claim(session, account, now), now)
    assert fresh(session, message) == ("attempting", None)
    assert (message.address, message.subject, message.body_preview) == ("nora@example.com", "Hello", "Hello Nora")
    assert (message.attempts, message.provider, message.started_at) == (1, "smtp", now)


def test_nobody_starts_what_another_claimed(session, account, message, now):
    batch = claim(session, account, now)
    others = outbox.Batch("worker-2", batch.messages)
    assert start(session, others, now) == []
    assert fresh(session, message) == ("claimed", None)


def test_nobody_starts_twice(session, account, message, now):
    batch = claim(session, account, now)
    assert len(start(session, batch, now)) == 1
    assert start(session, batch, now) == []


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (SendOutcome.ACCEPTED, "sent"),
        (SendOutcome.REFUSED, "failed"),
        (SendOutcome.UNSURE, "unsure"),
        (SendOutcome.TRY_LATER, "planned"),
        (SendOutcome.GATEWAY_DOWN, "planned"),
    ],
)
def test_each_outcome_ends_in_its_state(session, account, message, now, outcome, state):
    started = start(session, claim(session, account, now), now)
    assert settle(session, account, started, outcome, now) == {state: 1}
    assert fresh(session, message) == (state, None)


def test_the_providers_own_wait_is_obeyed(session, account, message, now):
    started = start(session, claim(session, account, now), now)
    settle(session, account, started, SendOutcome.TRY_LATER, now, retry_after=7200)
    session.refresh(message)
    assert message.due_at >= now + timedelta(hours=2)


def test_a_result_that_comes_after_the_lease_is_still_evidence(session, account, message, now):
    started = start(session, claim(session, account, now), now)
    session.execute(text("UPDATE messages SET lease_until = clock_timestamp() - interval '1 second'"))
    leases.take_back(session, now=now)
    assert fresh(session, message) == ("unsure", None)
    settle(session, account, started, SendOutcome.ACCEPTED, now)
    assert fresh(session, message) == ("sent", None)


def test_a_lease_that_ran_out_before_the_start_plans_again(session, account, message, now):
    claim(session, account, now)
    session.execute(text("UPDATE messages SET lease_until = clock_timestamp() - interval '1 second'"))
    assert leases.take_back(session, now=now) == leases.RanOut(planned=1, unsure=0)
    assert fresh(session, message) == ("planned", None)


def test_a_lease_that_still_runs_is_left_alone(session, account, message, now):
    claim(session, account, now)
    assert leases.take_back(session, now=now) == leases.RanOut(planned=0, unsure=0)


def test_a_renewed_lease_runs_on(session, account, message, now):
    claim(session, account, now)
    session.refresh(message)
    before = message.lease_until
    session.execute(text("SELECT pg_sleep(0.01)"))
    leases.renew(session, OWNER)
    session.refresh(message)
    assert message.lease_until > before


def test_an_erased_member_hears_nothing(session, account, member, message, now):
    session.execute(update(Member).values(erased_at=now))
    claim(session, account, now)
    assert fresh(session, message) == ("cancelled", "member_erased")


@pytest.mark.parametrize(
    ("state", "reason"),
    [("redeemed", "event_happened"), ("withdrawn", "event_happened"), ("expired", "expired")],
)
def test_a_reward_that_closed_meanwhile_is_told_to_nobody(session, make, account, member, now, state, reason):
    event = make.reward_event(member, channels=["email"], state=state)
    message = make.message(member, cause=f"reward:{event.reward_id}", occasion=f"reward_event:{event.id}")
    claim(session, account, now)
    assert fresh(session, message) == ("cancelled", reason)


def test_a_reward_whose_last_day_is_over_is_told_to_nobody(session, make, account, member, now):
    event = make.reward_event(member, channels=["email"], valid_until=now)
    message = make.message(member, cause=f"reward:{event.reward_id}", occasion=f"reward_event:{event.id}")
    claim(session, account, now)
    assert fresh(session, message) == ("cancelled", "expired")


def test_a_test_to_the_owner_asks_nobody(session, make, account, now):
    session.add(
        Message(cause="test", occasion="test:1", channel="email", topic="rewards", lane="instant", due_at=now,
                address="owner@example.com", values={"text": "hello", "subject": "hello", "html": "<p>hello</p>"})
    )  # fmt: skip
    session.flush()
    batch = claim(session, account, now)
    assert len(start(session, batch, now, to="owner@example.com")) == 1
    assert session.scalars(select(Message.state)).all() == ["attempting"]
