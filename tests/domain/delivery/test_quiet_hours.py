"""When not to send, in local time, across every kind of clock change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.delivery.quiet_hours import next_allowed

NIGHT = (21 * 60, 9 * 60)
VIENNA, PARIS, LORD_HOWE = "Europe/Vienna", "Europe/Paris", "Australia/Lord_Howe"


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at", "allowed"),
    [
        ((2026, 3, 4, 12, 0), (2026, 3, 4, 12, 0)),
        ((2026, 3, 4, 20, 59), (2026, 3, 4, 20, 59)),
        ((2026, 3, 4, 21, 0), (2026, 3, 5, 9, 0)),
        ((2026, 3, 4, 3, 0), (2026, 3, 4, 9, 0)),
        ((2026, 3, 4, 9, 0), (2026, 3, 4, 9, 0)),
    ],
)
def test_what_falls_into_the_night_waits_for_the_morning(at, allowed):
    assert next_allowed(local(VIENNA, *at), VIENNA, NIGHT) == local(VIENNA, *allowed)


def test_without_quiet_hours_mail_leaves_at_any_hour():
    at = local(VIENNA, 2026, 3, 4, 3, 0)
    assert next_allowed(at, VIENNA) == at


def test_texts_keep_the_countrys_hours_though_the_cafe_has_none():
    at = local(VIENNA, 2026, 3, 4, 3, 0)
    assert next_allowed(at, VIENNA, None, "AT") == local(VIENNA, 2026, 3, 4, 8, 0)


def test_the_later_of_the_cafes_and_the_countrys_morning_counts():
    at = local(VIENNA, 2026, 3, 4, 22, 0)
    assert next_allowed(at, VIENNA, (22 * 60, 7 * 60), "AT") == local(VIENNA, 2026, 3, 5, 8, 0)
    assert next_allowed(at, VIENNA, (20 * 60, 10 * 60), "AT") == local(VIENNA, 2026, 3, 5, 10, 0)


def test_no_texts_on_a_french_sunday():
    saturday_night = local(PARIS, 2026, 3, 7, 22, 30)
    assert next_allowed(saturday_night, PARIS, None, "FR") == local(PARIS, 2026, 3, 9, 8, 0)
    assert next_allowed(local(PARIS, 2026, 3, 6, 21, 30), PARIS, None, "FR") == local(PARIS, 2026, 3, 6, 21, 30)


def test_no_texts_on_a_french_holiday():
    evening_before = local(PARIS, 2026, 7, 13, 22, 30)
    assert next_allowed(evening_before, PARIS, None, "FR") == local(PARIS, 2026, 7, 15, 8, 0)


MIAMI, DALLAS, CHICAGO, NEW_YORK = "US-305", "US-214", "US-312", "US-212"
EASTERN, CENTRAL, PACIFIC = "America/New_York", "America/Chicago", "America/Los_Angeles"


@pytest.mark.parametrize(
    ("area", "zone", "at", "allowed"),
    [
        (NEW_YORK, EASTERN, (2026, 3, 4, 20, 30), (2026, 3, 4, 20, 30)),
        (MIAMI, EASTERN, (2026, 3, 4, 20, 30), (2026, 3, 5, 8, 0)),
        ("US-405", CENTRAL, (2026, 3, 4, 20, 0), (2026, 3, 5, 8, 0)),
        ("US-203", EASTERN, (2026, 3, 4, 8, 30), (2026, 3, 4, 9, 0)),
        (DALLAS, CENTRAL, (2026, 3, 7, 21, 0), (2026, 3, 8, 12, 0)),
        (DALLAS, CENTRAL, (2026, 3, 8, 20, 59), (2026, 3, 8, 20, 59)),
        ("US-401", EASTERN, (2026, 3, 6, 18, 0), (2026, 3, 7, 10, 0)),
        ("US-401", EASTERN, (2026, 3, 8, 17, 0), (2026, 3, 9, 9, 0)),
    ],
)
def test_the_stricter_states_of_the_united_states_keep_their_own_hours(area, zone, at, allowed):
    assert next_allowed(local(zone, *at), zone, None, area) == local(zone, *allowed)


def test_a_number_from_the_west_is_not_woken_by_a_cafe_in_the_east():
    nine_in_new_york = local(EASTERN, 2026, 3, 4, 9, 0)
    assert next_allowed(nine_in_new_york, EASTERN, None, "US-310") == local(PACIFIC, 2026, 3, 4, 8, 0)


def test_a_toll_free_number_belongs_to_no_state():
    assert next_allowed(local(EASTERN, 2026, 3, 4, 20, 30), EASTERN, None, "US-800") == local(
        EASTERN, 2026, 3, 4, 20, 30
    )


def test_a_skipped_local_time_is_read_with_the_offset_before_the_gap():
    at = local(VIENNA, 2026, 3, 29, 1, 30)
    assert next_allowed(at, VIENNA, (0, 150)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_local_time_that_comes_twice_is_its_first_coming():
    at = local(VIENNA, 2026, 10, 25, 1, 0)
    assert next_allowed(at, VIENNA, (0, 150)) == local(VIENNA, 2026, 10, 25, 2, 30, fold=0)


def test_after_the_first_coming_the_second_counts():
    at = local(VIENNA, 2026, 10, 25, 2, 10, fold=1)
    assert next_allowed(at, VIENNA, (0, 150)) == local(VIENNA, 2026, 10, 25, 2, 30, fold=1)


def test_a_zone_that_is_gone_is_read_as_utc():
    at = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
    assert next_allowed(at, "Mars/Olympus", NIGHT) == datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@given(
    at=st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    zone=st.sampled_from([VIENNA, LORD_HOWE, "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC"]),
    quiet=st.tuples(st.integers(0, 1439), st.integers(0, 1439)),
)
@example(at=datetime(2026, 4, 4, 14, 45, tzinfo=UTC), zone=LORD_HOWE, quiet=(0, 105))
def test_never_earlier_never_a_day_late_and_never_inside(at, zone, quiet):
    allowed = next_allowed(at, zone, quiet)
    assert at <= allowed <= at + timedelta(hours=25)
    assert next_allowed(allowed, zone, quiet) == allowed
