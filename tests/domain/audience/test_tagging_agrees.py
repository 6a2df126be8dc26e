"""Tags kept up step by step are what looking at everybody anew tells, whatever happened in whatever order."""

from collections import defaultdict
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from domain.audience import consent, interest, members, tag_rules, tagging, tags
from domain.audience.consent import Answer, Proof
from models.event import Event
from models.member import Member
from models.purchase import Purchase, Refund
from models.reward import Redemption
from models.tag import MemberTag, Tag
from tests.domain.audience import histories
from tests.domain.audience.histories import Following
from tests.domain.loyalty.test_histories import QUIETLY, undone

WHO = st.sampled_from(["nora", "olga", "paul"])
AGO = histories.ago(28, 30, 31, 180, 181, 182, 183, 184, 185)
STEPS = st.lists(
    st.one_of(
        *histories.COMMON,
        st.tuples(st.just("buy"), WHO, st.sampled_from([0, 100, 250]), AGO, st.sampled_from(["pos", "online"])),
        st.tuples(st.just("redeem"), WHO),
        st.tuples(st.just("act"), WHO, st.sampled_from([*interest.ACTS, interest.WITHDRAWN])),
        st.tuples(st.just("say"), WHO, st.booleans()),
        st.tuples(st.just("birthday"), WHO, st.sampled_from([date(2000, 2, 29), None])),
        st.tuples(st.just("wait"), histories.minutes(31, 181, 184, 370)),
    ),
    max_size=12,
)
REGULAR = {"fact": "purchases.count", "op": "gte", "value": 2, "window_days": 30}
LOST = {"all": [{"fact": "tags", "op": "contains", "value": "sleeping"}, {"not": REGULAR}]}


@pytest.fixture
def cafe(session, tenant, counter, make):
    """A café whose tags follow; two have a rule of the owner's own, one of which asks for tags."""
    reward = make.reward(threshold=1, cost=1)

    class Cafe(Following):
        reward_id = reward.id

        def open(self):
            self.midnight()
            for name, rule in (("Regular", REGULAR), ("Lost", LOST)):
                tags.create(session, tenant, name=name, definition=rule, now=counter.now)

        def held(self):
            """Every tag of every member, with its reason and the day it ends."""
            rows = select(Tag.name, Member.external_id, MemberTag.because, MemberTag.lapses_on)
            rows = rows.join(MemberTag, MemberTag.tag_id == Tag.id).join(Member, Member.id == MemberTag.member_id)
            return {(tag, who): (because, lapses_on) for tag, who, because, lapses_on in session.execute(rows)}

        def id_of(self, who):
            return session.scalars(select(Member.id).where(Member.external_id == who)).one()

    return Cafe(counter, tenant, slice=2)


@QUIETLY
@given(steps=STEPS, start=histories.STARTS)
def test_what_is_kept_up_is_what_looking_at_everybody_tells(cafe, counter, session, tenant, steps, start):
    with undone(counter):
        counter.now = start
        cafe.open()
        for number, step in enumerate(steps):
            do(cafe, counter, tenant, number, *step)
        cafe.keep_up()

        kept_up = cafe.held()
        assert set(kept_up) == by_hand(session, tenant, counter.now)
        assert tagging.recompute(session, tenant, now=counter.now) == tagging.Tally()
        assert cafe.held() == kept_up
        everybody = list(session.scalars(select(Member.id)))
        assert tagging.refresh(session, tenant, everybody, now=counter.now) == tagging.Tally()
        assert cafe.held() == kept_up
        assert told(session) == set(kept_up)


def do(cafe, counter, tenant, number, kind, *arguments):
    session, now = counter.session, counter.now
    match kind, arguments:
        case "buy", (who, amount, minutes_ago, channel):
            cafe.buy(number, who, amount, minutes_ago, channel=channel)
        case "redeem", (who,):
            counter.give(1, member=who)
            counter.redeem(reward=cafe.reward_id, member=who)
        case "act", (who, act):
            interest.note(session, tenant, cafe.id_of(who), act, now=now)
        case "say", (who, yes):
            answer = Answer("email", "reminders", granted=yes)
            consent.record(session, cafe.id_of(who), [answer], Proof("a form", now), now=now)
        case "birthday", (who, day):
            members.upsert(session, tenant, who, {"birthday": day}, now=now)
        case _:
            cafe.do(kind, *arguments)


def told(session):
    """Who has which tag by the events alone."""
    held = set()
    events = select(Event, Member.external_id).join(Member, Member.id == Event.member_id)
    for event, who in session.execute(events.where(Event.type.like("tag.%")).order_by(Event.id)):
        key = (event.properties["tag"], who)
        if event.type == "tag.applied":
            assert key not in held
            held.add(key)
        else:
            held.remove(key)
    return held


def by_hand(session, tenant, now):
    """Who has which tag, from what happened, without any SQL of ours."""
    zone = ZoneInfo(tenant.timezone)
    today = now.astimezone(zone).date()
    since, month_ago = tag_rules.months_before(today, 6), today - timedelta(days=30)
    held, seen, bought, acts, agreed = set(), defaultdict(list), defaultdict(list), defaultdict(list), {}
    names = dict(session.execute(select(Member.id, Member.external_id)).all())
    undone = set(session.scalars(select(Refund.purchase_id)))
    for each in session.scalars(select(Purchase).execution_options(populate_existing=True)):
        who, day = names[each.member_id], each.occurred_at.astimezone(zone).date()
        net = each.amount_minor - each.refunded_minor
        if net or (not each.amount_minor and each.id not in undone):
            seen[who].append(day)
            bought[who].append(day)
        if net and day >= since:
            held |= {(tag_rules.REVENUE, who)} | ({(tag_rules.POS_REVENUE, who)} if each.channel == "pos" else set())
    for each in session.scalars(select(Redemption)):
        seen[names[each.member_id]].append(each.occurred_at.astimezone(zone).date())
    held |= {(tag_rules.SLEEPING, who) for who, days in seen.items() if max(days) < since}
    for each in session.scalars(select(Event).where(Event.type.like("b%")).order_by(Event.occurred_at, Event.id)):
        acts[names[each.member_id]].append(each.type)
    held |= {(tag_rules.INTEREST, who) for who, kinds in acts.items() if kinds[-1] != interest.WITHDRAWN}
    for number, who in names.items():
        agreed[who] = consent.of_member(session, number).get("email", {}).get("reminders")
    held |= {(tag_rules.INFORM, who) for tag, who in held if tag == tag_rules.INTEREST and agreed[who]}
    profiles = session.scalars(select(Member).execution_options(populate_existing=True))
    held |= {(tag_rules.INCOMPLETE, each.external_id) for each in profiles if members.completeness(each).missing}
    regular = {who for who, days in bought.items() if len([day for day in days if day >= month_ago]) >= 2}
    held |= {("Regular", who) for who in regular}
    return held | {("Lost", who) for tag, who in held if tag == tag_rules.SLEEPING and who not in regular}
