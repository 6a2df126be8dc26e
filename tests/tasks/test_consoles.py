"""The tagging console at work: found by the tick, caught up once, the same from the button and the shell."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from domain import clock
from domain.audience import consoles as rules
from domain.loyalty import summaries
from models.console import ConsoleRun
from models.tag import MemberTag
from models.tenant import Tenant
from tasks import consoles, due, queues, schedule

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.fixture
def redis(app):
    return queues.connection()


@pytest.fixture
def planned(cafe, now):
    """The café with its console planned and one guest who bought something."""
    rules.ensure(cafe.session, cafe.session.get_one(Tenant, cafe.id), now=now)
    member = cafe.make.member()
    cafe.make.purchase(member, occurred_at=now)
    summaries.recount(cafe.session, [member.id], now=now)
    cafe.session.commit()
    return cafe


def night(day):
    return datetime(2026, 3, day, 3, tzinfo=VIENNA).astimezone(UTC)


def runs(cafe):
    cafe.session.rollback()
    newest = select(ConsoleRun).order_by(ConsoleRun.id)
    return [(run.trigger, run.slot, run.figures, run.problem) for run in cafe.session.scalars(newest)]


FIGURES = {"bills_read": 1, "tags_added": 3, "tags_removed": 0}
NO_CHANGE = {"bills_read": 1, "tags_added": 0, "tags_removed": 0}


def test_the_tick_finds_a_slot_and_nudges_for_it(planned, redis, now):
    schedule.tick()
    assert not [job for job in queues.queue("compute").jobs if job.func_name == "tasks.consoles.run_due"]
    with clock.set_to(night(5)):
        schedule.tick()
    [job] = [job for job in queues.queue("compute").jobs if job.func_name == "tasks.consoles.run_due"]
    assert job.args == [planned.id, "tags"]


def test_a_slot_missed_over_a_restart_is_caught_up_once(planned, redis):
    with clock.set_to(night(8) + timedelta(hours=5)):
        for _ in range(3):
            consoles.run_due(planned.id, "tags")
    assert runs(planned) == [("schedule", night(8), FIGURES, None)]


def test_the_button_and_a_second_press_give_numbers(planned):
    assert consoles.run_now("tags", trigger=rules.BUTTON).figures == FIGURES
    assert consoles.run_now("tags", trigger=rules.COMMAND).figures == NO_CHANGE


def test_a_run_that_breaks_off_changes_nothing_is_told_and_tried_again(planned, redis, monkeypatch):
    work = consoles.WORK["tags"]

    def break_off(*args):
        work(*args)
        raise RuntimeError("in the middle")

    monkeypatch.setitem(consoles.WORK, "tags", break_off)
    with clock.set_to(night(5)):
        consoles.run_due(planned.id, "tags")
    assert runs(planned) == [("schedule", None, {}, consoles.BROKE_OFF)]
    assert planned.session.scalar(select(func.count()).select_from(MemberTag)) == 0
    monkeypatch.setitem(consoles.WORK, "tags", work)
    with clock.set_to(night(5) + timedelta(minutes=5)):
        consoles.run_due(planned.id, "tags")
    assert runs(planned)[1:] == [("schedule", night(5), FIGURES, None)]


def test_everything_due_includes_the_console(planned):
    planned.session.rollback()
    assert due.run_due(night(5))["recomputed"] > 0
    due.run_due(night(5) + timedelta(minutes=1))
    assert [slot for _trigger, slot, _figures, _problem in runs(planned)] == [night(5)]
