"""Opening a café."""

import pytest
from sqlalchemy import select

from domain.accounts import keys, tenants, users
from domain.errors import Conflict, Unacceptable
from domain.loyalty import defaults
from domain.tenant_scope import tenant_scope
from models.currency import Currency
from models.earning_rule import EarningRule
from models.location import Location


def opened(session, now, **values):
    owner_email = values.pop("owner_email", "Owner@Borealis.example")
    details = tenants.CafeDetails(**({"name": "Café Borealis", "slug": "borealis"} | values))
    return tenants.create(session, details, owner_email=owner_email, now=now)


def test_a_cafe_comes_with_an_owner_who_can_sign_in(session, now):
    cafe = opened(session, now)

    assert cafe.owner.email == "owner@borealis.example"
    assert users.authenticate(session, "owner@borealis.example", cafe.password) is cafe.owner
    assert tenants.of_member(session, user_id=cafe.owner.id, slug="borealis")[1].role == "owner"


def test_a_cafe_comes_with_a_key_for_everything(session, now):
    cafe = opened(session, now)
    key = keys.find(session, cafe.api_key)

    assert key.tenant_id == cafe.tenant.id
    assert all(keys.allows(key, scope) for scope in keys.SCOPES)


def test_a_cafe_starts_with_points_one_rule_and_one_location(session, now):
    cafe = opened(session, now)
    defaults.open_cafe(session, cafe.tenant, now=now)
    tenant_id = cafe.tenant.id
    session.commit()

    with tenant_scope(tenant_id):
        points = session.scalars(select(Currency)).one()
        rule = session.scalars(select(EarningRule)).one()
        assert points.code == "points"
        assert (rule.currency_id, rule.points_per_unit, rule.activates_after_days) == (points.id, 1, None)
        assert session.scalars(select(Location)).one().name == "main"
        session.rollback()


def test_a_second_cafe_of_an_owner_keeps_the_password(session, now):
    first = opened(session, now)
    second = opened(session, now, slug="second")

    assert second.password is None
    assert second.owner is first.owner
    assert {cafe.slug for cafe in tenants.of_user(session, first.owner.id)} == {"borealis", "second"}


def test_a_slug_that_is_taken_is_refused(session, now):
    opened(session, now)

    with pytest.raises(Conflict, match="There is a café borealis already"):
        opened(session, now, owner_email="other@borealis.example")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Café"),
        ("slug", "-aurora"),
        ("slug", "a--b"),
        ("slug", "x" * 64),
        ("slug", "api"),
        ("name", " "),
        ("name", "Two\nlines"),
        ("timezone", "Europe/Atlantis"),
        ("currency", "XXL"),
        ("country", "Austria"),
        ("locale", "klingon"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(session, now, field, value):
    with pytest.raises(Unacceptable) as refused:
        opened(session, now, **{field: value})
    assert [error.path for error in refused.value.errors] == [field]


def test_a_stranger_does_not_find_the_cafe(session, now, make):
    opened(session, now)

    assert tenants.of_member(session, user_id=make.user().id, slug="borealis") is None
