"""A café says how often a guest hears from it, what that may cost, and where it is not on Viber."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from domain.delivery import limits, policy
from domain.errors import Unacceptable

ASKED = text(f"SELECT CASE {policy.MARKET} END FROM messages x JOIN tenants t ON t.id = x.tenant_id {policy.PERSON}")


def test_a_new_cafe_keeps_to_two_a_day_and_four_a_week_has_no_cap_and_no_viber_in_russia(session, tenant):
    session.refresh(tenant)
    assert limits.of(tenant) == limits.Limits(2, 4, None, ["RU"])


def test_what_is_changed_holds_and_is_named(session, tenant):
    wanted = limits.Limits(1, 3, 5000, ["US", "RU", "US"])

    changed = limits.change(session, tenant, wanted)

    assert changed == ["promotional_per_day", "promotional_per_week", "monthly_cap_minor", "viber_closed"]
    session.refresh(tenant)
    assert limits.of(tenant) == replace(wanted, viber_closed=["RU", "US"])
    assert limits.change(session, tenant, wanted) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("promotional_per_day", 0),
        ("promotional_per_day", 11),
        ("promotional_per_week", 0),
        ("promotional_per_week", 51),
        ("promotional_per_week", 1),  # fewer than the two of a day
        ("monthly_cap_minor", -1),
        ("monthly_cap_minor", 10**16),
        ("viber_closed", ["Atlantis"]),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(session, tenant, field, value):
    session.refresh(tenant)
    standing = limits.of(tenant)

    with pytest.raises(Unacceptable) as refused:
        limits.change(session, tenant, replace(standing, **{field: value}))

    assert [each.path for each in refused.value.errors] == [field]
    assert limits.of(tenant) == standing


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ({"phone_country": "RU"}, "market_closed"),
        ({"phone_country": "AT", "country": "RU"}, None),
        ({"country": "RU"}, "market_closed"),
        ({}, None),
    ],
)
def test_viber_is_closed_where_the_phone_is_from_else_where_the_guest_lives(session, make, where, reason):
    member = make.member(phone="+79161234567", **where)
    make.message(member, channel="viber")

    assert session.scalar(ASKED) == reason


def test_a_guest_of_whom_nothing_is_known_is_where_the_cafe_is(session, tenant, make):
    limits.change(session, tenant, replace(limits.of(tenant), viber_closed=["AT"]))
    make.message(make.member(), channel="viber")

    assert session.scalar(ASKED) == "market_closed"
