"""Square's contract: signatures, hooks, requests and answers, and a café's order from the till to the message."""

import json

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest
from openapi_core.exceptions import OpenAPIError
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from connectors import square
from connectors.errors import BadCredentials, NotThere, Permanent, RateLimited, Transient
from connectors.square_client import BASE_URL, SquareClient
from connectors.square_objects import Customer, Order, Payment, Refund
from tests.played.http import json_answer

FOLLOWED = {
    "payment.created",
    "payment.updated",
    "refund.updated",
    "order.updated",
    "customer.created",
    "customer.updated",
}


@pytest.fixture(scope="module")
def folder(contracts):
    return contracts / "business" / "square"


@pytest.fixture(scope="module")
def document(folder):
    return json.loads((folder / "openapi.json").read_text())


@pytest.fixture(scope="module")
def contract(document):
    return OpenAPI.from_dict(document)


def samples(folder):
    return {path.name: json.loads(path.read_bytes()) for path in sorted(folder.glob("sample_*.json"))}


def hooks(folder):
    return {name: body for name, body in samples(folder).items() if "event_id" in body}


def test_every_signature_vector_is_judged_as_it_should_be(folder):
    vectors = json.loads((folder / "signature_vectors.json").read_text())
    for vector in vectors:
        body = (folder / vector["body_file"]).read_bytes() if "body_file" in vector else vector["body"].encode()
        fits = square.verify(
            body,
            signature=vector["x-square-hmacsha256-signature"],
            url=vector["notification_url"],
            key=vector["signature_key"],
        )
        assert fits is vector["valid"], vector["from"]
    assert len(vectors) >= 10


def test_a_body_that_was_written_anew_no_longer_fits(folder):
    for vector in json.loads((folder / "signature_vectors.json").read_text()):
        if "body_file" in vector:
            body = json.dumps(json.loads((folder / vector["body_file"]).read_bytes())).encode()
            signature, url = vector["x-square-hmacsha256-signature"], vector["notification_url"]
            assert not square.verify(body, signature=signature, url=url, key=vector["signature_key"])


def test_every_hook_we_follow_is_understood_and_no_other(folder):
    told = {body["type"]: square.read(body) for body in hooks(folder).values()}

    assert {kind for kind, notice in told.items() if notice} == FOLLOWED & told.keys()
    assert told.keys() >= FOLLOWED


def test_a_notice_names_what_changed(folder):
    for body in hooks(folder).values():
        notice = square.read(body)
        if notice is not None:
            assert (notice.key, notice.kind) == (body["event_id"], body["type"])
            expected = body["data"]["object"].get("order_updated", {}).get("order_id")
            assert notice.subject == (expected or next(iter(body["data"]["object"].values()))["id"])


def test_every_object_in_a_hook_is_one_we_can_read(folder):
    readers = {"payment": Payment, "refund": Refund, "customer": Customer}
    for body in hooks(folder).values():
        for noun, thing in body["data"]["object"].items():
            if noun in readers:
                assert readers[noun].model_validate(thing).id == thing["id"]


def test_every_order_of_the_contract_can_be_read(folder):
    orders = [body["order"] for body in samples(folder).values() if "order" in body]
    for order in orders:
        read = Order.model_validate(order)
        assert read.total_money.amount == order["total_money"]["amount"]
        assert len(read.line_items) == len(order["line_items"])
    assert len(orders) == 2


def asked(contract, ask, reply):
    """What `ask` sends to Square, checked against the contract; `reply` is what comes back."""
    sent = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(as_werkzeug(request))
        return httpx.Response(reply.status_code, content=reply.get_data(), headers=dict(reply.headers))

    with httpx.Client(transport=httpx.MockTransport(handle)) as client:
        ask(SquareClient(client, access_token="EAAA-token"))
    for request in sent:
        contract.validate_request(WerkzeugOpenAPIRequest(request))
    return sent


def as_werkzeug(request: httpx.Request) -> Request:
    builder = EnvironBuilder(
        request.url.raw_path.decode(), BASE_URL, method=request.method, headers=list(request.headers.items())
    )
    return builder.get_request()


QUESTIONS = {
    "order": (lambda client: client.order("03O3USaPaAaFnI6kkwB1JxGgBsUZZ"), {"order": {"id": "o", "location_id": "l"}}),
    "payment": (lambda client: client.payment("hYy9pRFVxpDsO1FB05SunFWUe9JZZ"), {"payment": {"id": "p"}}),
    "refund": (
        lambda client: client.refund("KkAk_ptNB"),
        {"refund": {"id": "r", "amount_money": {"amount": 1, "currency": "EUR"}}},
    ),
    "customer": (lambda client: client.customer("QPTXM8PQNX3Q726ZYHPMNP46XC"), {"customer": {"id": "c"}}),
    "locations": (lambda client: client.location_ids(), {"locations": [{"id": "l"}]}),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_we_ask_fits_the_contract(contract, question):
    ask, reply = QUESTIONS[question]

    assert len(asked(contract, ask, json_answer(200, reply))) == 1


def test_a_question_without_its_version_does_not_fit_the_contract(contract):
    ask, reply = QUESTIONS["order"]
    (request,) = asked(contract, ask, json_answer(200, reply))
    headers = [(name, value) for name, value in request.headers.items() if name != "Square-Version"]

    with pytest.raises(OpenAPIError):
        builder = EnvironBuilder(request.path, BASE_URL, headers=headers)
        contract.validate_request(WerkzeugOpenAPIRequest(builder.get_request()))


def test_a_question_the_contract_does_not_have_does_not_fit(contract):
    with pytest.raises(OpenAPIError):
        contract.validate_request(WerkzeugOpenAPIRequest(EnvironBuilder("/v2/nothing", BASE_URL).get_request()))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("BadRequest", Permanent),
        ("Unauthorized", BadCredentials),
        ("Forbidden", BadCredentials),
        ("NotFound", NotThere),
        ("Conflict", Transient),
        ("RateLimited", RateLimited),
        ("ServerError", Transient),
    ],
)
def test_every_refusal_of_the_contract_has_its_class(document, answer, error):
    statuses = {
        "BadRequest": 400,
        "Unauthorized": 401,
        "Forbidden": 403,
        "NotFound": 404,
        "Conflict": 409,
        "RateLimited": 429,
        "ServerError": 500,
    }
    example = document["components"]["responses"][answer]["content"]["application/json"]["example"]
    reply = httpx.Response(statuses[answer], json=example)
    with httpx.Client(transport=httpx.MockTransport(lambda _request: reply)) as client, pytest.raises(error) as raised:
        SquareClient(client, access_token="EAAA-token").order("o1")
    assert type(raised.value) is error
