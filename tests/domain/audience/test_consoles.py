"""Consoles: each slot once, what was missed caught up once, late ones told."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from domain.audience import consoles
from domain.cron import CronRefused
from domain.errors import Unacceptable
from models.console import Console, ConsoleRun

VIENNA = ZoneInfo("Europe/Vienna")
DAY = timedelta(days=1)


def vienna(*parts):
    return datetime(*parts, tzinfo=VIENNA).astimezone(UTC)


class Job:
    """A console whose work is counted."""

    def __init__(self, session, tenant):
        self.session, self.tenant, self.done = session, tenant, 0

    def work(self):
        self.done += 1
        return {"done": self.done}

    def look(self, now):
        return consoles.run_due(self.session, self.tenant, consoles.TAGS, self.work, now=now)

    @property
    def next_at(self):
        return self.session.scalars(select(Console.next_at)).one()


@pytest.fixture
def job(session, tenant, now):
    consoles.ensure(session, tenant, now=now)
    return Job(session, tenant)


def test_a_new_cafe_is_looked_at_every_night(job, now):
    assert job.next_at == vienna(2026, 3, 5, 3)
    assert job.look(now) is None
    assert job.look(vienna(2026, 3, 5, 2, 59)) is None
    ran = job.look(vienna(2026, 3, 5, 3))
    assert (ran.trigger, ran.slot, ran.figures) == ("schedule", vienna(2026, 3, 5, 3), {"done": 1})
    assert job.next_at == vienna(2026, 3, 6, 3)


def test_a_slot_runs_once_however_often_one_looks(job):
    at = vienna(2026, 3, 5, 3)
    assert [job.look(at + timedelta(seconds=each)) is None for each in range(3)] == [False, True, True]


def test_what_was_missed_is_caught_up_by_one_run_for_the_last_slot(job):
    ran = job.look(vienna(2026, 3, 9, 12))
    assert (ran.slot, job.done) == (vienna(2026, 3, 9, 3), 1)
    assert job.look(vienna(2026, 3, 9, 12, 5)) is None
    assert job.look(vienna(2026, 3, 10, 3)).slot == vienna(2026, 3, 10, 3)


def test_a_run_that_is_killed_never_was_and_is_done_again(session, job):
    at = vienna(2026, 3, 5, 3)
    with session.begin_nested() as killed:
        job.look(at)
        killed.rollback()
    assert session.scalars(select(ConsoleRun)).all() == []
    assert job.look(at + timedelta(minutes=1)).slot == at


def test_a_run_that_breaks_off_is_written_down_and_tried_again_soon(session, job):
    at = vienna(2026, 3, 5, 3)
    consoles.note_failure(session, consoles.TAGS, "It broke off.", trigger="schedule", now=at)
    session.expire_all()
    assert job.look(at + timedelta(minutes=4)) is None
    assert job.look(at + timedelta(minutes=5)).slot == at
    assert [run.problem for run in consoles.runs(session, consoles.TAGS, limit=5)] == [None, "It broke off."]


def test_who_asks_gets_a_run_at_any_time_and_the_schedule_stays(session, job, now):
    ran = consoles.run(session, consoles.TAGS, job.work, trigger="button", now=now)
    assert (ran.slot, ran.figures) == (None, {"done": 1})
    assert ran.finished_at >= ran.started_at
    assert job.look(vienna(2026, 3, 5, 3)) is not None


def test_nothing_runs_where_it_is_switched_off(session, tenant, job, now):
    assert consoles.change_tagging(session, tenant, is_active=False, line="0 3 * * *", months=6, now=now) == [
        "is_active"
    ]
    assert job.look(now + 10 * DAY) is None
    consoles.change_tagging(session, tenant, is_active=True, line="0 3 * * *", months=6, now=now + 10 * DAY)
    assert job.next_at == vienna(2026, 3, 15, 3)


def test_what_is_decided_is_kept_and_only_differences_are_told(session, tenant, now):
    assert consoles.change_tagging(session, tenant, is_active=True, line=" 0 9 * * 1 ", months=3, now=now) == [
        "cron",
        "months",
    ]
    tagging = consoles.tagging(session)
    assert (tagging.cron, tagging.months, tagging.next_at) == ("0 9 * * 1", 3, vienna(2026, 3, 9, 9))
    assert consoles.change_tagging(session, tenant, is_active=True, line="0 9 * * 1", months=3, now=now) == []


@pytest.mark.parametrize(("line", "months", "error"), [("0 9 * *", 6, CronRefused), ("0 9 * * *", 0, Unacceptable),
                                                      ("0 9 * * *", 61, Unacceptable)])  # fmt: skip
def test_what_is_no_schedule_or_no_window_changes_nothing(session, tenant, job, now, line, months, error):
    with pytest.raises(error):
        consoles.change_tagging(session, tenant, is_active=True, line=line, months=months, now=now)
    assert consoles.tagging(session).cron == consoles.NIGHTLY


def test_a_console_is_late_after_more_than_two_intervals(session, tenant, job):
    next_at = job.next_at
    assert consoles.late(session, tenant, now=next_at + 2 * DAY) == []
    assert consoles.late(session, tenant, now=next_at + 2 * DAY + timedelta(seconds=1)) == ["tags"]


def test_mondays_at_nine_are_four_runs_in_28_days_across_a_change_of_clocks(session, tenant, job):
    begin = vienna(2026, 3, 15)
    consoles.change_tagging(session, tenant, is_active=True, line="0 9 * * 1", months=6, now=begin)
    slots = [ran.slot for hours in range(28 * 24) if (ran := job.look(begin + timedelta(hours=hours)))]
    assert [slot.astimezone(VIENNA).strftime("%a %H:%M") for slot in slots] == ["Mon 09:00"] * 4


def test_another_clock_of_the_cafe_plans_the_next_slot_anew(session, tenant, job, now):
    tenant.timezone = "America/New_York"
    consoles.replan(session, tenant, now=now)
    assert job.next_at == datetime(2026, 3, 5, 3, tzinfo=ZoneInfo("America/New_York"))
