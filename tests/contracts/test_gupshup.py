"""Our Gupshup requests against the vendor's file."""

from pathlib import Path

import pytest

from domain.delivery.ports import ApprovedWording, Outgoing, SendOutcome
from gateways.gupshup import GupshupConfig, GupshupGateway
from tests.contracts.vendors import FORM, api_of, example, objections, statuses
from tests.played.gupshup import APPROVED, PlayedGupshup
from tests.played.http import json_answer

WORDS, TEMPLATE = "/wa/api/v1/msg", "/wa/api/v1/template/msg"
OUTGOING = {
    WORDS: Outgoing(7, "+436641234567", 'A "coffee" waits ☕', ref="1.7"),
    TEMPLATE: Outgoing(7, "+436641234567", "A coffee", ref="1.7", approved=ApprovedWording(APPROVED, ("Nora", "{}"))),
}


@pytest.fixture(scope="module")
def api(contracts: Path):
    return api_of(contracts, "gupshup")


@pytest.fixture
def vendor():
    with PlayedGupshup() as server:
        yield server


@pytest.fixture
def gateway(vendor):
    gateway = GupshupGateway(GupshupConfig.model_validate(vendor.config), trusted_hosts=frozenset({vendor.host}))
    yield gateway
    gateway.close()


@pytest.mark.parametrize("path", [WORDS, TEMPLATE])
def test_what_we_send_is_what_the_contract_asks_for(gateway, vendor, api, path):
    assert gateway.send([OUTGOING[path]])[0].outcome is SendOutcome.ACCEPTED

    [request] = vendor.requests
    assert (request.method, request.path, request.mimetype) == ("POST", path, FORM)
    assert objections(api, path, request.form.to_dict(), kind=FORM) == []


@pytest.mark.parametrize("broken", [{"destination": "+43"}, {"surprise": "1"}, {"channel": "sms"}, {"src.name": ""}])
@pytest.mark.parametrize("path", [WORDS, TEMPLATE])
def test_the_check_itself_refuses_a_bad_form(gateway, vendor, api, path, broken):
    gateway.send([OUTGOING[path]])

    assert objections(api, path, vendor.requests[0].form.to_dict() | broken, kind=FORM)


@pytest.mark.parametrize("path", [WORDS, TEMPLATE])
def test_the_answers_of_the_contract_are_understood(gateway, vendor, api, path):
    meanings = {
        "200": SendOutcome.ACCEPTED,
        "202": SendOutcome.ACCEPTED,
        "400": SendOutcome.REFUSED,
        "401": SendOutcome.GATEWAY_DOWN,
        "429": SendOutcome.TRY_LATER,
        "500": SendOutcome.UNSURE,
    }
    assert statuses(api, path) <= meanings.keys()
    for status in statuses(api, path):
        vendor.say(json_answer(int(status), example(api, path, status)))
        assert gateway.send([OUTGOING[path]])[0].outcome is meanings[status], status
