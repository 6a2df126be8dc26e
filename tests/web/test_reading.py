"""Counted links and pixels: they lead where the message said, count people once, never stand in a guest's way."""

from datetime import timedelta

import pytest
from sqlalchemy import event as listen
from sqlalchemy import select, text

from domain import clock
from domain.audience import erasure
from domain.content.links import LinkClaim, LinkSigner, Purpose
from domain.delivery import receipts
from domain.tenant_scope import tenant_scope
from models.database import db
from models.event import Event
from models.link import Link
from models.member import Member
from models.message import Message
from models.tenant import Tenant
from tests.factories import Make
from tests.statements import statements

MENU = "https://cafe.example/menu?utm_source=mail&utm_campaign=m%C3%A4rz"
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"}


@pytest.fixture
def sent(database):
    """A mail that a guest got an hour ago, with a counted link to the menu."""
    with database.session() as session:
        tenant_id = Make(session).tenant(slug="aurora").id
        session.commit()
        with tenant_scope(tenant_id):
            make = Make(session)
            member = make.member()
            link = Link(address=MENU)
            session.add(link)
            message = make.message(
                member,
                state="sent",
                gateway_id=make.gateway().id,
                address=member.email,
                sent_at=clock.now() - timedelta(hours=1),
            )
            session.commit()
            yield {"tenant_id": tenant_id, "member_id": 0, "message_id": message.id, "link": link.id}


@pytest.fixture
def address(sent, settings):
    def sign(purpose: Purpose = Purpose.CLICK, **changes) -> str:
        told = sent | ({"link": 0} if purpose is Purpose.OPEN else {}) | changes
        return LinkSigner(settings.secret_key).url(LinkClaim(purpose, **told))

    return sign


def happened(database, sent) -> list[tuple[str, bool]]:
    """What the guest's story tells once the reports are applied: the kind, and whether a machine did it."""
    with database.session(sent["tenant_id"]) as session:
        receipts.apply(session, now=clock.now())
        session.commit()
        events = session.scalars(select(Event).where(Event.type.like("message.%")).order_by(Event.id))
        return [(each.type, each.properties["machine"]) for each in events]


def change(database, sent, kind, **values) -> None:
    with database.session(sent["tenant_id"]) as session:
        row = session.scalars(select(kind)).one()
        for name, value in values.items():
            setattr(row, name, value)
        session.commit()


def test_a_click_leads_to_the_address_of_the_message_and_is_told_once(client, database, sent, address):
    answers = [client.get(address(), headers=PHONE) for _ in range(2)]

    assert [(each.status_code, each.headers["Location"]) for each in answers] == [(302, MENU)] * 2
    assert happened(database, sent) == [("message.clicked", False)]
    with database.session(sent["tenant_id"]) as session:
        assert session.scalars(select(Message.state)).all() == ["delivered"]
        assert session.scalars(select(Event.properties)).one()["url"] == MENU


def test_an_opened_pixel_is_a_picture_that_nobody_keeps(client, database, sent, address):
    answer = client.get(address(Purpose.OPEN), headers=PHONE)

    assert (answer.status_code, answer.content_type, answer.data[:6]) == (200, "image/gif", b"GIF89a")
    assert answer.headers["Cache-Control"] == "no-store"
    assert happened(database, sent) == [("message.opened", False)]


@pytest.mark.parametrize("purpose", [Purpose.CLICK, Purpose.OPEN])
def test_no_cookie_no_session_and_no_word_to_the_next_site(client, address, purpose):
    answer = client.get(address(purpose), headers=PHONE)

    assert answer.headers.getlist("Set-Cookie") == []
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "fetched",
    [
        {"headers": {"User-Agent": "Mozilla/5.0 (Windows NT 5.1) Firefox/11.0 (via ggpht.com GoogleImageProxy)"}},
        {"headers": PHONE | {"Sec-Purpose": "prefetch;prerender"}},
        {"headers": PHONE, "method": "HEAD"},
    ],
)
def test_a_machine_gets_there_too_but_is_called_one(client, database, sent, address, fetched):
    answer = client.open(address(), **fetched)

    assert (answer.status_code, answer.headers["Location"]) == (302, MENU)
    assert happened(database, sent) == [("message.clicked", True)]


