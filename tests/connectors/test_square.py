import json

import httpx
import pytest

from connectors import square
from connectors.canon import Buyer, CanonicalRefund, CanonicalSale, Nothing, Revoked
from connectors.errors import BadCredentials, NotThere, Permanent, RateLimited, Transient
from connectors.square import Square
from connectors.square_client import SquareClient
from tests.played.http import Fault, json_answer
from tests.played.square import PlayedSquare

URL = "https://cafe.example/hooks/square/secret"
KEY = "the-signature-key"


@pytest.fixture
def played():
    with PlayedSquare() as played:
        yield played


@pytest.fixture
def till(played):
    client = httpx.Client(timeout=1, trust_env=False)
    till = Square(SquareClient(client, access_token=played.access_token, url=played.url))
    yield till
    till.close()


def told(hook):
    return square.read(json.loads(hook.body))


def test_only_the_same_bytes_to_the_same_address_with_the_same_key_fit_a_signature():
    signature = square.sign(b'{"a": 1}', url=URL, key=KEY)

    assert square.verify(b'{"a": 1}', signature=signature, url=URL, key=KEY)
    assert not square.verify(b'{"a":1}', signature=signature, url=URL, key=KEY)
    assert not square.verify(b'{"a": 1}', signature=signature, url=URL + "/", key=KEY)
    assert not square.verify(b'{"a": 1}', signature=signature, url=URL, key=KEY + "x")


@pytest.mark.parametrize("signature", [None, "", "nonsense", "ÿ", "=" * 44, "AAAA"])
def test_what_is_no_signature_fits_nothing(signature):
    assert not square.verify(b"{}", signature=signature, url=URL, key=KEY)


def test_without_a_key_nothing_is_signed():
    assert not square.verify(b"{}", signature=square.sign(b"{}", url=URL, key=""), url=URL, key="")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"event_id": "e1"},
        {"event_id": 1, "type": "payment.updated"},
        {"event_id": "e1", "type": "payment.updated"},
        {"event_id": "e1", "type": "payment.updated", "data": []},
        {"event_id": "e1", "type": "payment.updated", "data": {"object": {"payment": "p1"}}},
        {"event_id": "e1", "type": "payment.updated", "data": {"object": {"payment": {"id": "../orders"}}}},
        {"event_id": "e" * 256, "type": "oauth.authorization.revoked"},
        {"event_id": "e1", "type": "inventory.count.updated", "data": {"object": {}}},
    ],
)
def test_what_is_not_put_together_as_square_does_is_not_understood(body):
    assert square.read(body) is None


def test_a_paid_order_is_a_sale_without_its_tip(played, till):
    customer = played.enrol(reference_id="m-7", phone_number="0664 1234567", email_address="n@example.com")
    order = played.ring_up(customer=customer, tip=100)

    sale = till.resolve(told(played.sent[-1]))

    assert isinstance(sale, CanonicalSale)
    assert (sale.source, sale.external_id, sale.outlet) == ("square", order["id"], order["location_id"])
    assert (sale.amount_minor, sale.currency, sale.channel, sale.payment_method) == (1150, "EUR", "pos", "card")
    assert sale.buyer == Buyer(external_id="m-7", phone="0664 1234567", email="n@example.com")
    assert [(line.name, line.quantity, line.amount_minor) for line in sale.lines] == [
        ("Flat White", 2, 840),
        ("Croissant", 1, 310),
    ]


def test_a_split_order_is_one_sale_and_only_when_the_last_part_is_paid(played, till):
    order = played.open_order()
    first, second = played.split(order, 2)

    played.pay(order, first)
    assert till.resolve(told(played.sent[-1])) == Nothing("The order is OPEN.")
    played.pay(order, second)
    sales = {till.resolve(told(hook)) for hook in played.sent}

    assert [(sale.external_id, sale.amount_minor) for sale in sales] == [(order["id"], 1150)]


@pytest.mark.parametrize("status", ["APPROVED", "CANCELED", "FAILED", "PENDING"])
def test_a_payment_that_is_not_completed_is_nothing_and_asks_nothing(played, till, status):
    payment = {"id": "p1", "status": status, "order_id": "o1"}

    finding = till.resolve(told(played.tell("payment.updated", "payment", payment)))

    assert finding == Nothing(f"The payment is {status}.")
    assert played.requests == []


