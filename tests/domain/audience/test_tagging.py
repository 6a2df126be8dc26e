"""Tags that every café has: on and off at the edges, because of what, told as events."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from domain.audience import consent, consoles, interest, tagging
from domain.audience.consent import Answer, Proof
from domain.audience.tag_rules import INCOMPLETE, INFORM, INTEREST, POS_REVENUE, REVENUE, SLEEPING
from domain.audience.tagging import Tally
from domain.loyalty import summaries
from models.event import Event
from models.tag import MemberTag, Tag

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.fixture
def tags(session, tenant, make, now):
    return Tags(session, tenant, make, now)


class Tags:
    """A café whose bills are written down, and whose tags are looked at."""

    def __init__(self, session, tenant, make, now):
        self.session, self.tenant, self.make, self.now = session, tenant, make, now

    def bill(self, member, on, **values):
        """A receipt at noon of a local day."""
        at = datetime(on.year, on.month, on.day, 12, tzinfo=VIENNA).astimezone(UTC)
        purchase = self.make.purchase(member, occurred_at=at, **values)
        self.recount(member)
        return purchase

    def member(self, **values):
        """A member of whom everything is known."""
        return self.make.member(**({"birthday": date(1991, 5, 17)} | values))

    def voucher(self, member, *, at, **values):
        """A reward used at the till."""
        return self.make.redemption(member, occurred_at=at, **values)

    def recount(self, member):
        self.session.flush()
        summaries.recount(self.session, [member.id], now=self.now)

    def run(self, now=None):
        return tagging.recompute(self.session, self.tenant, now=now or self.now)

    def turn_day(self, now):
        return tagging.turn_day(self.session, self.tenant, now=now)

    def refresh(self, *members):
        return tagging.refresh(self.session, self.tenant, [each.id for each in members], now=self.now)

    def of(self, member):
        """The member's tags by name."""
        held = select(Tag.name, MemberTag).join(MemberTag, MemberTag.tag_id == Tag.id)
        rows = self.session.execute(
            held.where(MemberTag.member_id == member.id).execution_options(populate_existing=True)
        )
        return dict(rows.all())

    def told(self, member):
        """What the member's history says of tags, oldest first."""
        rows = select(Event.type, Event.properties).where(Event.member_id == member.id, Event.type.like("tag.%"))
        return [(kind, facts["tag"], facts["because"]) for kind, facts in self.session.execute(rows.order_by(Event.id))]


def noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=VIENNA).astimezone(UTC)


@pytest.mark.parametrize(
    ("today", "oldest"),
    [
        (date(2026, 3, 4), date(2025, 9, 4)),
        (date(2026, 8, 31), date(2026, 2, 28)),
        (date(2024, 8, 31), date(2024, 2, 29)),
        (date(2026, 12, 31), date(2026, 6, 30)),
        (date(2026, 3, 29), date(2025, 9, 29)),
    ],
)
def test_a_bill_of_exactly_six_months_ago_counts_and_one_a_day_older_does_not(tags, today, oldest):
    on, off, web = tags.member(), tags.member(), tags.member()
    bill = tags.bill(on, oldest)
    tags.bill(off, oldest - timedelta(days=1))
    tags.bill(web, oldest, channel="online")
    tags.run(noon(today))
    assert {POS_REVENUE, REVENUE} <= tags.of(on).keys()
    assert tags.of(off).keys() == {SLEEPING}
    assert REVENUE in tags.of(web) and POS_REVENUE not in tags.of(web)
    assert tags.of(on)[POS_REVENUE].because == {"on": oldest.isoformat(), "purchase": bill.id}


@pytest.mark.parametrize(
    "bought", [date(2025, 9, 4), date(2026, 2, 28), date(2026, 8, 31), date(2026, 8, 30), date(2024, 2, 29)]
)
def test_a_tag_lapses_on_the_day_it_said(tags, bought):
    member = tags.member()
    tags.bill(member, bought)
    tags.run(noon(bought))
    lapses_on = tags.of(member)[POS_REVENUE].lapses_on
    tags.run(noon(lapses_on - timedelta(days=1)))
    assert POS_REVENUE in tags.of(member)
    tags.run(noon(lapses_on))
    assert tags.of(member).keys() == {SLEEPING}
    assert tags.told(member)[2:4] == [
        ("tag.lapsed", POS_REVENUE, {"why": "time"}),
        ("tag.lapsed", REVENUE, {"why": "time"}),
    ]


