from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.errors import Unacceptable
from domain.tables import dates
from domain.tables.dates import Order

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("1990-12-31", None, date(1990, 12, 31)),
        ("1990-12-31 00:00:00", None, date(1990, 12, 31)),
        ("31.12.1990", "dmy", date(1990, 12, 31)),
        ("4/3/2026", "dmy", date(2026, 3, 4)),
        ("4/3/2026", "mdy", date(2026, 4, 3)),
        ("29.2.2024", "dmy", date(2024, 2, 29)),
    ],
)
def test_a_day_is_read(text, order, expected):
    assert dates.day(text, order) == expected


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("31.12.1990", None),
        ("31.12.90", "dmy"),
        ("12/31/1990", "dmy"),
        ("29.2.2023", "dmy"),
        ("1990-13-01", None),
        ("1990-12-31 10:00", None),
        ("0990-12-31", None),
        ("yesterday", "dmy"),
        ("٣١.١٢.١٩٩٠", "dmy"),
    ],
)
def test_a_day_that_cannot_be_told_is_refused(text, order):
    with pytest.raises(Unacceptable):
        dates.day(text, order)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1990-12-31"], None),
        ([], None),
        (["04.03.1990"], Order.BOTH),
        (["04.03.1990", "31.12.1990"], Order.DMY),
        (["04/03/1990", "12/31/1990"], Order.MDY),
        (["31.12.1990", "12/31/1990"], Order.NONE),
    ],
)
def test_the_order_of_day_and_month_is_told_by_all_days_together(texts, expected):
    assert dates.order_of(texts) == expected


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2026-03-04T14:05:00+01:00", None, datetime(2026, 3, 4, 13, 5, tzinfo=UTC)),
        ("2026-03-04 14:05", None, datetime(2026, 3, 4, 13, 5, tzinfo=UTC)),
        ("04.03.2026 14:05", "dmy", datetime(2026, 3, 4, 13, 5, tzinfo=UTC)),
        ("2026-03-29 02:30", None, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # skipped that night
        ("2026-10-25 02:30", None, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # comes twice: the first
    ],
)
def test_a_time_is_an_instant_or_the_cafes_local_time(text, order, expected):
    assert dates.instant(text, order, VIENNA).astimezone(UTC) == expected


@pytest.mark.parametrize("text", ["2026-03-04T25:00:00Z", "2026-03-04 25:00", "9999-01-01T00:00:00Z", "now"])
def test_a_time_that_is_none_is_refused(text):
    with pytest.raises(Unacceptable):
        dates.instant(text, None, VIENNA)
