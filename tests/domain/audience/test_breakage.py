"""A question that cannot be answered, for whatever reason, holds up nobody else's."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from domain.audience import breakage, freshness, membership, tag_holders, tagging, tags
from models.segment import SegmentMember
from models.tag import MemberTag, Tag

UNKNOWN = {"fact": "weather.mood", "op": "eq", "value": "sunny"}  # of a version of ours that is gone
NO_NUMBER = {"fact": "purchases.count", "op": "gte", "value": "many"}  # what PostgreSQL itself refuses
BUYS = {"fact": "purchases.count", "op": "gte", "value": 1}


@pytest.fixture
def cafe(session, tenant, counter):
    freshness.turn_day(session, tenant, now=counter.now)
    freshness.follow_calendar(session, tenant, now=counter.now)

    class Cafe:
        def look(self):
            return freshness.look_at_touched(session, tenant, now=counter.now, most=100)

        def inside(self, segment):
            return list(session.scalars(select(SegmentMember.member_id).where(SegmentMember.segment_id == segment.id)))

        def holders(self, tag):
            return list(session.scalars(select(MemberTag.member_id).where(MemberTag.tag_id == tag.id)))

    return Cafe()


@pytest.mark.parametrize("broken", [UNKNOWN, NO_NUMBER], ids=["unknown", "no number"])
def test_the_other_segments_follow_and_the_broken_one_says_since_when(cafe, counter, session, make, broken):
    bad = make.segment(name="Bad", definition=broken)
    good = make.segment(name="Good", definition=BUYS)
    make.segment_member(bad.id, make.member())
    counter.buy(500)
    cafe.look()

    assert len(cafe.inside(good)) == 1
    assert (bad.failed_at, good.failed_at) == (counter.now, None)
    assert len(cafe.inside(bad)) == 1


def test_midnight_and_the_console_go_on_as_well(cafe, counter, session, tenant, make):
    bad, good = make.segment(name="Bad", definition=UNKNOWN), make.segment(name="Good", definition=BUYS)
    tag = Tag(name="moody", definition=UNKNOWN, words="", created_at=counter.now)
    session.add(tag)
    session.flush()
    counter.buy(500)
    counter.wait(days=1)
    freshness.turn_day(session, tenant, now=counter.now)
    freshness.follow_calendar(session, tenant, now=counter.now)
    assert len(cafe.inside(good)) == 1
    assert (bad.failed_at, tag.failed_at) == (counter.now, counter.now)

    counter.wait(minutes=5)
    freshness.recompute(session, tenant, now=counter.now)
    assert (bad.failed_at, tag.failed_at) == (counter.now, counter.now)


def test_one_that_was_mended_looks_at_everybody_whom_it_overlooked(cafe, counter, session, make):
    bad = make.segment(name="Bad", definition=UNKNOWN)
    counter.buy(500)
    cafe.look()
    bad.definition = BUYS
    session.flush()
    counter.buy(500, member="olga")
    cafe.look()
    assert cafe.inside(bad) == []  # it is not asked again at once

    counter.wait(minutes=breakage.RETRY_AFTER.total_seconds() / 60)
    counter.buy(500, member="paul")
    cafe.look()
    assert (len(cafe.inside(bad)), bad.failed_at) == (3, None)


def test_a_broken_tag_rests_until_everybody_is_looked_at(cafe, counter, session, tenant, make):
    tag = tags.create(session, tenant, name="Buyer", definition=BUYS, now=counter.now)
    tag.definition = UNKNOWN
    session.flush()
    counter.buy(500)
    cafe.look()
    assert (cafe.holders(tag), tag.failed_at) == ([], counter.now)

    tag.definition = BUYS
    session.flush()
    assert tagging.recompute(session, tenant, now=counter.now).added == 1
    assert (len(cafe.holders(tag)), tag.failed_at) == (1, None)


def test_what_breaks_the_database_is_not_taken_for_a_broken_question(session, make, now):
    segment = make.segment()

    def deadlock():
        error = OperationalError("SELECT 1", {}, Exception("deadlock"))
        error.orig.sqlstate = "40P01"
        raise error

    with pytest.raises(OperationalError):
        breakage.tried(session, segment, deadlock, None, now=now)
    assert segment.failed_at is None


def test_what_asks_about_a_tag_follows_when_its_rule_changes(cafe, counter, session, tenant, make):
    tag = tags.create(session, tenant, name="Buyer", definition=BUYS, now=counter.now)
    friend = tags.create(
        session, tenant, name="Friend", definition={"fact": "tags", "op": "contains", "value": "Buyer"}, now=counter.now
    )
    asking = make.segment(name="Friends", definition={"fact": "tags", "op": "contains", "value": "Friend"})
    counter.buy(500)
    cafe.look()
    assert (len(cafe.holders(friend)), len(cafe.inside(asking))) == (1, 1)

    tags.change(session, tenant, tag, words="", definition={**BUYS, "value": 2}, now=counter.now)

    assert (cafe.holders(friend), cafe.inside(asking)) == ([], [])
    assert tag_holders.of_all(session).get(friend.id) is None
    assert membership.recompute(session, tenant, now=counter.now) == 0
