"""Segments keep up by themselves: the tick finds whom something happened to and where a day began."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from domain import clock
from domain.audience import membership
from domain.loyalty import purchases, summaries
from domain.loyalty.sales import MemberRef, Sale
from domain.tenant_scope import tenant_scope
from models.database import db
from models.segment import Segment, SegmentMember
from models.tenant import Tenant
from tasks import due, queues, schedule, segments


@pytest.fixture
def buy(cafe, now):
    """A purchase of a new member, committed; the member's id."""

    def buys(name="nora", *, at: datetime = now, number: int = 1):
        sale = Sale(f"{name}-{number}", MemberRef("external_id", name), 500, "EUR", at)
        member_id = purchases.post(cafe.session, sale, now=at).member_id
        cafe.session.commit()
        return member_id

    cafe.make.member(external_id="nora")
    cafe.session.commit()
    return buys


def inside(cafe, preset):
    cafe.session.rollback()
    rows = select(SegmentMember.member_id).join(Segment, Segment.id == SegmentMember.segment_id)
    return set(cafe.session.scalars(rows.where(Segment.preset == preset)))


def jobs(lane="compute"):
    return [(job.func_name, job.args) for job in queues.queue(lane).jobs]


def test_a_cafe_has_its_presets_and_what_is_ready_made_from_its_first_day(cafe):
    assert set(cafe.session.scalars(select(Segment.preset))) == {"new", "top", "defecting", None}
    ready = cafe.session.scalars(select(Segment.name).where(Segment.preset.is_(None)))
    assert sorted(ready) == ["Has revenue, but an incomplete profile", "Not seen for 6 months"]


def test_the_tick_finds_whom_something_happened_to(cafe, buy):
    nora = buy()
    schedule.tick()
    schedule.tick()
    assert jobs() == [("tasks.segments.keep_up", [cafe.id])]

    segments.keep_up(cafe.id)
    assert inside(cafe, "new") == {nora}
    queues.connection().flushdb()
    schedule.tick()
    assert jobs() == []


def test_what_happens_right_after_a_look_is_looked_at_together(cafe, buy):
    assert queues.nudge_segments(cafe.id)
    segments.keep_up(cafe.id)

    assert not queues.nudge_segments(cafe.id)
    assert 0 < queues.connection().ttl(f"regulars:nudged:segments.keep_up:{cafe.id}") < schedule.TICK_SECONDS


def test_more_than_one_job_may_do_goes_to_the_back_of_the_line(cafe, buy, monkeypatch):
    monkeypatch.setattr(segments.freshness, "SLICE", 1)
    monkeypatch.setattr(segments, "MOST_SLICES", 1)
    cafe.make.member(external_id="olga")
    bought = {buy(), buy("olga")}
    segments.keep_up(cafe.id)
    assert len(inside(cafe, "new")) == 1
    assert jobs() == [("tasks.segments.keep_up", [cafe.id])]

    segments.keep_up(cafe.id)
    assert inside(cafe, "new") == bought


def test_the_calendar_is_followed_at_the_cafes_midnight(cafe, buy, now):
    nora = buy()
    due.run_due(now)
    assert inside(cafe, "new") == {nora}

    did = due.run_due(now + timedelta(days=31))
    assert did["recomputed"] > 0
    assert inside(cafe, "new") == set()
    assert inside(cafe, "defecting") == set()
    due.run_due(now + timedelta(days=91))
    assert inside(cafe, "defecting") == {nora}


def test_a_worker_that_died_between_the_steps_of_midnight_is_caught_up(cafe, buy, now):
    nora = buy()
    due.run_due(now)
    later = now + timedelta(days=31)
    tenant = cafe.session.get_one(Tenant, cafe.id)
    segments.freshness.turn_day(cafe.session, tenant, now=later)
    cafe.session.commit()
    assert inside(cafe, "new") == {nora}

    with clock.set_to(later):
        schedule.tick()
        assert jobs("brief") == [("tasks.segments.turn_day", [cafe.id])]
        segments.turn_day(cafe.id)
    assert inside(cafe, "new") == set()


def test_midnight_of_a_large_cafe_keeps_out_of_the_brief_lane(cafe, buy, now, monkeypatch):
    nora = buy()
    due.run_due(now)
    monkeypatch.setattr(segments, "BRIEF_FOR", 0)
    queues.connection().flushdb()
    with clock.set_to(now + timedelta(days=31)):
        segments.turn_day(cafe.id)
        assert inside(cafe, "new") == {nora}
        assert jobs() == [("tasks.segments.keep_up", [cafe.id])]


def test_two_workers_and_a_till_on_one_cafe_neither_collide_nor_wait_for_ever(app, cafe, buy, now):
    members = [cafe.make.member(external_id=f"guest-{number}").id for number in range(12)]
    cafe.session.commit()

    def till(number):
        with app.app_context(), tenant_scope(cafe.id):
            for each in range(6):
                sale = Sale(
                    f"{number}-{each}", MemberRef("external_id", f"guest-{(number + each) % 12}"), 300, "EUR", now
                )
                purchases.post(db.session, sale, now=now)
                db.session.commit()

    def worker(day):
        with app.app_context(), clock.set_to(now + timedelta(days=day)):
            for _ in range(6):
                segments.keep_up(cafe.id)

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(till, number) for number in range(5)] + [pool.submit(worker, day) for day in (0, 0, 1)]
        for job in jobs:
            job.result()
    with clock.set_to(now + timedelta(days=1)):
        segments.keep_up(cafe.id)
        cafe.session.rollback()
        assert membership.recompute(cafe.session, cafe.session.get_one(Tenant, cafe.id), now=clock.now()) == 0
    assert inside(cafe, "top") <= set(members)
    assert summaries.touched(cafe.session, most=1) == {}
    assert cafe.session.scalar(text("SELECT sum(purchases) FROM member_summaries")) == 30
