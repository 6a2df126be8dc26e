"""Files, tills, letters on their way, a merge and an erasure at the same members in the same moment: nobody waits for
another in a ring."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from domain.audience import erasure, merging
from domain.delivery import batches, outbox
from domain.delivery.batches import NOTHING, HandedOver, Letter
from domain.delivery.ports import Outgoing, SendOutcome, SendResult
from domain.errors import Refusal
from domain.loyalty.sales import MemberRef, Sale
from domain.outreach import checkout
from domain.tenant_scope import tenant_scope
from models.gateway import GatewayAccount
from models.ledger import Balance, LedgerEntry
from models.member import Member
from models.purchase import Purchase
from models.tenancy import bind_tenant_when_a_transaction_begins
from tests.factories import Make
from tests.waiting import until

GUESTS, ROUNDS = 8, 12
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


@pytest.fixture
def cafe(database):
    """A committed café with guests `g-0`, `g-1` … who earn a point per euro."""
    bind_tenant_when_a_transaction_begins()
    with database.session() as session:
        tenant = Make(session).tenant()
        session.commit()
        tenant_id = tenant.id
    with database.session(tenant_id) as session:
        make = Make(session)
        make.earning_rule()
        make.reward(threshold=20)
        make.gateway("email")
        for number in range(GUESTS):
            guest = make.member(external_id=f"g-{number}", consents=["email"])
            for _ in range(ROUNDS):
                make.message(guest)
        session.commit()
    return tenant_id


@pytest.fixture
def at_once(database, cafe):
    """Do all this at the same moment, each in transactions of its own."""
    engine = create_engine(database.url, pool_size=20)

    def done(*works):
        together = Barrier(len(works))

        def alone(work):
            with tenant_scope(cafe), Session(engine) as session:
                session.connection()
                together.wait()
                work(session)

        with ThreadPoolExecutor(len(works)) as pool:
            return list(pool.map(alone, works))

    yield done
    engine.dispose()


def sale(number, guest, now):
    return Sale(number, MemberRef("external_id", f"g-{guest}"), 500, "EUR", now)


def file(name, guests, now):
    """Slices of a file, each with all of these guests."""

    def work(session):
        for step in range(ROUNDS):
            came = checkout.ring_up_imported(session, [sale(f"{name}-{step}-{g}", g, now) for g in guests], now=now)
            session.commit()
            assert all(not isinstance(each, Refusal) or each.errors for each in came)

    return work


def till(guests, now):
    def work(session):
        for step in range(ROUNDS):
            for guest in guests:
                try:
                    checkout.ring_up(session, sale(f"till-{step}-{guest}", guest, now), now=now)
                except Refusal:
                    session.rollback()  # forgotten meanwhile
                session.commit()

    return work


def letters(now):
    """Letters to all guests, claimed time and again, handed over in small groups and settled."""

    def work(session):
        account = session.scalars(select(GatewayAccount)).one()
        for _ in range(ROUNDS):
            claimed = outbox.claim(session, account, "instant", owner="w", limit=GUESTS, now=now).messages
            session.commit()
            done, leaving = NOTHING, [_letter(each) for each in claimed]
            for group in (*batches.groups(leaving, size=3), ()):
                started = batches.advance(session, "w", account.id, done, group, now=now).may_go
                session.commit()
                results = [SendResult(each.outgoing.message_id, SendOutcome.ACCEPTED) for each in started]
                done = HandedOver(started, results)

    return work


def _letter(claimed):
    outgoing = Outgoing(claimed.id, "nora@example.com", b"", "ref")
    return Letter(outgoing, claimed.channel, claimed.member_id, claimed.topic, 0, None, "")


def merge(kept, gone, now):
    def work(session):
        members = merging.pair(session, f"g-{kept}", f"g-{gone}")
        merging.merge(session, *(each.id for each in members), choices={}, actor="system", now=now)
        session.commit()

    return work


def test_files_tills_letters_a_merge_and_an_erasure_at_the_same_guests_end_and_lose_nothing(
    at_once, database, cafe, now
):
    forward, backward = list(range(GUESTS)), list(reversed(range(GUESTS)))

    def erase(session):
        erasure.erase(session, session.scalars(select(Member).where(Member.external_id == "g-3")).one(), now=now)
        session.commit()

    files = file("a", forward, now), file("b", backward, now)
    at_once(*files, till(backward, now), letters(now), merge(1, 6, now), erase)

    with database.session(cafe) as session:
        booked = session.scalar(select(func.count(Purchase.id)))
        living = ROUNDS * 3 * (GUESTS - 1)  # of the one who was forgotten, what was told before
        assert living <= booked <= ROUNDS * 3 * GUESTS
        assert session.scalar(select(func.sum(LedgerEntry.points))) == 5 * booked
        assert session.scalar(select(func.sum(Balance.available))) == 5 * booked


def test_a_till_and_a_file_that_waited_for_a_guest_who_was_merged_away_do_not_wait_for_each_other(
    at_once, database, cafe, now
):
    with database.session(cafe) as merger, database.session(cafe) as watching:
        kept, gone = merging.pair(merger, "g-1", "g-6")
        merging.merge(merger, kept.id, gone.id, choices={}, actor="system", now=now)

        def commit_when_both_wait(_session):
            until(lambda: _waiting(watching) == 2, what="both wait for the merge")
            merger.commit()

        at_once(file("a", [1, 6], now), till([6], now), commit_when_both_wait)

    with database.session(cafe) as session:
        assert session.scalar(select(func.count(Purchase.id))) == 3 * ROUNDS


def _waiting(session):
    session.rollback()
    return session.scalar(WAITING)
