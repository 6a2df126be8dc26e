from sqlalchemy import select

from models.currency import Currency
from models.earning_rule import EarningRule
from models.location import Location
from models.tenant import Tenant
from models.user import Membership, User

CREATE = ("tenant", "create", "--name", "Café Aurora", "--slug", "aurora", "--owner", "Owner@Example.com", "--json")


def tenant_id(database) -> int:
    with database.session() as session:
        return session.scalar(select(Tenant.id))


def test_it_answers_what_is_shown_once(console):
    said = console(*CREATE)

    assert said.code == 0
    assert said.json.keys() == {"tenant", "owner_login", "password", "api_key"}
    assert (said.json["tenant"], said.json["owner_login"]) == ("aurora", "owner@example.com")
    assert len(said.json["password"]) >= 12


def test_a_new_cafe_has_an_owner_points_a_rule_and_a_location(console, database):
    console(*CREATE)

    with database.session(tenant_id(database)) as session:
        assert session.execute(select(User.email, Membership.role).join(Membership)).one() == (
            "owner@example.com",
            "owner",
        )
        assert session.scalars(select(Currency.code)).all() == ["points"]
        assert session.scalars(select(EarningRule.points_per_unit)).all() == [1]
        assert session.scalars(select(Location.name)).all() == ["main"]


def test_the_same_slug_twice_is_refused_and_changes_nothing(console, database):
    console(*CREATE)

    said = console(*CREATE)

    assert (said.code, said.out) == (1, "")
    assert "aurora" in said.err
    with database.session() as session:
        assert len(session.scalars(select(Tenant)).all()) == 1


def test_a_wrong_slug_and_an_unknown_zone_are_both_named(console):
    said = console(*CREATE[:5], "Not A Slug", *CREATE[6:], "--timezone", "Mars/Base")

    assert said.code == 1
    assert "slug" in said.err
    assert "timezone" in said.err
