"""Our Plivo requests and signature checks against the vendor's files."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain import clock
from domain.delivery.ports import Outgoing, SendOutcome
from gateways.plivo import PlivoCalls, PlivoConfig, PlivoTexts
from gateways.plivo_hook import PlivoHook
from gateways.provider import Incoming
from tests.contracts.vendors import api_of, example, objections, statuses
from tests.gateways.opening import HOOK_URL
from tests.played.http import json_answer
from tests.played.plivo import PlayedPlivo

TEXTS, CALLS = "/v1/Account/{auth_id}/Message/", "/v1/Account/{auth_id}/Call/"
KINDS = [(PlivoTexts, TEXTS), (PlivoCalls, CALLS)]


@pytest.fixture(scope="module")
def api(contracts: Path):
    return api_of(contracts, "plivo")


@pytest.fixture
def vendor():
    with PlayedPlivo() as server:
        yield server


def send(vendor: PlayedPlivo, kind, outgoing: Outgoing) -> SendOutcome:
    settings = PlivoConfig.model_validate(vendor.config)
    gateway = kind(settings, hook_url=HOOK_URL, trusted_hosts=frozenset({vendor.host}))
    try:
        return gateway.send([outgoing])[0].outcome
    finally:
        gateway.close()


def text() -> Outgoing:
    expires_at = clock.now() + timedelta(days=3)
    return Outgoing(7, "+436641234567", "A coffee waits for you ☕", ref="1.7", expires_at=expires_at)


@pytest.mark.parametrize(("kind", "path"), KINDS)
def test_what_we_send_is_what_the_contract_asks_for(vendor, api, kind, path):
    assert send(vendor, kind, text()) is SendOutcome.ACCEPTED

    [request] = vendor.requests
    assert objections(api, path, json.loads(request.get_data())) == []
    pattern = api["paths"][path]["post"]["parameters"][0]["schema"]["pattern"]
    assert re.fullmatch(pattern, request.path.split("/")[3])
    assert request.path == path.replace("{auth_id}", request.path.split("/")[3])


@pytest.mark.parametrize(
    ("kind", "path", "broken"),
    [
        (PlivoTexts, TEXTS, {"dst": "0664"}),
        (PlivoTexts, TEXTS, {"url": "http://plain.example.com"}),
        (PlivoTexts, TEXTS, {"message_expiry": 99999}),
        (PlivoTexts, TEXTS, {"surprise": 1}),
        (PlivoCalls, CALLS, {"answer_url": ""}),
        (PlivoCalls, CALLS, {"surprise": 1}),
    ],
)
def test_the_check_itself_refuses_a_bad_document(vendor, api, kind, path, broken):
    send(vendor, kind, text())

    assert objections(api, path, json.loads(vendor.requests[0].get_data()) | broken)


@pytest.mark.parametrize(("kind", "path"), KINDS)
def test_the_answers_of_the_contract_are_understood(vendor, api, kind, path):
    meanings = {
        "201": SendOutcome.ACCEPTED,
        "202": SendOutcome.ACCEPTED,
        "400": SendOutcome.REFUSED,
        "401": SendOutcome.GATEWAY_DOWN,
        "403": SendOutcome.REFUSED,
        "404": SendOutcome.GATEWAY_DOWN,
        "405": SendOutcome.GATEWAY_DOWN,
        "429": SendOutcome.TRY_LATER,
        "500": SendOutcome.UNSURE,
    }
    assert statuses(api, path) <= meanings.keys()
    for status in statuses(api, path):
        vendor.say(json_answer(int(status), example(api, path, status)))
        assert send(vendor, kind, text()) is meanings[status], status


def vectors(contracts: Path) -> str:
    return (contracts / "messaging" / "plivo" / "contract.md").read_text()


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        ("https://answer.url", "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc="),
        ("https://app.example.com/hooks/plivo/status?t=1", "l2cB0sJun4Z0MI45XFTgBd71ztzntq1O/T7tWdqnlaI="),
    ],
)
def test_the_vendors_signatures_of_texts_hold(contracts, url, signature):
    assert signature in vectors(contracts)
    headers = {"X-Plivo-Signature-V2": signature, "X-Plivo-Signature-V2-Nonce": "12345"}
    good, now = Incoming(url, b"", headers, {"Status": ["delivered"]}), clock.now()

    assert PlivoHook("my_auth_token").verify(good, now=now)
    assert not PlivoHook("my_auth_tokens").verify(good, now=now)
    assert not PlivoHook("my_auth_token").verify(replace(good, url=url.replace("//", "//x")), now=now)


def test_the_vendors_signature_of_calls_holds(contracts):
    signature = "JfoTUCTGlH7HFyKObko4AxEfmCk2dsTVk36XsYQK97A="
    assert signature in vectors(contracts)
    form = {"CallUUID": ["abc"], "Event": ["Hangup"], "From": ["14152223333"], "To": ["14153334444"]}
    headers = {"X-Plivo-Signature-V3": f"other,{signature}", "X-Plivo-Signature-V3-Nonce": "12345"}
    good = Incoming("https://app.example.com/hooks/plivo/hangup?tenant=7", b"", headers, form)

    assert PlivoHook("my_auth_token").verify(good, now=clock.now())
    assert not PlivoHook("my_auth_token").verify(replace(good, form=form | {"To": ["1"]}), now=clock.now())
