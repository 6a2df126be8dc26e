import json

import pytest

from connectors import accounts, square
from domain import clock
from domain.tenant_scope import tenant_scope


def test_a_signed_hook_is_kept_and_answered_at_once(till, kept, purchases):
    till.square.ring_up()

    assert till.tell() == [200]
    assert [(hook.state, hook.kind) for hook in kept()] == [("new", "payment.updated")]
    assert purchases() == []
    assert till.square.requests == []


@pytest.mark.parametrize("signature", ["", "nonsense", "AAAA", "ÿ", "4Zs+Ysn+nnnMZrqKy/SloJPXNxAOSyWArpfC3e1lnV4="])
def test_a_wrong_signature_is_refused_and_nothing_is_stored(till, kept, signature):
    till.square.ring_up()

    answer = till.post(till.square.sent[0].body, **{square.SIGNATURE_HEADER: signature})

    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert kept() == []


def test_without_a_signature_nothing_is_stored(till, kept):
    assert till.post(b"{}").status_code == 401
    assert kept() == []


def test_a_signature_for_another_address_is_refused(till, kept):
    till.square.notification_url += "?x=1"
    till.square.ring_up()

    assert till.tell() == [401]
    assert kept() == []


def test_the_query_is_part_of_the_address(till, kept):
    till.square.notification_url += "?x=1"
    till.path += "?x=1"
    till.square.ring_up()

    assert till.tell() == [200]


def test_what_a_proxy_calls_us_does_not_matter(till):
    till.square.ring_up()
    hook = till.square.sent[0]

    headers = {square.SIGNATURE_HEADER: hook.signature, "Host": "inside.example", "X-Forwarded-Proto": "https"}
    assert till.post(hook.body, **headers).status_code == 200


def test_a_changed_body_is_refused(till, kept):
    till.square.ring_up()
    body = json.dumps(json.loads(till.square.sent[0].body)).encode()

    assert till.post(body, **{square.SIGNATURE_HEADER: till.square.sent[0].signature}).status_code == 401
    assert kept() == []


def test_the_same_hook_again_is_fine_and_does_nothing(till, kept):
    till.square.ring_up()
    till.square.sent *= 5

    assert till.tell() == [200] * 5
    assert len(kept()) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"[]",
        b"\xff\x00",
        b'{"type": "inventory.count.updated", "event_id": "e1", "data": {}}',
        b'{"type": 5}',
        b'{"type": "payment.updated", "event_id": "e1", "data": {"object": {"payment": null}}}',
        b'{"a": "\\u0000\\ud800"}',
    ],
)
def test_what_is_signed_but_not_understood_is_kept_for_the_owner(till, kept, body):
    assert till.tell(till.square.signed(body), till.square.signed(body)) == [202, 202]
    assert [hook.state for hook in kept()] == ["unknown"]


def test_an_address_that_is_nobodys_is_not_there(till):
    till.square.ring_up()
    known, till.path = till.path, "/hooks/square/guessed"
    assert till.tell() == [404]
    till.path = known.replace("square", "twilio")
    assert till.tell() == [404]


def test_more_than_a_hook_can_be_is_too_large(till, kept):
    assert till.tell(till.square.signed(b'{"a": "' + b"x" * 1024 * 1024 + b'"}')) == [413]
    assert kept() == []


def test_hooks_of_a_stopped_connection_wait_for_the_owner(till, shop, kept):
    accounts.stop(shop, till.connector_id, because="Access was revoked.", now=clock.now())
    shop.commit()
    till.square.ring_up()

    assert till.tell() == [200]
    assert [(hook.state, hook.detail) for hook in kept()] == [("parked", "Access was revoked.")]


def test_another_cafe_sees_nothing_of_it(till, kept, shop, make_here):
    till.square.ring_up()
    till.tell()
    other_id = make_here.tenant().id
    shop.commit()

    with tenant_scope(other_id):
        assert kept() == []
    assert len(kept()) == 1
