"""Mails that come back, piped to the door by a mail server: believed, kept once, and nothing moves back."""

from contextvars import Context

import pytest
from flask import Flask

from domain import clock
from domain.accounts import hook_tokens, vault
from domain.delivery import accounts, receipts
from gateways.return_path import ReturnPath
from models.consent import Suppression
from models.message import Message, Report
from tests.gateways.bounces import absence, bounce, complaint


@pytest.fixture
def account(shop, settings, app: Flask):
    vault.unlock(settings.credentials_key)
    config = {"url": "smtps://mail.example", "from": "hello@cafe.example", "return_path": "bounce@cafe.example"}
    account = accounts.add(
        shop, channel="email", provider="smtp", credentials=config, now=clock.now(), set_by_operator=True
    )
    shop.commit()
    return account


@pytest.fixture
def path(shop, make_here, account):
    tenant_id = make_here.tenant_here().id
    token = hook_tokens.issue(
        shop, tenant_id=tenant_id, provider="smtp", target_kind=hook_tokens.GATEWAY, target_id=account.id
    )
    shop.commit()
    return hook_tokens.path("smtp", token)


@pytest.fixture
def message(shop, make_here, account):
    member = make_here.member(email="guest@example.com", consents=["email"])
    message = make_here.message(member, state="sent", gateway_id=account.id, address="guest@example.com")
    shop.commit()
    return message.id


@pytest.fixture
def back_to(path, settings, message):
    """The return path the message left with."""
    return ReturnPath("bounce@cafe.example", hook_url=settings.public_url + path).of(message)


@pytest.fixture
def pipe(app: Flask, path):
    """Posts a mail as a mail server pipes it in; with curl's own content type, unless told otherwise."""

    def pipe(raw, content_type="application/x-www-form-urlencoded"):
        return Context().run(app.test_client().post, path, data=raw, content_type=content_type).status_code

    return pipe


@pytest.fixture
def came_of_it(shop, rows):
    """What became of the message, and which addresses are suppressed."""

    def came_of_it():
        receipts.apply(shop, now=clock.now())
        shop.commit()
        [message] = rows(Message)
        return message.state, [(each.address, each.reason) for each in rows(Suppression)]

    return came_of_it


GONE = [("guest@example.com", "bounced")]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "message/rfc822", ""])
def test_a_hard_bounce_moves_the_message_back_and_closes_the_address(pipe, back_to, came_of_it, content_type):
    assert pipe(bounce(back_to, "5.1.1"), content_type) == 200

    assert came_of_it() == ("bounced", GONE)


def test_a_soft_bounce_closes_nothing(pipe, back_to, came_of_it):
    assert pipe(bounce(back_to, "5.2.2")) == 200

    assert came_of_it() == ("failed", [])


def test_a_complaint_closes_the_address(pipe, back_to, came_of_it):
    assert pipe(complaint(back_to)) == 200

    assert came_of_it() == ("delivered", [("guest@example.com", "complained")])


def test_late_twice_and_out_of_order_ends_the_same(pipe, back_to, came_of_it, rows):
    delayed = bounce(back_to, "4.4.1", action="delayed")
    for raw in (bounce(back_to, "5.1.1"), bounce(back_to, "5.1.1"), delayed, absence(back_to), delayed):
        assert pipe(raw) == 200
        assert came_of_it() == ("bounced", GONE)
    assert len(rows(Report)) == 2


def test_what_nobody_signed_is_refused_and_nothing_is_stored(pipe, back_to, came_of_it, rows):
    for forged in ("bounce@cafe.example", f"bounce+{'a' * 29}@cafe.example", back_to.replace("+", "-")):
        assert pipe(bounce(forged, "5.1.1")) == 401
    assert (rows(Report), came_of_it()) == ([], ("sent", []))


def test_a_mail_that_is_no_report_is_kept_for_the_owner(pipe, back_to, came_of_it, rows):
    assert pipe(f"To: {back_to}\r\n\r\nPlease call me.\x00\r\n".encode() + b"\xff") == 202

    [report] = rows(Report)
    assert report.kind == "unknown"
    assert came_of_it() == ("sent", [])


def test_without_a_return_path_there_is_no_door(pipe, back_to, account, shop):
    accounts.change_credentials(shop, account, {"url": "smtps://mail.example", "from": "hello@cafe.example"})
    shop.commit()

    assert pipe(bounce(back_to, "5.1.1")) == 404