def test_who_is_there_sooner_than_anybody_reads_is_a_machine(client, database, sent, address):
    change(database, sent, Message, sent_at=clock.now())
    client.get(address(), headers=PHONE)

    assert happened(database, sent) == [("message.clicked", True)]


def test_a_person_counts_even_in_the_minute_of_a_machine(client, database, sent, address):
    client.head(address(), headers=PHONE)
    client.get(address(), headers=PHONE)

    assert sorted(happened(database, sent)) == [("message.clicked", False), ("message.clicked", True)]


@pytest.mark.parametrize(
    ("kind", "values"),
    [(Member, {"may_count": False}), (Tenant, {"counting": "never"}), (Tenant, {"counting": "if_agreed"})],
)
def test_who_does_not_want_it_gets_there_uncounted(client, database, sent, address, kind, values):
    change(database, sent, kind, **values)

    assert client.get(address(), headers=PHONE).headers["Location"] == MENU
    assert client.get(address(Purpose.OPEN), headers=PHONE).status_code == 200
    assert happened(database, sent) == []


def test_a_forgotten_guests_links_lead_on_and_tell_nothing(client, database, sent, address):
    with database.session(sent["tenant_id"]) as session:
        erasure.erase(session, session.scalars(select(Member)).one(), now=clock.now())
        session.commit()

    assert client.get(address(), headers=PHONE).headers["Location"] == MENU
    assert happened(database, sent) == []


def test_a_token_that_was_changed_leads_nowhere(client, database, sent, address):
    good = address()
    for at in (5, len(good) // 2, len(good) - 1):
        other = "A" if good[at] != "A" else "B"
        answer = client.get(good[:at] + other + good[at + 1 :], headers=PHONE)
        assert (answer.status_code, "Location" in answer.headers) == (404, False)
        assert "Somebody just left" in answer.text
    assert happened(database, sent) == []


def test_an_address_in_the_request_leads_nobody_away(client, address):
    answer = client.get(address() + "?url=https://evil.example&next=//evil.example", headers=PHONE)

    assert answer.headers["Location"] == MENU


def test_another_cafes_number_of_a_link_leads_nowhere(client, database, sent, address):
    with database.session() as session:
        other = Make(session).tenant(slug="other").id
        session.commit()

    assert client.get(address(tenant_id=other), headers=PHONE).status_code == 404


def test_a_pixels_token_opens_no_link_and_an_unsubscribe_token_neither(client, address):
    for purpose in (Purpose.OPEN, Purpose.UNSUBSCRIBE):
        token = address(purpose).rpartition("/")[2].removesuffix(".gif")
        assert client.get(f"/c/{token}", headers=PHONE).status_code == 404


def test_a_click_that_cannot_be_kept_leads_on_all_the_same(client, database, sent, address):
    with database.session(sent["tenant_id"]) as session:
        session.execute(text("LOCK TABLE reports IN ACCESS EXCLUSIVE MODE"))
        with client.application.app_context():
            listen.listen(db.engine, "begin", _impatient)
            try:
                answer = client.get(address(), headers=PHONE)
            finally:
                listen.remove(db.engine, "begin", _impatient)
        session.rollback()

    assert (answer.status_code, answer.headers["Location"]) == (302, MENU)
    assert happened(database, sent) == []


def _impatient(connection) -> None:
    connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")


def test_a_database_that_is_gone_is_a_page_one_can_read(client, address, database):
    with client.application.app_context():
        db.engine.dispose()
        listen.listen(db.engine, "do_connect", _gone)
        try:
            answer = client.get(address(), headers=PHONE)
        finally:
            listen.remove(db.engine, "do_connect", _gone)

    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text


def _gone(*_arguments) -> None:
    import psycopg

    raise psycopg.OperationalError("gone")


def test_a_click_costs_a_handful_of_statements(client, database, sent, address):
    client.get(address(Purpose.OPEN), headers=PHONE)
    with client.application.app_context(), statements(db.engine) as seen:
        client.get(address(), headers=PHONE)

    asked = [each for each in seen if "set_config" not in each]
    assert len(asked) == 4, asked  # café, address, message, report
