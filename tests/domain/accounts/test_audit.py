"""Who did what."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from domain.accounts import audit, support
from domain.errors import Conflict


def test_a_deed_is_written_down_with_its_actor(session, now):
    audit.record(session, actor=audit.by_user(7), action="gateway.added", subject="gateway:3", now=now)

    assert [(entry.actor, entry.action) for entry in audit.latest(session)] == [("user:7", "gateway.added")]


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET actor = 'nobody'", "DELETE FROM audit_entries"])
def test_what_is_written_down_stays(session, now, statement):
    audit.record(session, actor=audit.SYSTEM, action="cafe.opened", now=now)

    with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
        session.execute(text(statement))


def test_a_support_agent_belongs_to_no_cafe(session):
    agent = support.create(session, "help@regulars.example")

    assert agent.user.is_support
    with pytest.raises(Conflict):
        support.create(session, "help@regulars.example")