def test_a_new_day_gives_and_takes_tags_of_whom_it_turns(tags, now):
    buyer, redeemer, regular = tags.member(), tags.member(), tags.member()
    tags.bill(buyer, date(2025, 9, 4))
    tags.voucher(redeemer, at=noon(date(2025, 9, 4)))
    tags.voucher(redeemer, at=noon(date(2026, 1, 10)), voided_at=noon(date(2026, 1, 10)))
    tags.bill(regular, date(2025, 9, 4))
    tags.voucher(regular, at=noon(date(2026, 1, 10)))
    tags.run(noon(date(2026, 3, 4)))
    assert tags.of(buyer).keys() == {POS_REVENUE, REVENUE} and not tags.of(redeemer)

    assert tags.turn_day(noon(date(2026, 3, 5))) == Tally(2, 4)
    assert tags.of(buyer).keys() == tags.of(redeemer).keys() == {SLEEPING} and not tags.of(regular)
    assert tags.turn_day(noon(date(2026, 3, 5))) == Tally()
    assert tags.run(noon(date(2026, 3, 5))) == Tally()


def test_what_was_looked_at_is_looked_at_again_without_a_change(tags, now):
    for days in (1, 100, 180, 181, 190, 400):
        tags.bill(tags.member(birthday=None), (now - timedelta(days=days)).date())
    assert tags.run().added > 0
    assert tags.run() == Tally()


def test_a_refund_of_the_only_bill_takes_the_tags_away_and_says_so(tags, now):
    member = tags.member()
    purchase = tags.bill(member, now.date())
    tags.refresh(member)
    purchase.refunded_minor = purchase.amount_minor
    tags.recount(member)
    assert tags.refresh(member) == Tally(0, 2)
    assert tags.of(member) == {}
    assert tags.told(member)[-1] == ("tag.lapsed", REVENUE, {"why": "refund"})


def test_the_bill_behind_a_tag_is_the_last_one_that_brought_money(tags, now):
    member = tags.member()
    first, second = tags.bill(member, now.date()), tags.bill(member, now.date())
    tags.refresh(member)
    assert tags.of(member)[REVENUE].because["purchase"] == second.id
    second.refunded_minor = second.amount_minor
    tags.recount(member)
    assert tags.refresh(member) == Tally()
    assert tags.of(member)[REVENUE].because["purchase"] == first.id


def test_who_sleeps_wakes_up_by_a_purchase(tags, now):
    member = tags.member()
    old = tags.bill(member, date(2025, 3, 1), channel="online")
    tags.run()
    assert tags.of(member)[SLEEPING].because == {"on": "2025-03-01", "purchase": old.id}
    tags.bill(member, now.date() - timedelta(days=1))
    tags.refresh(member)
    assert tags.of(member).keys() == {POS_REVENUE, REVENUE}
    assert ("tag.lapsed", SLEEPING, {"why": "visit", "on": "2026-03-03"}) in tags.told(member)


def test_who_never_bought_does_not_sleep(tags):
    member = tags.member()
    tags.run()
    assert tags.of(member) == {}


def test_a_voucher_used_today_wakes_a_sleeper_and_a_voided_one_does_not(tags, make, now):
    awake, asleep = tags.member(), tags.member()
    for member in (awake, asleep):
        tags.bill(member, date(2025, 3, 1))
    tags.run()
    tags.voucher(awake, at=now)
    tags.voucher(asleep, at=now, voided_at=now)
    tags.run()
    assert tags.of(awake) == {}
    assert tags.of(asleep).keys() == {SLEEPING}


def test_a_voucher_was_a_visit_until_it_is_six_months_old(tags, now):
    member = tags.member()
    voucher = tags.voucher(member, at=now - timedelta(days=200))
    tags.run()
    assert tags.of(member)[SLEEPING].because == {"on": "2025-08-16", "redemption": voucher.id}


def test_a_coupon_without_an_amount_is_a_visit_without_revenue_until_it_is_refunded(tags, make, now):
    member = tags.member()
    tags.bill(member, date(2025, 3, 1))
    coupon = tags.bill(member, now.date(), amount_minor=0, coupon="FREE")
    tags.run()
    assert tags.of(member) == {}
    make.refund(coupon)
    tags.recount(member)
    tags.refresh(member)
    assert tags.of(member).keys() == {SLEEPING}


