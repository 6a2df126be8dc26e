"""Square's contract: signatures, hooks, requests and answers, and a café's order from the till to the message."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest, WerkzeugOpenAPIResponse
from openapi_core.exceptions import OpenAPIError
from sqlalchemy import select
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from connectors import square
from connectors.errors import BadCredentials, NotThere, Permanent, RateLimited, Transient
from connectors.square_client import BASE_URL, VERSION, SquareClient
from connectors.square_objects import Customer, Order, Payment, Refund
from domain.tenant_scope import tenant_scope
from models.message import Message
from models.purchase import Purchase, PurchaseItem
from models.reward import RewardEvent
from tests.databases import Database
from tests.factories import Make
from tests.played.http import json_answer
from tests.played.square import PlayedSquare
from tests.web.hooks.till import connected

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
    "locations": (lambda client: client.locations(), {"locations": [{"id": "l"}]}),
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


def test_the_played_square_answers_as_the_contract_says(contract):
    with PlayedSquare() as played, httpx.Client(trust_env=False) as client:
        customer = played.enrol(given_name="Nora", phone_number="+436641234567")
        order = played.ring_up(customer=customer, tip=100, tenders=2)
        refund = played.refund(order, 500)
        headers = {"Authorization": f"Bearer {played.access_token}", "Square-Version": VERSION}
        paths = [
            f"/v2/orders/{order['id']}",
            f"/v2/orders/{refund['order_id']}",
            f"/v2/payments/{refund['payment_id']}",
            f"/v2/refunds/{refund['id']}",
            f"/v2/customers/{customer}",
            "/v2/locations",
            "/v2/orders/UNKNOWN",
        ]
        for path in paths:
            reply = client.get(played.url + path, headers=headers)
            request = WerkzeugOpenAPIRequest(EnvironBuilder(path, BASE_URL, headers=headers).get_request())
            response = Response(reply.content, reply.status_code, content_type="application/json")
            contract.validate_response(request, WerkzeugOpenAPIResponse(response))


def test_an_order_nobody_here_invented_unlocks_a_reward_and_plans_its_message(folder, database, app):
    told = (folder / "sample_payment.updated.cafe.json").read_bytes()
    order = json.loads((folder / "sample_retrieve_order_response.cafe.json").read_bytes())["order"]
    payment = json.loads(told)["data"]["object"]["payment"]
    customer = json.loads((folder / "sample_customer.created.json").read_bytes())["data"]["object"]["customer"]
    with cafe(database) as make, connected(make.session, app) as till:
        till.at = datetime.fromisoformat(json.loads(told)["created_at"])
        member = make.member(phone=customer["phone_number"], consents=["email"])
        make.session.commit()
        till.square.orders[order["id"]] = order
        till.square.payments[payment["id"]] = payment
        till.square.customers[customer["id"]] = customer

        assert till.tell(*[till.square.signed(told)] * 2) == [200, 200]
        till.work()

        make.session.rollback()
        purchase = make.session.scalars(select(Purchase)).one()
        assert (purchase.external_id, purchase.member_id) == (order["id"], member.id)
        assert (purchase.amount_minor, purchase.currency, purchase.channel) == (1035, "EUR", "pos")
        items = make.session.scalars(select(PurchaseItem).order_by(PurchaseItem.id)).all()
        assert [(item.name, item.amount_minor) for item in items] == [("Flat White, Oat", 756), ("Croissant", 279)]
        unlocked = make.session.scalars(select(RewardEvent)).one()
        message = make.session.scalars(select(Message)).one()
        assert (message.channel, message.state, message.member_id) == ("email", "planned", member.id)
        assert message.occasion == f"reward_event:{unlocked.id}"


@contextmanager
def cafe(database: Database) -> Iterator[Make]:
    """Builders for a café that gives a coffee for ten points and says so by e-mail."""
    with database.session() as session:
        tenant_id = Make(session).tenant().id
        session.commit()
        with tenant_scope(tenant_id):
            make = Make(session)
            make.earning_rule()
            make.gateway("email")
            make.reward(channels=["email"])
            session.commit()
            yield make
