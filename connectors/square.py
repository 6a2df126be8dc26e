"""Square, the till: its signed hooks, and what they mean in our words.

Hooks are taken as hints. Whatever one says, the order, payment or refund is read again before anything is recorded,
so hooks that come twice, late or out of order lead to the same end.

A sale is an order, not a payment: its key is the order's id, and it counts once, when the order is completed, however
many payments it was split into. A payment that belongs to no order stands for itself.

Who bought: the order's customer, else that of its payments, else that of its tenders, found among our members by
`reference_id` (our external id, where the café keeps it there), phone, e-mail. A customer who is nobody's member is not
made one, since joining is the guest's own decision: the sale is recorded without a member.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard

from connectors.canon import (
    Buyer,
    CanonicalRefund,
    CanonicalSale,
    Finding,
    Nothing,
    Notice,
    Revoked,
    SaleDiscount,
    SaleLine,
)
from connectors.errors import NotThere, Permanent
from connectors.square_client import SquareClient
from connectors.square_objects import Customer, Order, Payment

SOURCE = "square"
SIGNATURE_HEADER = "x-square-hmacsha256-signature"

_ONLINE = {"ONLINE_STORE", "ECOMMERCE_API", "INVOICES", "VIRTUAL_TERMINAL"}
_IDENTIFIER = re.compile(r"[A-Za-z0-9_:=+-]{1,255}")
_KEPT_UNDER = {  # where a hook's object stands in its envelope
    "payment.created": "payment",
    "payment.updated": "payment",
    "refund.created": "refund",
    "refund.updated": "refund",
    "order.updated": "order_updated",
    "customer.created": "customer",
    "customer.updated": "customer",
    "customer.deleted": "customer",
}
_REVOKED = "oauth.authorization.revoked"


def verify(body: bytes, *, signature: str | None, url: str, key: str) -> bool:
    """Whether Square signed these bytes for this address, to the letter. Without a key nothing is signed."""
    expected = sign(body, url=url, key=key)
    return bool(key) and hmac.compare_digest((signature or "").encode(), expected.encode())


def sign(body: bytes, *, url: str, key: str) -> str:
    """The signature that `verify` accepts, as the header carries it."""
    return base64.b64encode(hmac.new(key.encode(), url.encode() + body, hashlib.sha256).digest()).decode()


def read(body: Mapping[str, Any]) -> Notice | None:
    """What a hook tells, or None when it is of a kind we do not follow or not put together as Square does."""
    key, kind = body.get("event_id"), body.get("type")
    if not (_is_identifier(key) and isinstance(kind, str)):
        return None
    if kind == _REVOKED:
        return Notice(key=key, kind=kind, subject=str(body.get("merchant_id", "")), body=body)
    subject = _subject(body, kind)
    return Notice(key=key, kind=kind, subject=subject, body=body) if _is_identifier(subject) else None


class Square:
    """One café's till at Square."""

    source = SOURCE

    def __init__(self, client: SquareClient) -> None:
        self._client = client

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def resolve(self, notice: Notice) -> Finding:
        """Ask Square what the notice stands for by now. Raises `ConnectorError`, by what is to be done about it."""
        noun = notice.kind.partition(".")[0]
        if notice.kind == _REVOKED:
            return Revoked("The access was revoked in Square.")
        if noun == "payment":
            return self._paid(notice)
        if noun == "refund":
            return self._refund(notice.subject)
        if noun == "order":
            return self._completed(notice)
        return Nothing("Customers of the till join the programme themselves.")

    def outlets(self) -> dict[str, str]:
        """The seller's shops: name by id, empty where a shop has none."""
        return {location.id: (location.name or "").strip() for location in self._client.locations()}

    def missed(self, *, since: datetime, until: datetime) -> Iterator[list[Notice]]:
        """Pages of notices for whatever was completed or given back in this window, as a hook would have told it.

        Square's results lag by seconds and offline tills by days: windows are by the last change and should overlap.
        """
        for orders in self._client.completed_orders(since=since, until=until):
            yield [_found("order", order_id, "COMPLETED") for order_id in orders]
        for refunds in self._client.refunds(since=since, until=until):
            yield [_found("refund", refund.id, "COMPLETED") for refund in refunds if refund.status == "COMPLETED"]

    def _paid(self, notice: Notice) -> Finding:
        told = notice.body["data"]["object"]["payment"]
        if told.get("status") != "COMPLETED":
            return Nothing(f"The payment is {told.get('status')}.")
        if _is_identifier(told.get("order_id")):
            return self._sale(told["order_id"])
        payment = self._client.payment(notice.subject)
        return self._sale(payment.order_id) if payment.order_id else self._sale_without_order(payment)

    def _completed(self, notice: Notice) -> Finding:
        state = notice.body["data"]["object"]["order_updated"].get("state")
        return self._sale(notice.subject) if state == "COMPLETED" else Nothing(f"The order is {state}.")

    def _sale(self, order_id: str) -> Finding:
        order = self._client.order(order_id)
        if order.is_return:
            return Nothing("The order is a return; its refund counts.")
        if order.state != "COMPLETED" or order.total_money is None:
            return Nothing(f"The order is {order.state}.")
        payments = [self._client.payment(tender.payment_id) for tender in order.tenders if tender.payment_id]
        return CanonicalSale(
            source=SOURCE,
            external_id=order.id,
            amount_minor=max(order.total_money.amount - order.total_tip_money.amount, 0),
            currency=order.total_money.currency,
            occurred_at=_closed(order, payments),
            channel=_channel(order, payments),
            buyer=self._buyer(_customer_ids(order, payments)),
            outlet=order.location_id,
            lines=_lines(order),
            discounts=_discounts(order),
            payment_method=_method(payments),
        )

    def _sale_without_order(self, payment: Payment) -> Finding:
        if payment.status != "COMPLETED" or payment.total_money is None:
            return Nothing(f"The payment is {payment.status}.")
        return CanonicalSale(
            source=SOURCE,
            external_id=payment.id,
            amount_minor=max(payment.total_money.amount - payment.tip_money.amount, 0),
            currency=payment.total_money.currency,
            occurred_at=_known(payment.created_at),
            channel="online" if payment.product in _ONLINE else "pos",
            buyer=self._buyer([payment.customer_id]),
            outlet=payment.location_id,
            payment_method=_method([payment]),
        )

    def _refund(self, refund_id: str) -> Finding:
        refund = self._client.refund(refund_id)
        if refund.status != "COMPLETED":
            return Nothing(f"The refund is {refund.status}.")
        if refund.payment_id is None:
            return Nothing("The refund belongs to no payment.")
        payment = self._client.payment(refund.payment_id)
        return CanonicalRefund(
            source=SOURCE,
            external_id=refund.id,
            sale_id=payment.order_id or payment.id,
            amount_minor=self._without_tip(refund.amount_money.amount, refund.order_id),
            currency=refund.amount_money.currency,
            occurred_at=_known(refund.updated_at or refund.created_at),
        )

    def _without_tip(self, amount: int, return_order_id: str | None) -> int:
        """A tip never earned anything, so what of it is given back reverses nothing either."""
        try:
            returned = self._client.order(return_order_id).return_amounts if return_order_id else None
        except NotThere:  # a refund of a bare amount has no return order
            returned = None
        if returned is None or returned.total_money.amount <= 0:
            return amount
        return amount - amount * returned.tip_money.amount // returned.total_money.amount

    def _buyer(self, customer_ids: list[str | None]) -> Buyer | None:
        customer_id = next((each for each in customer_ids if each), None)
        if customer_id is None:
            return None
        try:
            return _buyer(self._client.customer(customer_id))
        except NotThere:  # deleted since: the sale still counts
            return None


