"""Stored memberships are what asking everybody anew tells, whatever happened in whatever order."""

from collections import defaultdict
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from domain.audience import membership, segments, tag_rules, tagging
from domain.loyalty import summaries
from models.event import Event
from models.member import Member
from models.purchase import Purchase, Refund
from models.segment import Segment, SegmentMember, SegmentSize
from tests.domain.audience import histories
from tests.domain.audience.histories import Following
from tests.domain.loyalty.test_histories import QUIETLY, undone

WHO = st.sampled_from(["nora", "olga", "paul", "rosa"])
STEPS = st.lists(
    st.one_of(
        *histories.COMMON,
        st.tuples(st.just("buy"), WHO, st.sampled_from([0, 100, 100, 250]), histories.ago(30, 31, 90, 91, 365, 366)),
        st.tuples(st.just("wait"), histories.minutes(31, 370)),
    ),
    max_size=12,
)
REGULARS = {"fact": "purchases.count", "op": "gte", "value": 2, "window_days": 30}
QUESTIONS = {
    "Newest": {"preset": "new", "parameters": {"days": 2}},
    "Top of 20 days": {"preset": "top", "parameters": {"purchases": 1, "percent": 50, "days": 20}},
    "Half": {"preset": "top", "parameters": {"purchases": 1, "percent": 50}},
    "Regulars": {"definition": {"any": [REGULARS, {"fact": "purchases.sum", "op": "gte", "value": "3.00"}]}},
}


@pytest.fixture
def cafe(session, tenant, counter):
    """A café whose segments stand at the counter's day: the presets, and some of the owner's own."""

    class Cafe(Following):
        def open(self):
            tagging.ensure_built_in(session, now=counter.now)
            self.midnight()
            made = {
                name: segments.create(session, tenant, {"name": name, **asked}, now=counter.now)
                for name, asked in QUESTIONS.items()
            }
            segments.without(
                session, tenant, name="Lost", inside=self.id("Half"), outside=made["Regulars"].id, now=counter.now
            )

        def id(self, name):
            return session.scalar(select(Segment.id).where(Segment.name == name))

        def inside(self):
            """The names in each segment, as stored."""
            found = {segment.name: set() for segment in session.scalars(select(Segment))}
            rows = select(Segment.name, Member.external_id).select_from(SegmentMember)
            rows = rows.join(Segment, Segment.id == SegmentMember.segment_id)
            for name, member in session.execute(rows.join(Member, Member.id == SegmentMember.member_id)):
                found[name].add(member)
            return found

    return Cafe(counter, tenant, slice=3)


@QUIETLY
@given(steps=STEPS, start=histories.STARTS)
def test_what_is_stored_is_what_asking_everybody_tells(cafe, counter, session, tenant, steps, start):
    with undone(counter):
        counter.now = start
        cafe.open()
        for number, step in enumerate(steps):
            do(cafe, number, *step)
        cafe.keep_up()

        stored = cafe.inside()
        assert stored == by_hand(session, tenant, counter.now)
        assert membership.recompute(session, tenant, now=counter.now) == 0
        assert told(session) == stored
        sizes = dict(session.execute(select(Segment.name, Segment.size)).all())
        assert sizes == {name: len(members) for name, members in stored.items()}


def do(cafe, number, kind, *arguments):
    if kind == "buy":
        cafe.buy(number, *arguments)
    else:
        cafe.do(kind, *arguments)


def told(session):
    """Who is in which segment by the events alone."""
    inside = {segment.name: set() for segment in session.scalars(select(Segment))}
    events = select(Event, Member.external_id).join(Member, Member.id == Event.member_id)
    for event, name in session.execute(events.where(Event.type.like("segment.%")).order_by(Event.id)):
        members = inside[event.properties["name"]]
        if event.type == "segment.entered":
            assert name not in members
            members.add(name)
        else:
            members.remove(name)
    return inside


def by_hand(session, tenant, now):
    """The same questions answered from the purchases, without any SQL of ours."""
    zone = ZoneInfo(tenant.timezone)
    today = now.astimezone(zone).date()
    bought, undone = defaultdict(list), set(session.scalars(select(Refund.purchase_id)))
    rows = select(Purchase, Member.external_id).join(Member, Member.id == Purchase.member_id)
    for purchase, name in session.execute(rows.execution_options(populate_existing=True)):
        if purchase.refunded_minor < purchase.amount_minor or (not purchase.amount_minor and purchase.id not in undone):
            days_ago = (today - purchase.occurred_at.astimezone(zone).date()).days
            bought[name].append((days_ago, purchase.amount_minor - purchase.refunded_minor))

    def new(days):
        return {name for name, each in bought.items() if len(each) == 1 and each[0][0] <= days}

    def top(purchases, percent, days):
        recent = {name: [net for ago, net in each if ago <= days] for name, each in bought.items()}
        spent = {name: sum(each) for name, each in recent.items() if len(each) >= purchases and sum(each) > 0}
        places = int((Decimal(len(spent)) * percent / 100).to_integral_value(ROUND_CEILING))
        border = sorted(spent.values(), reverse=True)[:places][-1:]
        return {name for name, each in spent.items() if border and each >= border[0]}

    regulars = {
        name
        for name, each in bought.items()
        if len([ago for ago, _ in each if ago <= 30]) >= 2 or sum(net for _, net in each) >= 300
    }
    six_months_ago = tag_rules.months_before(today, 6)
    last_on = {name: today - timedelta(days=min(ago for ago, _ in each)) for name, each in bought.items()}
    # Nobody's profile is complete here.
    spending = {
        name
        for name, each in bought.items()
        if any(net > 0 and today - timedelta(days=ago) >= six_months_ago for ago, net in each)
    }
    return {
        "Not seen for 6 months": {name for name, day in last_on.items() if day < six_months_ago},
        "Has revenue, but an incomplete profile": spending,
        "New": new(30),
        "Top": top(2, 10, 365),
        "Defecting": {name for name, each in bought.items() if min(ago for ago, _ in each) > 90},
        "Newest": new(2),
        "Top of 20 days": top(1, 50, 20),
        "Half": top(1, 50, 365),
        "Regulars": regulars,
        "Lost": top(1, 50, 365) - regulars,
    }