def test_a_payment_without_an_order_stands_for_itself(played, till):
    order = played.ring_up(tip=50, tenders=1, product="ECOMMERCE_API")
    payment = next(iter(played.payments.values()))
    del payment["order_id"]

    sale = till.resolve(told(played.tell("payment.updated", "payment", payment)))

    assert (sale.external_id, sale.amount_minor, sale.channel) == (payment["id"], 1150, "online")
    assert sale.external_id != order["id"]


@pytest.mark.parametrize(
    ("product", "channel"), [("RESTAURANTS", "pos"), ("TERMINAL_API", "pos"), ("INVOICES", "online")]
)
def test_the_product_that_took_the_money_tells_the_channel(played, till, product, channel):
    played.ring_up(product=product)

    assert till.resolve(told(played.sent[-1])).channel == channel


def test_a_customer_who_was_deleted_since_costs_no_sale(played, till):
    played.ring_up(customer="GONE")

    assert till.resolve(told(played.sent[-1])).buyer is None


def test_an_order_that_is_completed_later_is_told_by_its_own_hook(played, till):
    order = played.ring_up()

    sale = till.resolve(told(played.tell_order(order)))

    assert sale.external_id == order["id"]


def test_a_refund_takes_back_what_was_paid_for_without_the_tips_share(played, till):
    order = played.ring_up(tip=100)
    refund = played.refund(order, 1250, tip=100)

    finding = till.resolve(told(played.sent[-1]))

    assert isinstance(finding, CanonicalRefund)
    assert (finding.external_id, finding.sale_id, finding.amount_minor) == (refund["id"], order["id"], 1150)


def test_the_order_of_returned_goods_is_no_sale(played, till):
    refund = played.refund(played.ring_up())

    finding = till.resolve(told(played.tell_order(played.orders[refund["order_id"]])))

    assert finding == Nothing("The order is a return; its refund counts.")


@pytest.mark.parametrize("status", ["PENDING", "REJECTED", "FAILED"])
def test_a_refund_that_is_not_completed_is_nothing(played, till, status):
    played.refund(played.ring_up(), status=status)

    assert till.resolve(told(played.sent[-1])) == Nothing(f"The refund is {status}.")


def test_customers_of_the_till_are_nothing_to_do(played, till):
    assert isinstance(till.resolve(told(played.tell("customer.updated", "customer", {"id": "c1"}))), Nothing)


def test_an_access_that_was_revoked_says_so(till):
    notice = square.read({"event_id": "e1", "type": "oauth.authorization.revoked", "merchant_id": "m"})

    assert isinstance(till.resolve(notice), Revoked)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (json_answer(401, {"errors": [{"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED"}]}), BadCredentials),
        (json_answer(403, {"errors": [{"category": "AUTHENTICATION_ERROR", "code": "FORBIDDEN"}]}), BadCredentials),
        (json_answer(404, {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "NOT_FOUND"}]}), NotThere),
        (json_answer(400, {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "INVALID_VALUE"}]}), Permanent),
        (json_answer(409, {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "CONFLICT"}]}), Transient),
        (json_answer(429, {"errors": [{"category": "RATE_LIMIT_ERROR", "code": "RATE_LIMITED"}]}), RateLimited),
        (json_answer(500, {"errors": [{"category": "API_ERROR", "code": "INTERNAL_SERVER_ERROR"}]}), Transient),
        (json_answer(503, "a proxy's page"), Transient),
        (json_answer(302, {}, Location="https://elsewhere.example/"), Transient),
        (json_answer(200, {"order": {"id": "o1", "total_money": {"amount": "much"}}}), Permanent),
        (json_answer(200, ["no order"]), Permanent),
        (Fault.DROP, Transient),
        (Fault.HANG, Transient),
    ],
)
def test_what_goes_wrong_is_told_by_what_to_do_about_it(played, till, answer, error):
    played.ring_up()
    notice = told(played.sent[-1])
    played.say(answer)

    with pytest.raises(error) as raised:
        till.resolve(notice)

    assert type(raised.value) is error


def test_how_long_to_wait_is_what_square_says(played, till):
    played.ring_up()
    played.say(json_answer(429, {"errors": []}, Retry_After="7"))

    with pytest.raises(RateLimited) as raised:
        till.resolve(told(played.sent[-1]))

    assert raised.value.retry_after == 7


def test_a_wrong_token_is_refused_by_the_played_square_too(played):
    played.ring_up()
    with httpx.Client(trust_env=False) as client, pytest.raises(BadCredentials):
        SquareClient(client, access_token="another", url=played.url).order(next(iter(played.orders)))
