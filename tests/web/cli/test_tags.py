"""`regulars tags update`, and what it is called elsewhere: the same work, the same numbers."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.loyalty import summaries
from models.member import Member
from models.tag import Tag
from models.tenant import Tenant
from tests.factories import Make


@pytest.fixture
def bills(database, aurora) -> int:
    """Bills of three guests and of somebody unknown, one of them given back in full: how many."""
    with database.session() as session:
        tenant_id = session.scalar(select(Tenant.id))
    with database.session(tenant_id) as session:
        make, now = Make(session), datetime.now(UTC)
        for days in (1, 30, 400):
            make.purchase(make.member(), occurred_at=now - timedelta(days=days))
        make.purchase(make.member(), occurred_at=now, refunded_minor=450)
        make.purchase(None, occurred_at=now)
        summaries.recount(session, list(session.scalars(select(Member.id))), now=now)
        session.commit()
        return 5


def test_it_reads_all_bills_and_says_what_it_changed(console, bills):
    said = console("tags", "update", "--tenant", "aurora", "--json")
    # four incomplete profiles; two guests active in two ways; one asleep
    assert (said.code, said.json) == (0, {"bills_read": bills, "tags_added": 9, "tags_removed": 0})


@pytest.mark.parametrize("command", [("tags", "update"), ("LoyaltyUpdateConsole",)])
def test_a_second_run_changes_nothing_whatever_it_is_called(console, bills, command):
    console("tags", "update")
    assert console(*command, "--json").json == {"bills_read": bills, "tags_added": 0, "tags_removed": 0}


def test_the_other_name_does_the_same(console, bills):
    assert console("LoyaltyUpdateConsole", "--tenant", "aurora", "--json").json["tags_added"] == 9


def test_an_unknown_cafe_is_refused(console, aurora):
    said = console("tags", "update", "--tenant", "nowhere")
    assert (said.code, said.out) == (1, "")
    assert "nowhere" in said.err


def test_people_read_lines(console, bills):
    assert console("tags", "update").out == f"bills_read: {bills}\ntags_added: 9\ntags_removed: 0\n"


def test_every_cafe_has_its_own_tags(console, bills, database):
    console("tenant", "create", "--name", "Beta", "--slug", "beta", "--owner", "b@example.com")
    console("tags", "update")
    with database.session() as session:
        ids = list(session.scalars(select(Tenant.id)))
    counts = []
    for tenant_id in ids:
        with database.session(tenant_id) as session:
            counts.append(len(list(session.scalars(select(Tag)))))
    assert counts == [6, 6]
