from contextvars import Context

import pytest
from flask import Flask

from domain import clock
from domain.accounts import hook_tokens, vault
from domain.audience import consent
from domain.delivery import accounts
from models.message import Report
from tests.played.twilio import ACCOUNT_SID, AUTH_TOKEN, SENDER, sign

SID = "SM" + "b" * 32


@pytest.fixture
def account(shop, settings, app: Flask):
    vault.unlock(settings.credentials_key)
    config = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "from": SENDER}
    account = accounts.add(
        shop, channel="sms", provider="twilio", credentials=config, now=clock.now(), set_by_operator=True
    )
    shop.commit()
    return account


@pytest.fixture
def post(shop, make_here, account, app: Flask, settings):
    """Post a form to the account's hook, signed by Twilio unless told otherwise."""
    tenant_id = make_here.tenant_here().id
    token = hook_tokens.issue(
        shop, tenant_id=tenant_id, provider="twilio", target_kind=hook_tokens.GATEWAY, target_id=account.id
    )
    shop.commit()

    def post(form, query="", signature=None):
        path = hook_tokens.path("twilio", token) + query
        signature = sign(AUTH_TOKEN, settings.public_url + path, form) if signature is None else signature
        headers = {"X-Twilio-Signature": signature}
        return Context().run(app.test_client().post, path, data=form, headers=headers)

    return post


@pytest.fixture
def reports(rows):
    return lambda: [(report.kind, report.key, report.message_id) for report in rows(Report)]


def status(value):
    return {"MessageSid": SID, "MessageStatus": value, "To": "+436641234567", "From": SENDER}


def text(body, sender="+436641234567", sid=SID):
    return {"MessageSid": sid, "From": sender, "To": SENDER, "Body": body, "SmsStatus": "received"}


def test_a_signed_report_is_kept_once(post, reports):
    answers = [post(status("delivered"), "?message=7").status_code for _ in range(3)]

    assert answers == [200] * 3
    assert reports() == [("delivered", f"{SID}:delivered", 7)]


@pytest.mark.parametrize("signature", ["", "nonsense", "ÿ", "RSOYDt4T1cUTdK1PDd93/VVr8B8="])
def test_a_wrong_signature_is_refused_and_nothing_is_stored(post, reports, signature):
    assert post(status("delivered"), signature=signature).status_code == 401
    assert reports() == []


def test_a_signature_for_another_message_is_refused(post, reports, settings):
    stolen = sign(AUTH_TOKEN, settings.public_url + "/hooks/twilio/other?message=7", status("delivered"))

    assert post(status("delivered"), "?message=8", signature=stolen).status_code == 401
    assert reports() == []


@pytest.mark.parametrize("form", [{}, {"Other": "thing"}, {"MessageSid": SID, "MessageStatus": "teleported"}])
def test_what_is_signed_but_not_understood_is_kept_for_the_owner(post, reports, form):
    assert [post(form).status_code for _ in range(2)] == [202, 202]
    assert [kind for kind, _key, _message in reports()] == ["unknown"]


def test_a_stop_closes_texts_for_the_guest_who_wrote(shop, make_here, post):
    member = make_here.member(phone="+436641234567", consents=["sms", "email"])
    shop.commit()

    answer = post(text("Please stop texting me"))

    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert "no more texts" in answer.text
    shop.rollback()
    standing = consent.of_member(shop, member.id)
    assert not any(standing["sms"].values())
    assert standing["email"] == {"rewards": True}


def test_a_text_told_again_takes_effect_once(shop, make_here, post):
    member = make_here.member(phone="+436641234567", consents=["sms"])
    shop.commit()
    post(text("Please stop"))
    shop.rollback()
    proof = consent.Proof(source="web", given_at=clock.now())
    consent.record(shop, member.id, [consent.Answer("sms", "rewards", granted=True)], proof, now=clock.now())
    shop.commit()

    assert "no more texts" not in post(text("Please stop")).text
    shop.rollback()
    assert consent.of_member(shop, member.id)["sms"]["rewards"] is True


def test_a_friendly_text_is_kept_and_changes_nothing(post, reports):
    answer = post(text("See you tomorrow ☕\x00"))

    assert answer.status_code == 200
    assert "<Message>" not in answer.text
    assert reports() == [("text", SID, None)]


def test_a_stop_in_other_words_is_confirmed_in_the_cafe_s_language(post, shop, make_here):
    make_here.member(phone="+436641234567", consents=["sms"])
    make_here.tenant_here().locale = "de"
    shop.commit()

    assert "Sie bekommen keine SMS mehr von uns." in post(text("bitte aufhören")).get_data(as_text=True)
