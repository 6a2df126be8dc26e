"""Our Slack requests against the vendor's file."""

import json
from pathlib import Path

import pytest

from domain.delivery.ports import STAFF, Outgoing, SendOutcome
from gateways.slack import SlackConfig, SlackGateway
from tests.contracts.vendors import api_of, example, objections, statuses
from tests.played.slack import PlayedSlack, words

PATH = "/services/{team}/{hook}/{secret}"
LINE = Outgoing(7, STAFF, "Nora <nora@example.com> redeemed a coffee ☕", ref="1.7")


@pytest.fixture(scope="module")
def api(contracts: Path):
    return api_of(contracts, "slack")


@pytest.fixture
def vendor():
    with PlayedSlack() as server:
        yield server


@pytest.fixture
def gateway(vendor):
    gateway = SlackGateway(SlackConfig.model_validate(vendor.config), trusted_hosts=frozenset({vendor.host}))
    yield gateway
    gateway.close()


def test_what_we_send_is_what_the_contract_asks_for(gateway, vendor, api):
    assert gateway.send([LINE])[0].outcome is SendOutcome.ACCEPTED

    document = json.loads(vendor.requests[0].get_data())
    assert objections(api, PATH, document) == []
    assert objections(api, PATH, document | {"surprise": 1})
    assert objections(api, PATH, document | {"text": ""})


def test_the_answers_of_the_contract_are_understood(gateway, vendor, api):
    meanings = {
        "200": SendOutcome.ACCEPTED,
        "400": SendOutcome.REFUSED,
        "403": SendOutcome.GATEWAY_DOWN,
        "404": SendOutcome.GATEWAY_DOWN,
        "410": SendOutcome.GATEWAY_DOWN,
        "429": SendOutcome.TRY_LATER,
        "500": SendOutcome.UNSURE,
    }
    assert statuses(api, PATH) <= meanings.keys()
    for status in statuses(api, PATH):
        vendor.say(words(int(status), example(api, PATH, status, kind="text/plain") or ""))
        assert gateway.send([LINE])[0].outcome is meanings[status], status