@pytest.mark.parametrize("act", interest.ACTS)
def test_each_act_shows_interest_in_the_bonus_programme_and_is_named(tags, make, now, act):
    member = tags.member()
    first = make.event(act, member, occurred_at=now - timedelta(days=9))
    make.event(act, member, occurred_at=now)
    tags.refresh(member)
    assert tags.of(member)[INTEREST].because == {"act": act, "event": first.id, "on": "2026-02-23"}


def test_interest_ends_when_it_is_withdrawn_and_begins_again_by_a_later_act(tags, make, now):
    member = tags.member()
    make.event(interest.DECLARED, member, occurred_at=now - timedelta(days=9))
    tags.run()
    make.event(interest.WITHDRAWN, member, occurred_at=now - timedelta(days=5))
    tags.run()
    assert tags.of(member) == {}
    assert tags.told(member)[-1] == ("tag.lapsed", INTEREST, {"why": "withdrawn"})
    make.event(interest.BALANCE_INQUIRED, member, occurred_at=now)
    tags.run()
    assert tags.of(member).keys() == {INTEREST}


def test_only_who_is_interested_and_agreed_to_reminders_by_mail_is_to_be_told_about_the_bonus_programme(
    session, tags, make, now
):
    agreed, silent, uninterested = tags.member(), tags.member(), tags.member()
    for member in (agreed, silent):
        make.event(interest.DECLARED, member, occurred_at=now)
    for member in (agreed, uninterested):
        make.consent(member, "email", "reminders")
    make.consent(silent, "email", "rewards")
    make.consent(silent, "sms", "reminders")
    tags.run()
    assert INFORM in tags.of(agreed)
    assert INFORM not in tags.of(silent).keys() | tags.of(uninterested).keys()
    consent.record(session, agreed.id, [Answer("email", "reminders", granted=False)], Proof("a form", now), now=now)
    tags.run()
    assert tags.of(agreed).keys() == {INTEREST}
    assert tags.told(agreed)[-1] == ("tag.lapsed", INFORM, {"why": "consent"})


def test_an_incomplete_profile_says_what_is_missing_until_it_is_there(session, tags):
    member = tags.member(birthday=None, phone="")
    tags.refresh(member)
    assert tags.of(member)[INCOMPLETE].because == {"missing": ["phone", "birthday"]}
    member.birthday = date(1991, 5, 17)
    session.flush()
    tags.refresh(member)
    assert tags.of(member)[INCOMPLETE].because == {"missing": ["phone"]}
    member.phone = "+4366412345"
    session.flush()
    assert tags.refresh(member) == Tally(0, 1)
    assert tags.told(member) == [
        ("tag.applied", INCOMPLETE, {"missing": ["phone", "birthday"]}),
        ("tag.lapsed", INCOMPLETE, {"why": "completed"}),
    ]


def test_who_was_erased_has_no_tags(session, tags, make, now):
    member = tags.member(birthday=None)
    tags.voucher(member, at=now - timedelta(days=400))
    make.event(interest.DECLARED, member, occurred_at=now)
    member.erased_at = now
    session.flush()
    tags.run()
    assert tags.of(member) == {}


def test_a_look_at_some_leaves_the_others_alone(tags, now):
    one, other = tags.member(), tags.member()
    for member in (one, other):
        tags.bill(member, now.date())
    assert tags.refresh(one) == Tally(2, 0)
    assert tags.of(other) == {}


def test_a_cafe_that_switched_tagging_off_keeps_its_tags_as_they_are(session, tags, tenant, now):
    member = tags.member()
    tags.bill(member, now.date())
    consoles.change_tagging(session, tenant, is_active=False, line="0 3 * * *", months=6, now=now)
    assert tags.refresh(member) == Tally()
    assert tags.run() == Tally(2, 0)  # who asks gets it


def test_a_longer_window_brings_members_back(session, tags, tenant, now):
    member = tags.member()
    tags.bill(member, date(2025, 6, 1))
    tags.run()
    consoles.change_tagging(session, tenant, is_active=True, line="0 3 * * *", months=12, now=now)
    tags.run()
    assert tags.of(member).keys() == {POS_REVENUE, REVENUE}
    assert tags.of(member)[REVENUE].lapses_on == date(2026, 6, 2)
    assert ("tag.lapsed", SLEEPING, {"why": "settings"}) in tags.told(member)
