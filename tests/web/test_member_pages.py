from datetime import timedelta

import pytest
from sqlalchemy import select, update

from domain import clock
from domain.audience import consent
from domain.content.links import LinkClaim, LinkSigner, Purpose
from domain.tenant_scope import tenant_scope
from models.consent import Consent
from models.event import Event
from models.member import Member
from models.segment import SegmentMember
from models.summary import MemberSummary
from models.tenant import Tenant
from tests.factories import Make
from tests.web.conftest import form_token

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def guest(database):
    """A member who said yes to everything by e-mail, and got a message about a reward."""
    with database.session() as session:
        tenant_id = Make(session).tenant(slug="aurora", colour="#b5473c").id
        session.commit()
        with tenant_scope(tenant_id):
            make = Make(session)
            member = make.member(consents=["email:rewards", "email:promotional"])
            message = make.message(member, template_id=make.template().id)
            session.commit()
            yield {"tenant_id": tenant_id, "member_id": member.id, "message_id": message.id, "link_number": 1}


@pytest.fixture
def address(guest, settings):
    def sign(purpose: Purpose, **changes) -> str:
        claim = LinkClaim(purpose, **(guest | changes))
        return f"/{purpose.value}/{LinkSigner(settings.secret_key).sign(claim)}"

    return sign


def standing(database, guest) -> dict:
    with database.session(guest["tenant_id"]) as session:
        return consent.of_member(session, guest["member_id"]).get("email", {})


def test_looking_at_the_page_changes_nothing(client, database, guest, address):
    page = client.get(address(Purpose.UNSUBSCRIBE))

    assert page.status_code == 200
    assert standing(database, guest) == {"promotional": True, "rewards": True}


def test_one_click_closes_the_messages_topic_with_no_cookie_and_no_page(client, database, guest, address):
    answer = client.post(address(Purpose.UNSUBSCRIBE), data=ONE_CLICK)

    assert (answer.status_code, answer.data, answer.headers.getlist("Set-Cookie")) == (200, b"", [])
    assert standing(database, guest) == {"promotional": True, "rewards": False}


def test_one_click_twice_is_one_no(client, database, guest, address):
    for _ in range(2):
        assert client.post(address(Purpose.UNSUBSCRIBE), data=ONE_CLICK).status_code == 200
    assert standing(database, guest)["rewards"] is False


def test_the_pages_button_needs_the_form_token(client, database, guest, address):
    assert client.post(address(Purpose.UNSUBSCRIBE), data={"wish": "topic"}).status_code == 400
    assert standing(database, guest)["rewards"] is True


def test_a_no_on_record_says_who_when_and_how(client, database, guest, address):
    client.post(address(Purpose.UNSUBSCRIBE), data=ONE_CLICK)
    with database.session(guest["tenant_id"]) as session:
        newest = session.query(Consent).order_by(Consent.id.desc()).first()
        assert (newest.source, newest.granted, newest.topic) == ("one-click unsubscribe", False, "rewards")


@pytest.mark.parametrize("token", ["x", "a" * 60, "é", "-" * 200])
def test_made_up_and_mangled_links_look_alike(client, guest, token):
    assert client.get(f"/u/{token}").status_code == 404
    assert client.post(f"/u/{token}", data=ONE_CLICK).status_code == 404


def test_a_revoked_link_opens_nothing(client, guest, address):
    assert client.get(address(Purpose.UNSUBSCRIBE, link_number=7)).status_code == 404


def test_a_link_of_one_purpose_is_worthless_for_another(client, guest, address):
    token = address(Purpose.UNSUBSCRIBE).rpartition("/")[2]
    assert client.get(f"/p/{token}").status_code == 404


