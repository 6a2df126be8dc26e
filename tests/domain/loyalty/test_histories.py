"""Whatever happens in whatever order: the books balance."""

from contextlib import contextmanager
from datetime import timedelta
from itertools import zip_longest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from domain.errors import Refusal
from domain.loyalty import ledger, upkeep
from domain.loyalty.sales import PointsPayment
from models.ledger import Balance, LedgerEntry, Lot
from models.purchase import Purchase

AMOUNTS = st.integers(0, 5000)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), AMOUNTS, st.integers(0, 40)),
        st.tuples(st.just("buy_late"), AMOUNTS, st.integers(1, 20)),
        st.tuples(st.just("refund"), st.integers(0, 9), st.one_of(st.none(), st.integers(1, 3000))),
        st.tuples(st.just("give"), st.integers(-30, 30), st.integers(0, 6)),
        st.tuples(st.just("redeem")),
        st.tuples(st.just("wait"), st.integers(1, 6)),
        st.tuples(st.just("upkeep")),
    ),
    max_size=14,
)


def walk(counter, reward, steps):
    """Do what the steps say; what the café's rules refuse is simply refused."""
    for number, (kind, *arguments) in enumerate(steps):
        try:
            with counter.session.begin_nested():
                do(counter, reward, number, kind, *arguments)
        except Refusal:
            continue


def do(counter, reward, number, kind, *arguments):
    match kind, arguments:
        case "buy", (amount, paid):
            redeem = PointsPayment("points", paid) if paid else None
            counter.buy(amount, external_id=f"r{number}", redeem=redeem)
        case "buy_late", (amount, days):
            counter.buy(amount, external_id=f"r{number}", occurred_at=counter.now - timedelta(days=days))
        case "refund", (which, amount):
            counter.refund(f"r{which}", amount)
        case "give", (number, days):
            expires_at = counter.now + timedelta(days=days + 1) if days and number > 0 else None
            counter.give(number, expires_at=expires_at)
        case "redeem", ():
            counter.redeem(reward=reward.id)
        case "wait", (days,):
            counter.wait(days=days)
        case "upkeep", ():
            upkeep.run(counter.session, now=counter.now, limit=100)


def assert_books_balance(session):
    session.expire_all()
    sums = select(LedgerEntry.currency_id, func.sum(LedgerEntry.points)).group_by(LedgerEntry.currency_id)
    entries = dict(session.execute(sums).all())
    for balance in session.scalars(select(Balance)):
        lots = [lot for lot in session.scalars(select(Lot)) if lot.currency_id == balance.currency_id]
        assert entries[balance.currency_id] == balance.available + balance.pending
        assert sum(lot.remaining for lot in lots if lot.active) == max(balance.available, 0)
        assert sum(lot.remaining for lot in lots if not lot.active) == balance.pending


@contextmanager
def undone(counter):
    """Whatever happens inside, nothing of it stays."""
    start, savepoint = counter.now, counter.session.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()
        counter.now = start


QUIETLY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUIETLY
@given(steps=STEPS)
def test_entries_lots_and_balances_always_agree(counter, make, steps):
    with undone(counter):
        make.earning_rule(make.currency("stars"), points_per_unit=2, activates_after_days=2, lifetime_days=4)
        walk(counter, make.reward(threshold=15, cost=12, valid_days=3), steps)
        assert_books_balance(counter.session)


@QUIETLY
@given(steps=STEPS, amount=AMOUNTS, parts=st.lists(st.integers(1, 2000), max_size=4))
def test_refunds_in_parts_take_back_what_was_earned_and_return_what_was_paid(counter, make, steps, amount, parts):
    with undone(counter):
        reward = make.reward(threshold=15, cost=12)
        counter.give(20)
        posted = counter.buy(amount, external_id="mine", redeem=PointsPayment("points", 17))
        for part, step in zip_longest([*parts, None], steps):
            walk(counter, reward, [step] if step else [])
            refund_mine(counter, part)
        entries = counter.session.scalars(select(LedgerEntry).where(LedgerEntry.purchase_id == posted.purchase_id))
        purchase = counter.session.scalar(select(Purchase).where(Purchase.external_id == "mine"))
        assert purchase.refunded_minor == amount
        assert sum(entry.points for entry in entries) == 0
        assert_books_balance(counter.session)


def refund_mine(counter, part):
    try:
        with counter.session.begin_nested():
            counter.refund("mine", part)
    except Refusal:
        return


def test_the_order_of_arrival_does_not_matter_to_the_balance(counter, make, now):
    sales = [(500, 3), (1000, 1), (700, 2)]
    for i, (amount, days) in enumerate(sales):
        counter.buy(amount, external_id=f"a{i}", occurred_at=now - timedelta(days=days))
    make.member(external_id="olga")
    for i, (amount, days) in reversed(list(enumerate(sales))):
        counter.buy(amount, external_id=f"b{i}", occurred_at=now - timedelta(days=days), member="olga")
    for member in ("nora", "olga"):
        counter.give(-6, member=member)

    nora, olga = (
        counter.session.execute(
            select(Lot.activates_at, Lot.remaining).where(Lot.member_id == posted).order_by(Lot.activates_at)
        ).all()
        for posted in (counter.give(1).member_id, counter.give(1, member="olga").member_id)
    )
    assert nora == olga
    assert [remaining for _, remaining in nora] == [0, 6, 10, 1]
    member = counter.give(1).member_id
    assert ledger.balances_of(counter.session, member)[0]["available"] == 18
