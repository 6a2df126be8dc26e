"""Whose café an address means."""

import pytest
from flask import Blueprint, g
from sqlalchemy import text

from domain.tenant_scope import bound_tenant_id
from models.database import db
from models.tenancy import current_tenant_id
from tests.web.conftest import change, sign_in
from web.access import fresh_login, public, requires

room = Blueprint("room", __name__, url_prefix="/cafes/<slug>/room")


@room.get("/")
@requires("see_home")
def look():
    told = db.session.scalar(text("SELECT current_setting('app.tenant_id')"))
    return {"cafe": g.tenant.slug, "bound": bound_tenant_id(), "database": told}


@room.get("/<int:row_id>")
@requires("see_home")
def row(row_id: int):
    return {"id": row_id}


@room.get("/secret")
@requires("manage_keys")
@fresh_login
def secret():
    return "secret"


@room.get("/undeclared")
def undeclared():
    return "open by mistake"


@room.get("/open")
@public
def unguarded():
    return "open"


@pytest.fixture
def app(app):
    app.register_blueprint(room)
    return app


def test_a_member_of_the_cafe_gets_in_and_the_database_knows_which(owner, cafe):
    answer = owner.get("/cafes/aurora/room/")

    assert answer.json == {"cafe": "aurora", "bound": cafe.id, "database": str(cafe.id)}
    assert current_tenant_id.get() is None


def test_a_stranger_sees_what_is_not_there(owner, open_cafe):
    open_cafe("borealis")
    foreign, missing = owner.get("/cafes/borealis/room/"), owner.get("/cafes/nowhere/room/")

    assert foreign.status_code == missing.status_code == 404
    assert foreign.data.split(b"nonce")[0] == missing.data.split(b"nonce")[0]


def test_whoever_is_not_signed_in_is_asked_to_whatever_the_cafe(client, cafe):
    here, nowhere = client.get("/cafes/aurora/room/"), client.get("/cafes/nowhere/room/")

    assert here.status_code == nowhere.status_code == 303
    assert here.location == "/sign-in?next=/cafes/aurora/room/"


def test_a_view_that_does_not_say_who_may_enter_is_shut(owner):
    assert owner.get("/cafes/aurora/room/undeclared").status_code == 403


def test_even_a_public_view_of_a_cafe_is_for_its_own_people(client, cafe):
    assert client.get("/cafes/aurora/room/open").status_code == 303


def test_a_role_decides_what_one_may_do(owner, database):
    assert owner.get("/cafes/aurora/room/secret").status_code == 200
    change(database.url, "UPDATE memberships SET role = 'staff'")

    assert owner.get("/cafes/aurora/room/").status_code == 200
    assert owner.get("/cafes/aurora/room/secret").status_code == 403


def test_what_matters_asks_for_the_password_again(owner, database):
    change(database.url, "UPDATE user_sessions SET fresh_at = now() - interval '16 minutes'")

    assert owner.get("/cafes/aurora/room/secret").location == "/sign-in/again?next=/cafes/aurora/room/secret"


def test_a_membership_taken_away_ends_at_once(owner, database):
    change(database.url, "DELETE FROM memberships")

    assert owner.get("/cafes/aurora/room/").status_code == 404


def test_two_cafes_of_one_owner_are_two_addresses(client, open_cafe):
    first = open_cafe("aurora", email="both@cafes.example")
    second = open_cafe("borealis", email="both@cafes.example")
    sign_in(client, first.email, first.password)

    assert client.get("/cafes/aurora/room/").json["bound"] == first.id
    assert client.get("/cafes/borealis/room/").json["bound"] == second.id


def test_a_number_no_row_can_have_is_not_there(owner):
    assert owner.get(f"/cafes/aurora/room/{10**18 - 1}").status_code == 200
    assert owner.get(f"/cafes/aurora/room/{10**18}").status_code == 404


def test_a_permission_nobody_defined_cannot_be_asked_for():
    with pytest.raises(LookupError, match="no permission"):
        requires("see_everything")