def test_the_page_speaks_the_cafes_colour_and_tells_no_one_its_address(client, guest, address):
    page = client.get(address(Purpose.PREFERENCES))
    assert "--brand:#b5473c" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_a_later_yes_of_the_guest_reopens_what_they_closed(client, database, guest, address):
    client.post(address(Purpose.UNSUBSCRIBE), data=ONE_CLICK)
    later = clock.now() + timedelta(minutes=1)
    with database.session(guest["tenant_id"]) as session:
        answer = consent.Answer("email", "rewards", granted=True)
        consent.record(session, guest["member_id"], [answer], consent.Proof("preferences page", later), now=later)
        session.commit()
    assert standing(database, guest)["rewards"] is True


def test_the_mail_can_be_read_in_the_browser_where_nothing_in_it_runs(client, guest, address):
    page = client.get(address(Purpose.BROWSER))

    assert page.status_code == 200
    assert "Hello Nora!" in page.text
    assert "sandbox" in page.headers["Content-Security-Policy"]


def test_another_members_mail_is_not_there(client, guest, address):
    assert client.get(address(Purpose.BROWSER, message_id=999)).status_code == 404


def counted_box(client, address) -> bool | None:
    """Whether the box about counting is ticked; None: it is not there."""
    page = client.get(address(Purpose.PREFERENCES)).text
    return "checked" in page.split('name="counting"')[1].split(">")[0] if 'name="counting"' in page else None


def save(client, address, **form) -> None:
    path = address(Purpose.PREFERENCES)
    token = form_token(client, path)
    assert client.post(path, data={"csrf_token": token, **form}).status_code == 303


def test_a_guest_switches_counting_off_and_on_again_and_the_story_tells(client, database, guest, address):
    assert counted_box(client, address) is True
    save(client, address, asked="counting")
    assert counted_box(client, address) is False
    save(client, address, asked="counting", counting="on")
    save(client, address, asked="counting", counting="on")

    assert counted_box(client, address) is True
    with database.session(guest["tenant_id"]) as session:
        told = session.scalars(select(Event.type).where(Event.type.like("counting.%")).order_by(Event.id)).all()
    assert told == ["counting.declined", "counting.allowed"]


@pytest.mark.parametrize(("way", "box"), [("if_agreed", False), ("never", None)])
def test_the_cafes_way_decides_for_guests_who_never_said(client, database, guest, address, way, box):
    with database.session(guest["tenant_id"]) as session:
        session.execute(update(Tenant).values(counting=way))
        session.commit()

    assert counted_box(client, address) is box
    save(client, address)  # a page without the box says nothing about it
    with database.session(guest["tenant_id"]) as session:
        assert session.get_one(Member, (guest["tenant_id"], guest["member_id"])).may_count is None


@pytest.fixture
def touched(database, guest):
    """Whether segments and tags are to look at the guest again; asked once, they have looked."""

    def asked() -> bool:
        theirs = MemberSummary.member_id == guest["member_id"]
        with database.session(guest["tenant_id"]) as session:
            is_touched = session.scalar(select(MemberSummary.touched_at).where(theirs)) is not None
            session.execute(update(MemberSummary).where(theirs).values(touched_at=None))
            session.commit()
        return is_touched

    return asked


def test_a_one_click_no_is_looked_at_by_segments_and_tags(client, address, touched):
    touched()
    client.get(address(Purpose.UNSUBSCRIBE))
    assert not touched()
    client.post(address(Purpose.UNSUBSCRIBE), data=ONE_CLICK)
    assert touched()


def test_what_a_guest_answers_on_their_page_changes_segments_at_once(client, database, guest, address):
    with database.session(guest["tenant_id"]) as session:
        agreed = {"fact": "consent.email.promotional", "op": "eq", "value": True}
        wanting = Make(session).segment(definition=agreed).id
        session.commit()

    def has_guest() -> bool:
        theirs = (SegmentMember.segment_id == wanting, SegmentMember.member_id == guest["member_id"])
        with database.session(guest["tenant_id"]) as session:
            return session.scalar(select(SegmentMember).where(*theirs)) is not None

    save(client, address, asked="email.promotional")
    assert not has_guest()
    save(client, address, asked="email.promotional", **{"email.promotional": "on"})
    assert has_guest()
    save(client, address, asked="email.promotional")
    assert not has_guest()
