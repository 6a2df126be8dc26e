"""Cron lines: read strictly, turned into instants by the clock on the wall."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import cron
from domain.cron import CronRefused

VIENNA = ZoneInfo("Europe/Vienna")


def slots(line, begin, count, zone=VIENNA):
    """The next slots as the clock on the wall shows them."""
    schedule, instant, found = cron.read(line), begin, []
    for _ in range(count):
        instant = cron.next_slot(schedule, zone, after=instant)
        found.append(instant.astimezone(zone).strftime("%a %d.%m. %H:%M"))
    return found


def vienna(*parts):
    return datetime(*parts, tzinfo=VIENNA).astimezone(UTC)


def test_mondays_at_nine_stay_at_nine_when_the_clocks_change():
    assert slots("0 9 * * 1", vienna(2026, 3, 20), 3) == ["Mon 23.03. 09:00", "Mon 30.03. 09:00", "Mon 06.04. 09:00"]


def test_a_time_that_the_clocks_skip_is_read_with_the_offset_before_the_gap():
    assert slots("30 2 * * *", vienna(2026, 3, 28), 3) == ["Sat 28.03. 02:30", "Sun 29.03. 03:30", "Mon 30.03. 02:30"]


def test_a_time_that_comes_twice_is_its_first_coming_and_runs_once():
    begin = vienna(2026, 10, 24, 12)
    first = cron.next_slot(cron.read("30 2 * * *"), VIENNA, after=begin)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert slots("30 2 * * *", begin, 2) == ["Sun 25.10. 02:30", "Mon 26.10. 02:30"]


def test_the_31st_is_the_last_day_of_a_shorter_month():
    assert slots("0 9 31 * *", vienna(2026, 1, 30), 4) == [
        "Sat 31.01. 09:00",
        "Sat 28.02. 09:00",
        "Tue 31.03. 09:00",
        "Thu 30.04. 09:00",
    ]


def test_29_february_is_the_28th_in_other_years():
    assert slots("0 9 29 2 *", vienna(2027, 1, 1), 2) == ["Sun 28.02. 09:00", "Tue 29.02. 09:00"]


def test_a_day_of_the_month_or_a_weekday_suffices():
    assert slots("0 9 1 * 5", vienna(2026, 3, 26), 3) == ["Fri 27.03. 09:00", "Wed 01.04. 09:00", "Fri 03.04. 09:00"]


def test_names_of_days_and_months_and_both_sundays_are_read():
    assert cron.read("0 9 * JAN-mar Mon").months == {1, 2, 3}
    assert cron.read("0 9 * * 7") == cron.read("0 9 * * 7  ")
    assert cron.read("0 9 * * 7").weekdays == cron.read("0 9 * * 0").weekdays == {0}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("0 9 * *", "parts"),
        ("", "parts"),
        ("0 0 9 * * 1", "parts"),
        ("@daily", "parts"),
        ("75 9 * * 1", "minute"),
        ("0 25 * * *", "hour"),
        ("0 9 0 * *", "day"),
        ("0 9 L * *", "day"),
        ("0 9 * 13 *", "month"),
        ("0 9 * * 8", "weekday"),
        ("0 9 * * 1#2", "weekday"),
        ("5-1 9 * * *", "minute"),
        ("٣ 9 * * *", "minute"),
        ("*/0 9 * * *", "minute"),
        ("* * * * *", "often"),
        ("0,2 9 * * *", "often"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_part_that_is_wrong(line, what):
    with pytest.raises(CronRefused) as refused:
        cron.read(line)
    assert refused.value.what == what
    assert refused.value.errors[0].path == "cron"


LINES = st.sampled_from(
    ["0 9 * * 1", "30 2 * * *", "0 0 31 * *", "*/15 * * * *", "0 2,3 29 2 *", "15 1 30-31 * 5", "0 0 */2 6-8 *"]
)
ZONES = st.sampled_from(["Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
INSTANTS = st.datetimes(datetime(2023, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))


@settings(max_examples=200, deadline=None)
@given(LINES, ZONES, INSTANTS)
def test_the_last_slot_before_and_the_next_one_after_leave_none_between(line, name, instant):
    schedule, zone = cron.read(line), ZoneInfo(name)
    before = cron.last_slot(schedule, zone, until=instant)
    after = cron.next_slot(schedule, zone, after=instant)
    assert before <= instant < after
    assert cron.next_slot(schedule, zone, after=before) == after
    assert cron.last_slot(schedule, zone, until=after) == after


@settings(max_examples=60, deadline=None)
@given(ZONES, st.dates(date(2023, 1, 1), date(2028, 1, 1)), st.integers(0, 23), st.sampled_from([0, 30]))
def test_a_daily_schedule_runs_once_on_every_local_date(name, day, hour, minute):
    zone = ZoneInfo(name)
    schedule = cron.read(f"{minute} {hour} * * *")
    instant, days = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) - timedelta(seconds=1), []
    for _ in range(400):
        instant = cron.next_slot(schedule, zone, after=instant)
        days.append(instant.astimezone(zone).date())
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))
