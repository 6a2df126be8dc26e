"""What leaves holds counted links for those who may be counted, and plain ones for everybody else."""

import email
import re
from email.policy import default

import pytest
from sqlalchemy import select, update

from domain.content.links import LinkSigner, Purpose
from domain.delivery import contexts, counted_links, letters, outbox, trials
from domain.delivery.ports import Outgoing
from domain.outreach import reward_messages
from models.link import Link
from models.member import Member
from models.message import Lane, Message
from models.template import Template, TemplateVersion
from models.tenant import Tenant
from tasks import slices
from tests.statements import statements

MENU = "https://cafe.example/menu?utm_source=mail&a=b"
HTML = f'<html><body><p>Hi</p><a href="{MENU.replace("&", "&amp;")}">Menu</a></body></html>'
SIGNER = LinkSigner(["a key"], public_url="https://regulars.example")


def write(cafe, channel: str = "email", **template) -> None:
    """A reward's message to one member, planned."""
    make = cafe.make
    member = make.member(consents=[channel], may_count=template.pop("may_count", None))
    written = make.template(channel, **template)
    make.message(member, channel=channel, template_id=written.id, cause="campaign:1")
    cafe.session.commit()


def letter(cafe, now) -> Outgoing:
    """What leaves of the only message."""
    [outgoing] = leave(cafe, now)
    return outgoing


def leave(cafe, now) -> list[Outgoing]:
    account = cafe.make.gateway(cafe.session.scalars(select(Message.channel)).first())
    batch = outbox.claim(cafe.session, account, Lane.INSTANT, owner="me", limit=500, now=now)
    here = contexts.cafe(cafe.session)
    head = letters.letterhead(cafe.session, account, here, host="regulars.example", signer=SIGNER)
    rendered = letters.render(cafe.session, batch.messages, here, head, now=now)
    assert rendered.failed == {}
    return [each.outgoing for each in rendered.letters]


def page(mail: bytes) -> str:
    return email.message_from_bytes(mail, policy=default).get_body(("html",)).get_content()


def test_a_mail_holds_links_that_lead_to_its_own_addresses_and_a_pixel(cafe, now):
    write(cafe, html=HTML)
    html = page(letter(cafe, now).body)

    [click] = re.findall(r"https://regulars\.example/c/([\w-]+)", html)
    [pixel] = re.findall(r"https://regulars\.example/o/([\w-]+)\.gif", html)
    claim, opened = SIGNER.read(click, Purpose.CLICK), SIGNER.read(pixel, Purpose.OPEN)
    [message] = cafe.session.scalars(select(Message.id))
    assert (claim.tenant_id, claim.message_id, opened.message_id) == (cafe.id, message, message)
    assert cafe.session.get_one(Link, (cafe.id, claim.link)).address == MENU
    assert "cafe.example" not in html


@pytest.mark.parametrize(
    ("way", "word", "is_counted"),
    [
        ("unless_declined", None, True),
        ("unless_declined", False, False),
        ("if_agreed", None, False),
        ("if_agreed", True, True),
        ("never", True, False),
    ],
)
def test_the_cafes_way_and_the_guests_word_decide_whether_the_mail_counts(cafe, now, way, word, is_counted):
    cafe.session.execute(update(Tenant).where(Tenant.id == cafe.id).values(counting=way))
    write(cafe, html=HTML, may_count=word)
    html = page(letter(cafe, now).body)

    assert ("/c/" in html, "/o/" in html, "<img" in html) == (is_counted,) * 3
    assert (HTML in html) is not is_counted


def test_a_text_holds_a_short_link_and_what_is_kept_of_it_the_address(cafe, now):
    cafe.session.execute(update(Tenant).values(sms_approved_at=now, sms_markets=["AT"]))
    write(cafe, "sms", text="Menu: https://cafe.example/menu?a=b. See you!")
    cafe.session.execute(update(Member).values(phone_country="AT", phone_takes_texts=True))
    account = cafe.make.gateway("sms")
    batch = outbox.claim(cafe.session, account, Lane.INSTANT, owner="me", limit=500, now=now)
    here = contexts.cafe(cafe.session)
    head = letters.letterhead(cafe.session, account, here, host="regulars.example", signer=SIGNER)
    [leaving] = letters.render(cafe.session, batch.messages, here, head, now=now).letters

    assert re.fullmatch(r"Menu: https://regulars\.example/c/[\w-]{27,32}\. See you!", str(leaving.outgoing.body))
    assert leaving.preview == "Menu: https://cafe.example/menu?a=b. See you!"


def test_a_text_is_at_most_as_long_as_its_preview_said(cafe):
    tenant = cafe.session.get_one(Tenant, cafe.id)
    example = counted_links.example(SIGNER, tenant, None)
    links = counted_links.CountedLinks(cafe.id, SIGNER, {MENU: 9999})

    assert len(links._url(Purpose.CLICK, 99_999_999, 9999)) <= len(example)
    assert counted_links.example(SIGNER, tenant, cafe.make.member(may_count=False)) is None


def test_a_test_to_the_owner_holds_the_plain_address_and_no_pixel(cafe, mail, now):
    account = cafe.gateway(mail)
    trials.plan(cafe.session, account, to="owner@example.com", subject="A test", html=HTML, text=MENU, now=now)
    cafe.session.commit()
    slices.send(account.id, Lane.INSTANT)

    [received] = mail.received
    assert HTML in page(received.body)


def test_a_reward_that_unlocked_leaves_with_counted_links(cafe, mail, now):
    account = cafe.gateway(mail)
    events = cafe.unlocks(1)
    version = {"template_id": cafe.session.scalars(select(Template.id)).one(), "number": 2, "text": "Hi"}
    cafe.session.add(TemplateVersion(**version, subject="Hi", html=HTML))
    cafe.session.execute(update(Template).values(version=2))
    reward_messages.plan(cafe.session, events, now=now)
    cafe.session.commit()
    slices.send(account.id, Lane.INSTANT)

    [received] = mail.received
    assert "/c/" in page(received.body)


def test_an_address_is_kept_once_and_a_batch_asks_once_for_all(cafe, now):
    template = cafe.make.template(html=HTML)
    for _ in range(30):
        cafe.make.message(cafe.make.member(consents=["email"]), template_id=template.id, cause="campaign:1")
    cafe.session.commit()
    with statements(cafe.session) as seen:
        assert len(leave(cafe, now)) == 30

    assert cafe.session.scalars(select(Link.address)).all() == [MENU]
    assert len([each for each in seen if "links" in each and "unsubscribe" not in each]) == 3  # look, add, look again
    cafe.session.rollback()


def test_an_address_that_is_known_costs_one_question(cafe):
    cafe.session.add(Link(address=MENU))
    cafe.session.flush()
    with statements(cafe.session) as seen:
        known = counted_links._known(cafe.session, [MENU])

    assert (list(known), len(seen)) == ([MENU], 1)
