"""Taking consent back and starting a group at the same moment: whoever is first is first."""

import threading

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from domain.delivery import batches, outbox
from domain.delivery.batches import Letter
from domain.delivery.ports import Outgoing
from domain.tenant_scope import tenant_scope
from tests.factories import Make
from tests.waiting import until

BLOCKED = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def test_a_withdrawal_answers_only_when_groups_under_way_are_marked_and_is_seen_by_later_ones(database, now):
    engine = create_engine(database.url)
    with database.session() as session:
        tenant_id = Make(session).tenant().id
        session.commit()
    with tenant_scope(tenant_id), Session(engine) as starting, Session(engine) as watching:
        make = Make(starting)
        account, member = make.gateway("email"), make.member(consents=["email"])
        make.message(member)
        starting.commit()
        batch = outbox.claim(starting, account, "instant", owner="w", limit=9, now=now)
        starting.commit()
        [claimed] = batch.messages
        outgoing = Outgoing(claimed.id, "nora@example.com", b"", "ref")
        letter = Letter(outgoing, "email", member.id, "rewards", 0, None, "")
        starting.commit()
        answered = threading.Event()
        thread = threading.Thread(target=_withdraw, args=(engine, tenant_id, answered))

        started = batches.advance(starting, "w", account.id, batches.NOTHING, [letter], now=now).may_go
        thread.start()
        until(lambda: _blocked(watching), what="the withdrawal waits for the group")
        assert not answered.is_set()
        starting.commit()
        thread.join()

        assert answered.is_set()
        assert len(started) == 1
    engine.dispose()


def _blocked(session: Session) -> bool:
    session.rollback()
    return bool(session.scalar(BLOCKED))


def _withdraw(engine, tenant_id, answered):
    with tenant_scope(tenant_id), Session(engine) as session:
        session.execute(text("UPDATE consent_states SET granted = false"))
        session.commit()
        answered.set()
