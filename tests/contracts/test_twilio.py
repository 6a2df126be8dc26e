"""Our Twilio requests against the vendor's OpenAPI file, our signature check against the vendor's vectors."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from domain import clock
from domain.delivery.ports import DeliveryReport, Outgoing, ReportKind, SendOutcome
from gateways.provider import Incoming
from gateways.twilio import TwilioConfig, TwilioGateway
from gateways.twilio_hook import TwilioHook
from tests.played.twilio import PlayedTwilio, trouble

PATH = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
HOOK = "https://app.example.com/hooks/twilio/token"


@pytest.fixture(scope="session")
def twilio(contracts: Path) -> Path:
    return contracts / "messaging" / "twilio"


@pytest.fixture(scope="session")
def api(twilio: Path) -> dict[str, Any]:
    return json.loads((twilio / "openapi.json").read_text())


@pytest.fixture(scope="session")
def vectors(twilio: Path) -> str:
    return (twilio / "contract.md").read_text()


@pytest.fixture
def vendor():
    with PlayedTwilio() as server:
        yield server


def send(vendor: PlayedTwilio, *outgoing: Outgoing, **config: str) -> list[SendOutcome]:
    settings = TwilioConfig.model_validate(vendor.config | config)
    gateway = TwilioGateway(settings, hook_url=HOOK, trusted_hosts=frozenset({vendor.host}))
    try:
        return [result.outcome for result in gateway.send(outgoing)]
    finally:
        gateway.close()


def objections(api: dict[str, Any], form: dict[str, Any]) -> list[str]:
    """What the contract has against a form. Forms carry texts only: numbers are read where the schema wants them."""
    content = api["paths"][PATH]["post"]["requestBody"]["content"]
    schema = content["application/x-www-form-urlencoded"]["schema"] | {"components": api["components"]}
    numbers = {name for name, rules in schema["properties"].items() if rules.get("type") == "integer"}
    form = {name: int(value) if name in numbers else value for name, value in form.items()}
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(form)]


def text(number: int = 7, **changes: Any) -> Outgoing:
    given = {"message_id": number, "to": "+15558675310", "body": "A coffee waits for you ☕", "ref": "r"} | changes
    return Outgoing(**given)


@pytest.mark.parametrize("sender", ["+15017122661", "Aurora", "MG" + "b" * 32])
def test_what_we_send_is_what_the_contract_asks_for(vendor, api, sender):
    expiring = text(expires_at=clock.now() + timedelta(days=3))
    assert send(vendor, text(), expiring, **{"from": sender}) == [SendOutcome.ACCEPTED] * 2

    account = api["paths"][PATH]["post"]["parameters"][0]["schema"]["pattern"]
    for request in vendor.requests:
        assert request.mimetype == "application/x-www-form-urlencoded"
        assert objections(api, request.form.to_dict()) == []
        assert re.fullmatch(account, request.path.split("/")[3])
        assert (request.method, request.path) == ("POST", PATH.replace("{AccountSid}", vendor.account_sid))
        assert request.authorization.type == "basic"
        assert request.form["StatusCallback"] == f"{HOOK}?message=7"


@pytest.mark.parametrize(
    "broken",
    [
        {"To": "0664 1234567"},
        {"Surprise": "1"},
        {"Body": ""},
        {"Body": "x" * 1601},
        {"StatusCallback": "http://app.example.com/x"},
        {"ValidityPeriod": "36001"},
        {"From": ""},
    ],
)
def test_the_check_itself_refuses_a_bad_form(vendor, api, broken):
    send(vendor, text())
    good = vendor.requests[0].form.to_dict()

    assert objections(api, good) == []
    assert objections(api, good | broken)


def test_the_answers_of_the_contract_are_understood(vendor, api):
    answers = api["paths"][PATH]["post"]["responses"]
    meanings = {
        "400": SendOutcome.REFUSED,
        "401": SendOutcome.GATEWAY_DOWN,
        "404": SendOutcome.GATEWAY_DOWN,
        "429": SendOutcome.TRY_LATER,
        "500": SendOutcome.UNSURE,
        "503": SendOutcome.TRY_LATER,
    }
    assert meanings.keys() == answers.keys() - {"201"}
    for status, outcome in meanings.items():
        example = answers[status]["content"]["application/json"]["example"]
        vendor.say(trouble(int(status), example["code"], example["message"]))
        assert send(vendor, text()) == [outcome], status


def test_the_played_server_answers_as_the_contract_says(vendor, api):
    send(vendor, text())
    schema = api["components"]["schemas"]["api.v2010.account.message"]
    given = vendor._resource(vendor.messages[0])

    assert given.keys() <= schema["properties"].keys()
    assert re.fullmatch(schema["properties"]["sid"]["pattern"], given["sid"])
    assert given["status"] in api["components"]["schemas"]["message_enum_status"]["enum"]


def test_every_status_of_the_contract_has_a_meaning(api):
    statuses = api["components"]["schemas"]["StatusCallbackForm"]["properties"]["MessageStatus"]["enum"]
    inbound = {"receiving", "received"}  # of texts that come in, never of one of ours
    for status in set(statuses) - inbound:
        form = {"MessageSid": ["SM" + "a" * 32], "MessageStatus": [status]}
        [report] = TwilioHook("t").read(Incoming(HOOK, b"", {}, form))
        assert isinstance(report, DeliveryReport), status
        assert report.kind in ReportKind


URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+14158675309"],
    "Digits": ["1234"],
    "From": ["+14158675309"],
    "To": ["+18005551212"],
}
STATUS = {
    "MessageSid": ["SM" + "a" * 32],
    "AccountSid": ["AC" + "b" * 32],
    "MessageStatus": ["delivered"],
    "From": ["+15017122661"],
    "To": ["+15558675310"],
}
REPEATED = {"Sid": ["CA123"], "SidAccount": ["AC123"], "Digits": ["5678", "1234", "1234"]}


@pytest.mark.parametrize(
    ("url", "form", "signature", "settings"),
    [
        (URL, CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", None),
        (URL, CALL, "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=", "key=k1,algorithm=HMAC_SHA256"),
        (URL, REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU=", None),
        ("https://app.example.com/hooks/twilio/status?t=1", STATUS, "3fvg+6VAlp+Da2yQ7WisNZRu2Pc=", None),
    ],
)
def test_the_vendors_signatures_hold(vectors, url, form, signature, settings):
    assert signature in vectors  # the vector is the contract's, not ours

    headers = {"X-Twilio-Signature": signature}
    if settings:
        headers["X-Twilio-Webhooks-Signature-Settings"] = settings
    good = Incoming(url, b"", headers, form)
    hook, now = TwilioHook("12345"), clock.now()
    assert hook.verify(good, now=now)
    assert not hook.verify(replace(good, form=form | {"To": ["+1"]}), now=now)
    assert not hook.verify(replace(good, url=url + "x"), now=now)
    assert not TwilioHook("54321").verify(good, now=now)
