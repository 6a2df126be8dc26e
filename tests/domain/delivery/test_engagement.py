"""What guests do with a message becomes an event of theirs, once, and takes effect."""

import pytest
from sqlalchemy import select

from domain.audience import consent
from domain.delivery import receipts
from domain.delivery.ports import DeliveryReport, ReportKind
from models.consent import Suppression
from models.event import Event
from models.message import Reason


@pytest.fixture
def account(make):
    return make.gateway()


@pytest.fixture
def message(make, account):
    member = make.member(consents=["email:promotional", "email:rewards"])
    return make.message(
        member, state="unsure", topic="promotional", gateway_id=account.id, provider_ref="M1", address=member.email
    )


def tell(session, account, now, kind, key="k", **properties):
    report = DeliveryReport(key=key, kind=kind, provider_ref="M1", properties=properties)
    receipts.store(session, account.id, report, now=now)
    return receipts.apply(session, now=now)


def events(session):
    query = select(Event).where(Event.type.startswith("message.")).order_by(Event.id)
    return [(each.type, each.member_id, each.properties) for each in session.scalars(query)]


def test_an_opening_is_an_event_once_and_shows_that_the_message_arrived(session, account, message, now):
    assert tell(session, account, now, ReportKind.OPENED, machine=False) == 1
    assert tell(session, account, now, ReportKind.OPENED, machine=False) == 0

    [(kind, member_id, properties)] = events(session)
    assert (kind, member_id) == ("message.opened", message.member_id)
    assert properties == {
        "message": message.id,
        "channel": "email",
        "topic": "promotional",
        "cause": message.cause,
        "machine": False,
    }
    session.refresh(message)
    assert message.state == "delivered"


def test_every_click_is_an_event_with_where_it_led(session, account, message, now):
    tell(session, account, now, ReportKind.CLICKED, key="a", url="https://cafe.example/menu")
    tell(session, account, now, ReportKind.CLICKED, key="b", url="https://cafe.example/map")

    assert [properties["url"] for _, _, properties in events(session)] == [
        "https://cafe.example/menu",
        "https://cafe.example/map",
    ]


@pytest.mark.parametrize("kind", [ReportKind.UNSUBSCRIBED, ReportKind.COMPLAINED])
def test_who_leaves_or_complains_hears_no_more_about_this(session, account, message, now, kind):
    tell(session, account, now, kind)

    assert consent.why_not(session, message.member_id, "email", "promotional", now=now) is Reason.UNSUBSCRIBED
    assert consent.why_not(session, message.member_id, "email", "rewards", now=now) is None


def test_a_complaint_suppresses_the_address_where_the_provider_says_so(session, account, message, now):
    report = DeliveryReport("k", ReportKind.COMPLAINED, provider_ref="M1", suppress="complained")
    receipts.store(session, account.id, report, now=now)
    receipts.apply(session, now=now)

    assert session.scalars(select(Suppression.reason)).all() == ["complained"]


def test_an_opening_does_not_take_back_a_bounce(session, account, message, now):
    tell(session, account, now, ReportKind.BOUNCED, key="a")
    tell(session, account, now, ReportKind.OPENED, key="b")

    session.refresh(message)
    assert message.state == "bounced"
