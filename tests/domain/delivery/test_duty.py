"""Which gateway sends, how much, and when it rests."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from domain import agenda
from domain.delivery import batches, duty, outbox
from domain.delivery.batches import NOTHING, HandedOver, Letter
from domain.delivery.ports import Outgoing, SendOutcome, SendResult

LATER, ACCEPTED = SendOutcome.TRY_LATER, SendOutcome.ACCEPTED


@pytest.fixture
def account(make):
    return make.gateway()


def claim(session, account, now, *, owner="w", limit=500):
    session.refresh(account)
    return outbox.claim(session, account, "instant", owner=owner, limit=limit, now=now)


def hand_over(session, account, batch, outcome, now, took=timedelta(0)):
    group = [
        Letter(Outgoing(each.id, "n@example.com", b"", "r"), each.channel, each.member_id, each.topic, 0, "", "")
        for each in batch.messages
    ]
    started = batches.advance(session, batch.owner, account.id, NOTHING, group, now=now).may_go
    results = [SendResult(each.outgoing.message_id, outcome) for each in started]
    batches.advance(session, batch.owner, account.id, HandedOver(started, results, took), (), now=now)
    session.refresh(account)


def messages(make, number, **values):
    return [make.message(make.member(consents=["email"]), **values) for _ in range(number)]


def test_two_messages_to_one_member_leave_one_after_the_other(session, make, account, now):
    member = make.member(consents=["email"])
    second, first = (make.message(member, due_at=now - timedelta(hours=hours)) for hours in (1, 2))

    batch = claim(session, account, now)
    assert [each.id for each in batch.messages] == [first.id]
    assert claim(session, account, now, owner="another").messages == []
    hand_over(session, account, batch, ACCEPTED, now)
    later = now + timedelta(seconds=3)
    assert [each.id for each in claim(session, account, later).messages] == [second.id]


def test_a_gateway_that_takes_nothing_comes_to_rest_and_longer_each_time(session, make, account, now):
    rests = []
    for _ in range(3):
        messages(make, duty.TROUBLE, due_at=now - timedelta(minutes=1))
        hand_over(session, account, claim(session, account, now), LATER, now)
        rests.append((account.rests_until - now).total_seconds() / 60)
        assert claim(session, account, now).messages == []
        now = account.rests_until
    assert rests == [1, 2, 4]


def test_one_that_took_a_message_is_well_again(session, make, account, now):
    messages(make, duty.TROUBLE)
    hand_over(session, account, claim(session, account, now), LATER, now)
    now = account.rests_until
    messages(make, 40, due_at=now - timedelta(hours=1))

    tried = claim(session, account, now)
    assert len(tried.messages) == duty.FEW
    hand_over(session, account, tried, ACCEPTED, now)
    assert (account.trouble, account.rests, account.rests_until) == (0, 0, None)


def test_a_refused_address_is_no_trouble_of_the_gateway(session, make, account, now):
    messages(make, duty.TROUBLE)
    hand_over(session, account, claim(session, account, now), SendOutcome.REFUSED, now)
    assert (account.trouble, account.rests_until) == (0, None)


def test_a_gateway_that_takes_forever_comes_to_rest_too(session, make, account, now):
    messages(make, duty.TROUBLE)
    hand_over(session, account, claim(session, account, now), ACCEPTED, now, took=duty.SLOW + timedelta(seconds=1))
    assert account.rests_until == now + timedelta(minutes=1)


def test_while_the_first_rests_the_second_sends_and_only_then(session, make, account, now):
    spare = make.gateway(position=1)
    messages(make, duty.TROUBLE + 1)
    assert claim(session, spare, now).messages == []
    hand_over(session, account, claim(session, account, now, limit=duty.TROUBLE), LATER, now)

    assert len(claim(session, spare, now).messages) == 1
    session.execute(text("UPDATE messages SET state = 'planned', claimed_by = NULL, lease_until = NULL"))
    session.flush()
    assert {each.gateway_id for each in agenda.deliveries(session, now=now)} <= {spare.id}


def test_a_rate_holds_across_claims_and_workers(session, make, now):
    account = make.gateway(per_minute=60)
    messages(make, 20)

    first = claim(session, account, now)
    second = claim(session, account, now, owner="another")
    assert len(first.messages) == 5  # what five seconds allow
    assert len(second.messages) == 0


def test_a_rate_of_one_a_minute_lets_one_go(session, make, now):
    account = make.gateway(per_minute=1)
    messages(make, 3)
    assert len(claim(session, account, now).messages) == 1
    assert len(claim(session, account, now, owner="another").messages) == 0


def test_a_no_of_the_policy_uses_up_no_rate(session, make, now):
    account = make.gateway(per_minute=12)
    make.message(make.member(), due_at=now - timedelta(hours=9))  # never said yes
    messages(make, 1, due_at=now - timedelta(hours=8))
    assert len(claim(session, account, now, limit=1).messages) == 0
    assert len(claim(session, account, now, limit=1).messages) == 1
