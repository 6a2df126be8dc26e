"""The three presets, exact at their edges."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.audience import presets
from domain.audience.facts.scope import Scope
from domain.errors import Unacceptable
from domain.loyalty import summaries
from models.member import Member


@pytest.fixture
def guest(make, now):
    """A member who bought that many days ago, each time for 10.00 unless told otherwise."""

    def bought(name, *days_ago, amount=1000, **values):
        member = make.member(external_id=name)
        for days in days_ago:
            make.purchase(member, occurred_at=now - timedelta(days=days), amount_minor=amount, **values)
        return member

    return bought


@pytest.fixture
def inside(session, tenant, now):
    """The names in a preset."""

    def look(preset, at=now, **parameters):
        summaries.rebuild(session, tenant, now=at)
        numbers = presets.checked(preset, parameters)
        found = presets.matching(session, preset, numbers, Scope.of(tenant, now=at))
        return {session.get(Member, (tenant.id, each)).external_id for each in session.scalars(found)}

    return look


def test_new_is_one_purchase_on_day_30_and_not_on_day_31(guest, inside):
    guest("today", 0)
    guest("day 30", 30)
    guest("day 31", 31)
    guest("twice", 1, 2)
    guest("never")

    assert inside("new") == {"today", "day 30"}
    assert inside("new", days=14) == {"today"}
    assert inside("new", days=31) == {"today", "day 30", "day 31"}


def test_defecting_is_no_purchase_since_day_90(guest, inside):
    guest("day 90", 90)
    guest("day 91", 200, 91)
    guest("back", 200, 1)
    guest("never")

    assert inside("defecting") == {"day 91"}
    assert inside("defecting", days=89) == {"day 90", "day 91"}


def test_top_is_the_tenth_of_eligible_members_rounded_up(guest, inside):
    for number in range(1, 12):
        guest(f"guest {number}", 5, 6, amount=number * 100)
    guest("once", 5, amount=90_000)

    assert inside("top") == {"guest 10", "guest 11"}
    assert inside("top", percent=9) == {"guest 11"}
    assert inside("top", purchases=1, percent=0.01) == {"once"}


def test_exactly_a_tenth_of_100_is_10(guest, inside):
    for number in range(1, 101):
        guest(f"guest {number}", 5, 6, amount=number * 100)

    assert inside("top") == {f"guest {number}" for number in range(91, 101)}


def test_ties_at_the_border_of_top_are_all_in(guest, inside):
    for number in range(20):
        guest(f"guest {number}", 5, 6, amount=500 if number < 18 else 700)
    guest("poor", 5, 6, amount=100)

    assert inside("top", percent=5) == {"guest 18", "guest 19"}
    assert inside("top", percent=10) == {f"guest {number}" for number in range(20)}


def test_day_365_counts_for_top_and_day_366_does_not(guest, inside):
    guest("day 365", 365, 1)
    guest("day 366", 366, 1)

    assert inside("top", percent=100) == {"day 365"}
    assert inside("top", percent=100, purchases=1) == {"day 365", "day 366"}


def test_another_window_of_top_counts_its_own_days(guest, inside):
    guest("day 100", 100, 99)
    guest("day 101", 101, 100)
    guest("far", 300, 200)

    assert inside("top", percent=100, days=100) == {"day 100"}
    assert inside("top", percent=100, days=101) == {"day 100", "day 101"}


def test_who_spent_nothing_is_not_top(guest, inside):
    guest("gifts", 1, 2, amount=0)

    assert inside("top", percent=100) == inside("top", percent=100, days=30) == set()


def test_nobody_is_top_where_nobody_bought(guest, inside):
    guest("never")

    assert inside("top") == inside("top", days=7) == set()


def test_what_was_refunded_in_full_never_happened(guest, inside, make, now):
    member = guest("new again", 3)
    make.purchase(member, occurred_at=now, amount_minor=700, refunded_minor=700)

    assert inside("new") == {"new again"}


def test_days_are_counted_on_the_cafes_calendar(guest, inside, make):
    """23:30 in UTC is half past midnight in Vienna: the purchase is of the next day there."""
    member = make.member(external_id="night owl")
    make.purchase(member, occurred_at=datetime(2026, 2, 1, 23, 30, tzinfo=UTC))

    assert inside("new", at=datetime(2026, 3, 4, 22, 59, tzinfo=UTC)) == {"night owl"}
    assert inside("new", at=datetime(2026, 3, 4, 23, 0, tzinfo=UTC)) == set()


@pytest.mark.parametrize("start", [datetime(2024, 2, 29, 12, tzinfo=UTC), datetime(2025, 3, 29, 12, tzinfo=UTC)])
def test_leap_days_and_changes_of_the_clock_are_days_like_others(guest, inside, make, start):
    member = make.member(external_id="nora")
    make.purchase(member, occurred_at=start)

    assert inside("new", at=start + timedelta(days=30)) == {"nora"}
    assert inside("new", at=start + timedelta(days=31)) == set()


@pytest.mark.parametrize(
    ("preset", "parameters", "path"),
    [
        ("new", {"days": 0}, "parameters.days"),
        ("new", {"days": 10_000}, "parameters.days"),
        ("new", {"days": "30"}, "parameters.days"),
        ("new", {"days": True}, "parameters.days"),
        ("new", {"days": None}, "parameters.days"),
        ("new", {"purchases": 2}, "parameters.purchases"),
        ("top", {"percent": 0}, "parameters.percent"),
        ("top", {"percent": 101}, "parameters.percent"),
        ("top", {"percent": 0.001}, "parameters.percent"),
        ("top", {"percent": float("nan")}, "parameters.percent"),
        ("top", {"purchases": 2.5}, "parameters.purchases"),
        ("top", ["days"], "parameters"),
        ("regulars", {}, "preset"),
    ],
)
def test_numbers_that_do_not_fit_are_refused_beside_their_field(preset, parameters, path):
    with pytest.raises(Unacceptable) as refused:
        presets.checked(preset, parameters)

    assert [error.path for error in refused.value.errors] == [path]


def test_absent_numbers_are_the_usual_ones():
    assert presets.checked("top", {"percent": 5}) == {"purchases": 2, "percent": 5, "days": 365}
    assert presets.checked("defecting", None) == {"days": 90}
