"""Our SendGrid requests and signature check against the vendor's files."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from werkzeug.wrappers import Response

from domain.delivery.ports import DeliveryReport, SendOutcome
from gateways.provider import Incoming
from gateways.sendgrid import SendgridConfig, SendgridGateway
from gateways.sendgrid_hook import SendgridHook
from tests.contracts.vendors import api_of, example, objections, statuses
from tests.gateways.test_sendgrid import mail
from tests.played.http import json_answer
from tests.played.sendgrid import PlayedSendgrid

PATH = "/v3/mail/send"


@pytest.fixture(scope="module")
def api(contracts: Path):
    return api_of(contracts, "sendgrid")


@pytest.fixture
def vendor():
    with PlayedSendgrid() as server:
        yield server


@pytest.fixture
def gateway(vendor):
    settings = SendgridConfig.model_validate(vendor.config)
    gateway = SendgridGateway(settings, trusted_hosts=frozenset({vendor.host}))
    yield gateway
    gateway.close()


def test_what_we_send_is_what_the_contract_asks_for(gateway, vendor, api):
    gateway.send([mail(7)])

    [request] = vendor.requests
    assert (request.method, request.path, request.mimetype) == ("POST", PATH, "application/json")
    assert objections(api, PATH, json.loads(request.get_data())) == []


@pytest.mark.parametrize(
    "broken", [{"from": {}}, {"personalizations": []}, {"content": [{"type": "text/plain", "value": ""}]}, {"to": "x"}]
)
def test_the_check_itself_refuses_a_bad_document(gateway, vendor, api, broken):
    gateway.send([mail(7)])

    assert objections(api, PATH, vendor.mails[0] | broken)


def test_the_answers_of_the_contract_are_understood(gateway, vendor, api):
    meanings = {
        "202": SendOutcome.ACCEPTED,
        "400": SendOutcome.REFUSED,
        "401": SendOutcome.GATEWAY_DOWN,
        "403": SendOutcome.GATEWAY_DOWN,
        "413": SendOutcome.REFUSED,
        "429": SendOutcome.TRY_LATER,
    }
    for status in statuses(api, PATH):
        document = example(api, PATH, status)
        vendor.say(json_answer(int(status), document) if document else Response(status=int(status)))
        expected = meanings.get(status, SendOutcome.REFUSED if status.startswith("4") else SendOutcome.UNSURE)
        assert gateway.send([mail(7)])[0].outcome is expected, status


def test_the_vendors_signature_holds(contracts: Path):
    words = (contracts / "messaging" / "sendgrid" / "contract.md").read_text()
    key = re.search(r"- key `([^`]+)`", words)[1]
    timestamp = re.search(r"- timestamp `(\d+)`", words)[1]
    signature = re.search(r"- signature `([^`]+)`", words)[1]
    body = re.search(r"CR LF\): `(\[.*?\])`", words)[1].encode() + b"\r\n"
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }
    good, now = Incoming("", body, headers), datetime.fromtimestamp(int(timestamp), UTC)
    hook = SendgridHook(key)

    assert hook.verify(good, now=now)
    assert not hook.verify(replace(good, raw=body[:-2]), now=now)
    assert not hook.verify(replace(good, headers=headers | {"X-Twilio-Email-Event-Webhook-Timestamp": "1"}), now=now)
    [report] = hook.read(good)
    assert isinstance(report, DeliveryReport)
    assert (report.suppress, report.provider_ref) == ("bounced", "LRzXl_NHStOGhQ4kofSm_A")
