from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.errors import Refusal
from domain.loyalty import purchases
from domain.loyalty.sales import MemberRef, Sale
from domain.tenant_scope import tenant_scope
from models.event import Event
from models.ledger import Balance, LedgerEntry
from models.purchase import Purchase
from models.reward import RewardEvent
from models.tenancy import bind_tenant_when_a_transaction_begins
from tests.factories import Make

THREADS = 50


@pytest.fixture
def cafe(database):
    """A committed café with `nora`, one point per euro, and a reward at ten points."""
    bind_tenant_when_a_transaction_begins()
    with database.session() as session:
        tenant = Make(session).tenant()
        session.commit()
        tenant_id = tenant.id
    with database.session(tenant_id) as session:
        make = Make(session)
        make.earning_rule()
        make.reward(threshold=10)
        make.member(external_id="nora")
        session.commit()
    return tenant_id


@pytest.fixture
def at_once(database, cafe, now):
    """Post all these sales at the same moment, each in a transaction of its own; answers, None for what was refused."""
    engine = database.engine()
    engine.dispose()

    def post_all(sales):
        together = Barrier(len(sales))

        def post(sale):
            with tenant_scope(cafe), Session(engine) as session:
                session.connection()
                together.wait()
                try:
                    posted = purchases.post(session, sale, now=now)
                except Refusal:
                    return None
                session.commit()
                return posted

        with ThreadPoolExecutor(len(sales)) as pool:
            return list(pool.map(post, sales))

    from sqlalchemy import create_engine

    engine = create_engine(database.url, pool_size=THREADS)
    yield post_all
    engine.dispose()


def sale(now, **values):
    known = {
        "external_id": "r1",
        "member": MemberRef("external_id", "nora"),
        "amount_minor": 1000,
        "currency": "EUR",
        "occurred_at": now,
    }
    return Sale(**(known | values))


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_the_same_purchase_fifty_times_at_once_is_one_purchase_and_one_unlock(at_once, database, cafe, now):
    answers = at_once([sale(now)] * THREADS)

    assert sum(posted.is_new for posted in answers) == 1
    assert all(posted.answer == answers[0].answer for posted in answers)
    with database.session(cafe) as session:
        assert [count(session, model) for model in (Purchase, LedgerEntry, RewardEvent)] == [1, 1, 1]
        assert session.scalar(select(Balance.available)) == 10
        assert session.scalar(select(func.count()).where(Event.type == "reward.unlocked")) == 1


def test_the_same_number_with_other_contents_at_once_is_one_purchase(at_once, database, cafe, now):
    answers = at_once([sale(now, member=None, amount_minor=amount) for amount in range(20)])

    assert sum(posted is not None and posted.is_new for posted in answers) == 1
    assert answers.count(None) == 19


def test_many_purchases_of_one_member_at_once_all_count_and_unlock_once(at_once, database, cafe, now):
    at_once([sale(now, external_id=f"r{number}", amount_minor=100) for number in range(THREADS)])

    with database.session(cafe) as session:
        assert session.scalar(select(Balance.available)) == THREADS
        assert count(session, RewardEvent) == 1
