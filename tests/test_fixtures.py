"""The fixtures keep what they promise to all other tests."""

import pytest
import sqlalchemy.exc
from sqlalchemy import func, select

from domain.tenant_scope import tenant_scope
from models.member import Member
from models.message import Message
from models.tenant import Tenant
from tests.factories import Make


@pytest.mark.parametrize("round_number", [1, 2])
def test_what_a_test_commits_in_its_session_is_gone_for_the_next(session, make, round_number):
    assert session.scalar(select(func.count(Member.id))) == 0
    make.member(consents=["sms"])
    session.commit()
    assert session.scalar(select(func.count(Member.id))) == 1


@pytest.mark.parametrize("round_number", [1, 2])
def test_what_a_test_commits_in_its_database_is_gone_for_the_next(database, round_number):
    with database.session() as session:
        assert session.scalar(select(func.count(Tenant.id))) == 0
        Make(session).tenant()
        session.commit()


def test_the_session_acts_for_its_cafe_only(session, make, tenant):
    make.member()
    other_id = make.tenant().id
    session.commit()

    with tenant_scope(other_id):
        assert session.scalar(select(func.count(Member.id))) == 0
        session.commit()
    assert session.scalar(select(Member.tenant_id)) == tenant.id


def test_without_a_cafe_bound_there_are_no_rows_but_an_error(database):
    with database.session() as session, pytest.raises(sqlalchemy.exc.DBAPIError):
        session.scalar(select(func.count(Member.id)))


def test_every_builder_makes_a_row_that_the_tables_accept(session, make):
    member = make.member(consents=["email", "sms:promotional"])
    make.consent(member, "email", granted=False)
    make.suppression("email", member.email)
    make.membership(make.user())
    make.location()
    make.earning_rule()
    make.purchase(member, items=[{"amount_minor": 450}])
    make.points(member, 5)
    make.points(member, 7)
    make.reward_event(member, channels=["email", "sms"])
    make.gateway("sms")
    make.message(member)
    make.event(member=member)
    session.commit()

    assert session.scalar(select(func.count(Message.id))) == 1
