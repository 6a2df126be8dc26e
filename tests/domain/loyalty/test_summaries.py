"""Summaries are what counting the purchases anew would tell, whatever happened in whatever order."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect, select

from domain.errors import Refusal
from domain.loyalty import summaries
from models.summary import AudienceDay, MemberSummary, PurchaseDay
from tests.domain.loyalty.test_histories import QUIETLY, undone

ZONES = st.sampled_from(["Europe/Vienna", "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe", "UTC"])
CHANNELS = st.sampled_from(["pos", "online"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(0, 900), st.integers(-10, 60 * 24 * 400), CHANNELS),
        st.tuples(st.just("refund"), st.integers(0, 9), st.one_of(st.none(), st.integers(1, 900))),
        st.tuples(st.just("wait"), st.integers(1, 60 * 24 * 40)),
        st.tuples(st.just("midnight")),
        st.tuples(st.just("move"), ZONES),
    ),
    max_size=12,
)


def rows(session, model):
    names = [each.key for each in inspect(model).columns if each.key != "touched_at"]
    return {tuple(getattr(row, name) for name in names) for row in session.scalars(select(model))}


def kept(session):
    session.expire_all()
    return rows(session, MemberSummary), rows(session, PurchaseDay)


@pytest.fixture
def nora(session):
    """Her summary as it stands."""

    def look():
        session.expire_all()
        return session.scalars(select(MemberSummary)).one()

    return look


@QUIETLY
@given(steps=STEPS, start=st.datetimes(datetime(2023, 2, 27), datetime(2024, 11, 5), timezones=st.just(UTC)))
def test_what_is_kept_is_what_counting_anew_tells(counter, tenant, steps, start):
    with undone(counter):
        counter.now = start
        summaries.bring_to_today(counter.session, tenant, now=counter.now)
        for number, step in enumerate(steps):
            do(counter, tenant, number, *step)
        summaries.bring_to_today(counter.session, tenant, now=counter.now)
        before = kept(counter.session)
        summaries.rebuild(counter.session, tenant, now=counter.now)
        everyone, days = kept(counter.session)
        bought = {row for row in everyone if row[2]}
        assert ({row for row in before[0] if row[2]}, before[1]) == (bought, days)


def do(counter, tenant, number, kind, *arguments):
    match kind, arguments:
        case "buy", (amount, minutes_ago, channel):
            occurred_at = counter.now - timedelta(minutes=minutes_ago)
            counter.buy(amount, external_id=f"r{number}", occurred_at=occurred_at, channel=channel)
        case "refund", (which, amount):
            try:
                with counter.session.begin_nested():
                    counter.refund(f"r{which}", amount)
            except Refusal:
                return
        case "wait", (minutes,):
            counter.wait(minutes=minutes)
        case "midnight", ():
            summaries.bring_to_today(counter.session, tenant, now=counter.now)
        case "move", (zone,):
            tenant.timezone = zone
            counter.session.flush()


def test_a_purchase_counts_at_once_in_its_channel(counter, nora, now):
    counter.buy(500)
    counter.buy(300, channel="online", occurred_at=now - timedelta(days=2))

    summary = nora()
    assert (summary.purchases, summary.pos_purchases, summary.net_minor, summary.pos_net_minor) == (2, 1, 800, 500)
    assert (summary.first_on, summary.last_on) == (date(2026, 3, 2), date(2026, 3, 4))
    assert (summary.year_purchases, summary.year_minor, summary.touched_at) == (2, 800, now)


def test_days_are_the_cafes_and_not_those_of_utc(counter, nora):
    counter.buy(500, occurred_at=datetime(2026, 3, 3, 23, 30, tzinfo=UTC))

    assert nora().first_on == date(2026, 3, 4)


def test_day_365_is_in_the_year_and_day_366_is_not(counter, nora, now):
    counter.buy(500, occurred_at=now - timedelta(days=365))
    counter.buy(300, occurred_at=now - timedelta(days=366))

    assert (nora().year_purchases, nora().year_minor) == (1, 500)


def test_a_day_leaves_the_year_at_midnight(counter, tenant, nora, now):
    summaries.bring_to_today(counter.session, tenant, now=now)
    counter.buy(500, occurred_at=now - timedelta(days=365))
    counter.wait(days=1)
    summaries.bring_to_today(counter.session, tenant, now=counter.now)

    assert (nora().year_purchases, nora().year_minor, nora().purchases) == (0, 0, 1)


def test_told_twice_a_purchase_counts_once(counter, nora):
    for _ in range(2):
        counter.buy(500, external_id="once")

    assert (nora().purchases, nora().net_minor) == (1, 500)


def test_a_purchase_refunded_in_full_never_happened(counter, nora, now):
    counter.buy(500, external_id="first", occurred_at=now - timedelta(days=9))
    counter.buy(300, external_id="last")
    counter.refund("first")
    assert (nora().purchases, nora().first_on) == (1, date(2026, 3, 4))

    counter.refund("last")
    assert (nora().purchases, nora().first_on, nora().last_on, nora().net_minor) == (0, None, None, 0)


def test_a_refunded_gift_never_happened_either(counter, nora):
    counter.buy(0, external_id="gift")
    assert nora().purchases == 1
    counter.refund("gift")

    assert nora().purchases == 0


def test_a_refund_in_part_leaves_the_purchase_and_takes_its_money(counter, nora):
    counter.buy(500, external_id="cake")
    counter.refund("cake", 200)

    assert (nora().purchases, nora().net_minor, nora().year_minor) == (1, 300, 300)


def test_a_day_without_revenue_is_no_paid_day(counter, nora, now):
    counter.buy(500, channel="online", occurred_at=now - timedelta(days=3))
    counter.buy(0)

    assert (nora().paid_on, nora().pos_paid_on, nora().last_on) == (date(2026, 3, 1), None, date(2026, 3, 4))


def test_another_zone_has_other_days(counter, tenant, nora):
    counter.buy(500, occurred_at=datetime(2026, 3, 3, 23, 30, tzinfo=UTC))
    tenant.timezone = "America/New_York"
    summaries.bring_to_today(counter.session, tenant, now=counter.now)

    assert nora().first_on == date(2026, 3, 3)
    assert counter.session.get(AudienceDay, tenant.id).timezone == "America/New_York"


def test_a_touched_member_without_purchases_has_a_summary(session, make, now):
    member = make.member()
    summaries.touch(session, [member.id], now=now)

    summary = session.scalars(select(MemberSummary)).one()
    assert (summary.member_id, summary.purchases, summary.touched_at) == (member.id, 0, now)


def test_whatever_moves_points_touches_its_member(counter, nora, make, now):
    counter.give(20)
    assert (nora().touched_at, nora().purchases) == (now, 0)
    summaries.looked_at(counter.session, summaries.touched(counter.session, most=9))
    counter.redeem(reward=make.reward(threshold=10, cost=10).id)

    assert nora().touched_at == now
