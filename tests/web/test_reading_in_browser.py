"""From a message to a click and back: a real worker sends and applies what comes back, a real browser reads."""

import email
from datetime import timedelta
from email.policy import default

import pytest
from sqlalchemy import select, update

from domain.accounts import vault
from models.event import Event
from models.message import Message
from tests.factories import Make
from tests.played.smtp import PlayedSmtp
from tests.processes import regulars
from tests.waiting import until

_HOUR = timedelta(hours=1)
READER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"


@pytest.fixture
def browser_context_args(browser_context_args: dict) -> dict:
    """A person's browser: the one of tests says of itself that it has no head."""
    return {**browser_context_args, "user_agent": READER}


@pytest.fixture
def inbox():
    with PlayedSmtp() as server:
        yield server


@pytest.fixture
def written(shop, settings, inbox, site):
    """A guest with an unread message of a reward, which links to a page."""
    make = Make(shop)
    member = make.member(consents=["email"])
    html = f'<html><body><p>Hello</p><a href="{site}/status">What we promise</a></body></html>'
    template = make.template(html=html)
    sealed = vault.encrypt({"url": inbox.url, "from": "cafe@example.com"})
    make.gateway(credentials=sealed, set_by_operator=True)
    make.message(member, template_id=template.id, cause="campaign:1")
    shop.commit()
    return member.id


def test_a_click_in_the_inbox_stands_in_the_guests_story(page, shop, site, inbox, environment, written):
    with (
        regulars("worker", environment=environment | {"PUBLIC_URL": site}),
        regulars("scheduler", environment=environment),
    ):
        until(lambda: len(inbox.received) == 1, within=60, what="the mail")
        until(lambda: _is_settled(shop), within=30, what="the mail's end")
        shop.execute(update(Message).values(sent_at=Message.sent_at - _HOUR))  # nobody reads within two seconds
        shop.commit()
        page.set_content(_html(inbox))
        page.get_by_role("link", name="What we promise").click()
        page.wait_for_url(f"{site}/status")
        until(lambda: len(_happened(shop)) == 2, within=60, what="both reports applied")

    assert sorted(_happened(shop)) == [("message.clicked", False), ("message.opened", False)]
    assert page.context.cookies() == []


def _is_settled(shop) -> bool:
    shop.rollback()
    return shop.scalars(select(Message.state)).all() == ["sent"]


def _html(inbox: PlayedSmtp) -> str:
    mail = email.message_from_bytes(inbox.received[0].body, policy=default)
    return mail.get_body(("html",)).get_content()


def _happened(shop) -> list[tuple[str, bool]]:
    shop.rollback()
    events = shop.scalars(select(Event).where(Event.type.like("message.%")))
    return [(each.type, each.properties["machine"]) for each in events]
