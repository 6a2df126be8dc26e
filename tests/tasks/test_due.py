"""Everything due, in one process, without Redis."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.outreach import reward_messages
from tasks import due, queues


def run(cafe, at):
    cafe.session.rollback()
    told = due.run_due(at)
    cafe.session.rollback()
    return told


def test_what_is_due_is_sent_and_counted(cafe, mail, now):
    cafe.gateway(mail)
    reward_messages.plan(cafe.session, cafe.unlocks(3), now=now)
    cafe.session.commit()
    nothing = {"planned": 0, "skipped": 0, "cancelled": 0, "failed": 0, "unsure": 0, "recomputed": 0}
    assert run(cafe, now) == {"at": now.isoformat(), "sent": 3} | nothing
    assert run(cafe, now) == {"at": now.isoformat(), "sent": 0} | nothing
    assert len(mail.received) == 3


def test_what_is_due_later_is_sent_by_a_later_clock(cafe, mail, now):
    cafe.gateway(mail)
    reward_messages.plan(cafe.session, cafe.unlocks(1, message_delay_minutes=120), now=now)
    cafe.session.commit()
    assert run(cafe, now)["sent"] == 0
    assert run(cafe, now + timedelta(hours=2))["sent"] == 1


def test_what_expired_is_cancelled(cafe, now):
    cafe.make.gateway(stopped_at=now)
    reward_messages.plan(cafe.session, cafe.unlocks(1), now=now)
    cafe.session.commit()
    assert run(cafe, now + timedelta(days=4))["cancelled"] == 1


def test_a_cafe_that_fails_does_not_stop_the_others(cafe, mail, now, monkeypatch):
    cafe.gateway(mail)
    reward_messages.plan(cafe.session, cafe.unlocks(1), now=now)
    cafe.session.commit()
    send, seen = due._send, []

    def fail_first():
        seen.append(1)
        if len(seen) == 1:
            raise RuntimeError("this café is broken")
        return send()

    monkeypatch.setattr(due, "_send", fail_first)
    monkeypatch.setattr(due.agenda, "deliveries", lambda *_, **__: [_due(99), _due(cafe.id)])
    assert run(cafe, now)["sent"] == 1


def _due(tenant_id):
    return due.agenda.DueDelivery(tenant_id, 1, "instant")


def test_redis_is_not_asked(cafe, mail, now, monkeypatch):
    monkeypatch.setattr(queues, "connection", lambda: pytest.fail("Redis was asked"))
    cafe.gateway(mail)
    reward_messages.plan(cafe.session, cafe.unlocks(1), now=now)
    cafe.session.commit()
    assert run(cafe, now)["sent"] == 1


def test_leases_that_ran_out_are_ended(cafe, mail, now):
    account = cafe.gateway(mail)
    for state in ("claimed", "attempting"):
        cafe.make.message(cafe.make.member(consents=["email"]), state=state, claimed_by="gone", gateway_id=account.id)
    cafe.session.execute(text("UPDATE messages SET lease_until = clock_timestamp() - interval '1 second'"))
    cafe.session.commit()
    told = run(cafe, now)
    assert told["unsure"] == 1
    assert cafe.states().get("claimed") is None


def test_points_that_become_usable_unlock_and_tell(cafe, mail, now):
    cafe.gateway(mail)
    make = cafe.make
    make.reward(channels=["email"])
    member = make.member(consents=["email"])
    lot = make.points(member, 10, active=False, activates_at=now)
    cafe.session.execute(text("UPDATE balances SET available = 0, pending = 10"))
    assert lot.id
    cafe.session.commit()
    told = run(cafe, now)
    assert (told["planned"], told["sent"]) == (1, 1)
    assert mail.received[0].to == member.email
