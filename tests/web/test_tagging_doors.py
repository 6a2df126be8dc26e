"""Tagging by the button, the operator's command and the schedule is the same work with the same numbers."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain import clock
from domain.loyalty import summaries
from domain.tenant_scope import tenant_scope
from models.console import ConsoleRun
from models.member import Member
from models.tag import MemberTag, Tag
from tasks import consoles
from tests.factories import Make
from tests.web.conftest import form_token

BUTTON, COMMAND, SCHEDULE = "aurora", "beta", "gamma"


@pytest.fixture
def cafes(owner, cafe, open_cafe, database):
    """Three cafés in which the same happened, by slug: nobody looked at their guests yet."""
    opened = {BUTTON: cafe, COMMAND: open_cafe(COMMAND), SCHEDULE: open_cafe(SCHEDULE)}
    for each in opened.values():
        with database.session(each.id) as session:
            _live(Make(session), session)
            session.commit()
    return opened


def _live(make, session):
    now = clock.now()
    for days, channel in ((1, "pos"), (30, "online"), (200, "pos"), (400, "online")):
        make.purchase(make.member(), occurred_at=now - timedelta(days=days), channel=channel)
    make.purchase(make.member(), occurred_at=now, refunded_minor=450)
    make.purchase(None, occurred_at=now)
    make.redemption(make.member(), occurred_at=now - timedelta(days=300))
    make.event("balance.inquired", make.member(consents=["email:reminders"]), occurred_at=now)
    summaries.recount(session, list(session.scalars(select(Member.id))), now=now)


def test_the_numbers_are_the_same_whoever_asks(cafes, owner, console, app, database):
    page = "/cafes/aurora/settings/loyalty-management/"
    owner.post(f"{page}run", data={"csrf_token": form_token(owner, page)})
    console("tags", "update", "--tenant", COMMAND)
    with app.app_context(), tenant_scope(cafes[SCHEDULE].id), clock.set_to(clock.now() + timedelta(days=1)):
        assert consoles.run_slot("tags")

    did, have = {}, {}
    for slug, each in cafes.items():
        with database.session(each.id) as session:
            did[slug] = session.scalars(select(ConsoleRun.figures)).one()
            held = select(Tag.name, Member.first_name).join(MemberTag, MemberTag.tag_id == Tag.id)
            have[slug] = sorted(session.execute(held.join(Member, Member.id == MemberTag.member_id)).all())
    assert did[BUTTON] == did[COMMAND] == did[SCHEDULE]
    assert (did[BUTTON]["bills_read"], did[BUTTON]["tags_removed"]) == (6, 0)
    assert have[BUTTON] == have[COMMAND] == have[SCHEDULE] != []
    assert did[BUTTON]["tags_added"] == len(have[BUTTON])