def _is_identifier(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _IDENTIFIER.fullmatch(value) is not None


def _subject(body: Mapping[str, Any], kind: str) -> Any:
    try:
        told = body["data"]["object"][_KEPT_UNDER[kind]]
        return told.get("order_id") if kind == "order.updated" else told.get("id")
    except (LookupError, TypeError, AttributeError):
        return None


def _found(noun: str, subject: str, state: str) -> Notice:
    kept = {"refund": ("refund", "id", "status"), "order": ("order_updated", "order_id", "state")}[noun]
    told = {kept[0]: {kept[1]: subject, kept[2]: state}}
    key, kind = f"found:{noun}:{subject}", f"{noun}.updated"
    body = {"event_id": key, "type": kind, "data": {"id": subject, "object": told}}
    return Notice(key=key, kind=kind, subject=subject, body=body)


def _known(at: datetime | None) -> datetime:
    if at is None:
        raise Permanent("Square did not say when it happened.")
    return at.astimezone(UTC)


def _closed(order: Order, payments: list[Payment]) -> datetime:
    paid = next((payment.created_at for payment in payments if payment.created_at), None)
    return _known(order.closed_at or paid or order.updated_at)


def _channel(order: Order, payments: list[Payment]) -> str:
    product = next((payment.product for payment in payments if payment.product), None)
    if product is None:
        return "online" if order.source and "online" in (order.source.name or "").lower() else "pos"
    return "online" if product in _ONLINE else "pos"


def _customer_ids(order: Order, payments: list[Payment]) -> list[str | None]:
    return [
        *(payment.customer_id for payment in payments),
        order.customer_id,
        *(tender.customer_id for tender in order.tenders),
    ]


def _method(payments: list[Payment]) -> str | None:
    return "+".join(sorted({payment.source_type.lower() for payment in payments if payment.source_type})) or None


def _lines(order: Order) -> tuple[SaleLine, ...]:
    return tuple(
        SaleLine(
            name=item.title, quantity=item.quantity, amount_minor=item.total_money.amount, sku=item.catalog_object_id
        )
        for item in order.line_items
    )


def _discounts(order: Order) -> tuple[SaleDiscount, ...]:
    return tuple(
        SaleDiscount(
            scope="item" if each.scope == "LINE_ITEM" else "receipt",
            name=each.name or "Discount",
            amount_minor=each.applied_money.amount,
        )
        for each in order.discounts
    )


def _buyer(customer: Customer) -> Buyer:
    return Buyer(
        external_id=customer.reference_id or None,
        phone=customer.phone_number or None,
        email=customer.email_address or None,
    )