def test_a_purchase_moves_its_member_and_says_so(cafe, counter, session, tenant, now):
    cafe.open()
    counter.buy(500)
    cafe.look()

    assert cafe.inside()["New"] == {"nora"}
    entered = select(Event).where(Event.type == "segment.entered", Event.properties["name"].astext == "New")
    event = session.scalars(entered).one()
    assert event.properties == {"segment": cafe.id("New"), "name": "New"}
    assert event.occurred_at == now
    assert session.scalar(select(SegmentMember.since).where(SegmentMember.segment_id == cafe.id("New"))) == now


def test_tags_are_looked_at_before_segments_that_ask_for_them(cafe, counter, session, tenant):
    cafe.open()
    asked = {"fact": "tags", "op": "contains", "value": "revenueWithinLast6Month"}
    segments.create(session, tenant, {"name": "Spenders", "definition": asked}, now=counter.now)
    counter.buy(500)
    cafe.look()

    assert cafe.inside()["Spenders"] == {"nora"}


def test_a_second_purchase_takes_a_member_out_of_new_and_its_refund_puts_them_back(cafe, counter):
    cafe.open()
    counter.buy(500)
    counter.buy(300, external_id="second")
    cafe.keep_up()
    assert cafe.inside()["New"] == set()

    counter.refund("second")
    cafe.keep_up()
    assert cafe.inside()["New"] == {"nora"}


def test_others_move_with_the_border_of_top(cafe, counter):
    cafe.open()
    for who, amount in (("nora", 500), ("olga", 400), ("paul", 300)):
        counter.buy(amount, member=who)
    cafe.keep_up()
    assert cafe.inside()["Half"] == {"nora", "olga"}

    counter.buy(450, member="paul")
    cafe.keep_up()
    assert cafe.inside()["Half"] == {"nora", "paul"}


def test_only_whom_something_happened_to_is_looked_at(cafe, counter, session, tenant):
    cafe.open()
    counter.buy(500)
    counter.buy(500, member="olga")

    assert cafe.look_at(10) == 2
    assert cafe.look_at(10) == 0


def test_day_31_leaves_new_at_midnight_and_not_a_minute_before(cafe, counter):
    cafe.open()
    counter.buy(500)  # at noon in Vienna
    cafe.keep_up()
    counter.wait(days=31, hours=-13, minutes=-1)  # summer time began meanwhile
    cafe.keep_up()
    assert cafe.inside()["New"] == {"nora"}

    counter.wait(minutes=1)
    cafe.keep_up()
    assert cafe.inside()["New"] == set()


def test_midnights_that_were_missed_are_caught_up_at_once(cafe, counter):
    cafe.open()
    counter.buy(500)
    cafe.keep_up()
    counter.wait(days=200)
    cafe.keep_up()

    assert cafe.inside()["New"] == set()
    assert cafe.inside()["Defecting"] == {"nora"}


def test_sizes_are_noted_when_a_day_ends(cafe, counter, session):
    cafe.open()
    counter.buy(500)
    cafe.keep_up()
    counter.wait(days=2)
    cafe.keep_up()

    noted = select(SegmentSize.day, SegmentSize.size).where(SegmentSize.segment_id == cafe.id("New"))
    assert [(day.day, size) for day, size in session.execute(noted.order_by(SegmentSize.day))] == [(4, 1), (5, 1)]


def test_a_member_changed_while_looked_at_stays_to_be_looked_at(cafe, counter, session, tenant):
    cafe.open()
    counter.buy(500)
    seen = summaries.touched(session, most=10)
    with session.begin_nested():
        counter.buy(300)
    summaries.looked_at(session, seen)

    assert cafe.look_at(10) == 1


def test_nothing_is_written_where_nothing_changed(cafe, counter, session):
    cafe.open()
    counter.buy(500)
    cafe.keep_up()
    before = session.scalar(select(func.max(Event.id)))
    counter.buy(0, member="nora", external_id="gift")
    counter.refund("gift")
    cafe.keep_up()

    kinds = select(func.count()).select_from(Event).where(Event.type.like("segment.%"))
    assert session.scalar(kinds.where(Event.id > before)) == 0
