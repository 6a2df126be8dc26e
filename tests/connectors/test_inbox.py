from datetime import timedelta

import pytest
from sqlalchemy import select

from connectors import accounts, inbox
from domain.accounts import vault
from models.connector import InboundHook
from models.tenancy import current_tenant_id


@pytest.fixture
def connector(session, now):
    vault.unlock(["a key of the tests"])
    values = {"access_token": "token", "signature_key": "key"}
    account, _token = accounts.add(session, tenant_id=current_tenant_id.get(), system="square", values=values, now=now)
    return account


@pytest.fixture
def keep(session, connector, now):
    def keep(key, at=now):
        return inbox.keep(session, connector.id, key=key, kind="payment.updated", body={"event_id": key}, now=at)

    return keep


def states(session):
    session.expire_all()
    return {hook.key: hook.state for hook in session.scalars(select(InboundHook))}


def test_a_hook_told_again_is_kept_once(session, keep):
    assert [keep("e1"), keep("e1"), keep("e2")] == [True, False, True]
    assert states(session) == {"e1": "new", "e2": "new"}


def test_the_oldest_hook_comes_first_and_only_once(session, keep, now):
    keep("younger", now)
    keep("older", now - timedelta(seconds=1))

    claimed = [inbox.claim(session, now=now) for _ in range(3)]

    assert [hook and hook.body["event_id"] for hook in claimed] == ["older", "younger", None]


def test_a_claim_that_ran_out_is_taken_again_and_the_first_one_settles_nothing(session, keep, now):
    keep("e1")
    first = inbox.claim(session, now=now)
    second = inbox.claim(session, now=now + timedelta(days=3650))

    assert not inbox.settle(session, first)
    assert inbox.settle(session, second)
    assert states(session) == {"e1": "done"}


def test_what_is_put_off_waits_longer_each_time(session, keep, now):
    keep("e1")
    waits = []
    at = now
    for _ in range(5):
        hook = inbox.claim(session, now=at)
        inbox.put_off(session, hook, detail="Square is down.", now=at)
        session.expire_all()
        due = session.scalar(select(InboundHook.due_at))
        waits.append((due - at).total_seconds())
        at = due

    assert waits == sorted(waits)
    assert waits[0] < 2
    assert waits[-1] > 1000


def test_a_wait_that_the_system_asks_for_is_kept(session, keep, now):
    keep("e1")
    hook = inbox.claim(session, now=now)

    inbox.put_off(session, hook, detail="Too many questions.", now=now, wait=timedelta(seconds=90))

    assert inbox.claim(session, now=now + timedelta(seconds=89)) is None


def test_what_kept_failing_for_a_day_is_parked_with_its_reason(session, keep, now):
    keep("e1")
    late = now + timedelta(hours=25)

    inbox.put_off(session, inbox.claim(session, now=late), detail="Square is down.", now=late)

    hook = session.scalar(select(InboundHook).execution_options(populate_existing=True))
    assert (hook.state, hook.detail) == ("parked", "Square is down.")


def test_stopping_a_connection_parks_what_waits(session, keep, connector, now):
    keep("e1")

    accounts.stop(session, connector.id, because="Access was revoked.", now=now)
    accounts.stop(session, connector.id, because="Something later.", now=now)

    session.expire_all()
    assert (connector.stopped_at, connector.stopped_because) == (now, "Access was revoked.")
    assert states(session) == {"e1": "parked"}
