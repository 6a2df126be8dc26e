"""What the presets are for, counted on the café's days."""

from datetime import timedelta

import pytest

from domain.insight import goals
from domain.loyalty import summaries


@pytest.fixture
def guest(session, make, now):
    """A member who bought that many days ago."""

    def bought(*days_ago):
        member = make.member()
        for days in days_ago:
            make.purchase(member, occurred_at=now - timedelta(days=days))
        summaries.recount(session, [member.id], now=now)

    return bought


def test_a_second_purchase_counts_until_day_30(session, tenant, guest, now):
    guest(60, 30)  # on day 30
    guest(60, 29)  # on day 31
    guest(60, 60)  # on the same day
    guest(60)
    rate = goals.second_purchase(session, tenant, now=now)

    assert (rate.reached, rate.everybody, rate.share) == (2, 4, 0.5)


def test_who_still_has_time_is_not_counted(session, tenant, guest, now):
    guest(30)
    guest(31)
    guest(121)
    guest(122)

    assert goals.second_purchase(session, tenant, now=now).everybody == 2


def test_a_return_counts_after_the_absence_and_within_30_days(session, tenant, guest, now):
    guest(200, 200 - 91)  # the first day of being away
    guest(200, 200 - 120)  # the last day that counts
    guest(200, 200 - 121)
    guest(200)
    guest(200, 200 - 90)  # was never away so long; then was, and is not back
    rate = goals.came_back(session, tenant, away_days=90, now=now)

    assert (rate.reached, rate.everybody) == (2, 4)


def test_an_absence_that_still_has_time_is_not_counted(session, tenant, guest, now):
    guest(90 + 30)
    guest(90 + 31)

    assert goals.came_back(session, tenant, away_days=90, now=now).everybody == 1


def test_nobody_has_no_share(session, tenant, now):
    assert goals.second_purchase(session, tenant, now=now).share is None
