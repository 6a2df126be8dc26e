"""Square as a café's till talks to it: the API on loopback that refuses what Square would refuse, and its signed hooks.

`ring_up` and `refund` do what the barista does; each sends the hook that Square would send, signed for the address it
was registered with. Hooks can be lost (`losing_hooks`), sent again (`replay`), or held back and sent in any order.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.played.square_api import MERCHANT, SquareApi

LOCATION = "S8GWD5R9QB376"

Item = tuple[str, int, int]  # name, quantity, price of one in minor units
CAFE_ORDER: Sequence[Item] = (("Flat White", 2, 420), ("Croissant", 1, 310))


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook on its way: exactly these bytes, with exactly this signature."""

    body: bytes
    signature: str

    @property
    def event_id(self) -> str:
        return json.loads(self.body)["event_id"]


class PlayedSquare(SquareApi):
    """One seller at Square, with one location unless more are given."""

    def __init__(
        self,
        *,
        access_token: str = "EAAA-played-token",
        signature_key: str = "played-signature-key",
        notification_url: str = "",
        customers: Sequence[dict[str, Any]] = (),
        locations: Sequence[str] = (LOCATION,),
        currency: str = "EUR",
        port: int = 0,
    ) -> None:
        super().__init__(access_token=access_token, locations=locations, port=port)
        self.signature_key = signature_key
        self.notification_url = notification_url
        self.currency = currency
        self.customers |= {each["id"]: each for each in customers}
        self.sent: list[Hook] = []
        self.answers: list[int] = []
        self._is_losing = False
        self._lock = threading.Lock()

    # What the barista does

    def ring_up(
        self,
        *,
        customer: str | None = None,
        items: Sequence[Item] = CAFE_ORDER,
        location: str | None = None,
        tip: int = 0,
        tenders: int = 1,
        product: str = "SQUARE_POS",
        at: datetime | None = None,
    ) -> dict[str, Any]:
        """Sell these items to a customer (by id, or nobody) and tell the listener. The order, as Square has it."""
        order = self.open_order(customer=customer, items=items, location=location, tip=tip, at=at)
        for payment in self.split(order, tenders, product=product):
            self.pay(order, payment)
        return order

    def open_order(
        self,
        *,
        customer: str | None = None,
        items: Sequence[Item] = CAFE_ORDER,
        location: str | None = None,
        tip: int = 0,
        at: datetime | None = None,
    ) -> dict[str, Any]:
        """An order that waits to be paid."""
        at = at or datetime.now(UTC)
        total = sum(quantity * price for _name, quantity, price in items)
        order = {
            "id": _identifier(29),
            "location_id": location or self.locations[0],
            "source": {"name": "Square Point of Sale"},
            "state": "OPEN",
            "version": 1,
            "created_at": _instant(at),
            "updated_at": _instant(at),
            "total_money": self._money(total + tip),
            "total_tip_money": self._money(tip),
            "line_items": [self._line(*item) for item in items],
            "tenders": [],
        }
        if customer:
            order["customer_id"] = customer
        self.orders[order["id"]] = order
        return order

    def split(self, order: dict[str, Any], parts: int, *, product: str = "SQUARE_POS") -> list[dict[str, Any]]:
        """Payments that together cover the order, each still to be made."""
        total, tip = order["total_money"]["amount"], order["total_tip_money"]["amount"]
        shares = [total // parts + (1 if number < total % parts else 0) for number in range(parts)]
        payments = []
        for number, share in enumerate(shares):
            own_tip = tip if number == 0 else 0
            payment = {
                "id": _identifier(29),
                "status": "APPROVED",
                "order_id": order["id"],
                "location_id": order["location_id"],
                "source_type": "CARD",
                "amount_money": self._money(share - own_tip),
                "tip_money": self._money(own_tip),
                "total_money": self._money(share),
                "application_details": {"square_product": product},
                "created_at": order["created_at"],
                "updated_at": order["updated_at"],
            }
            if "customer_id" in order:
                payment["customer_id"] = order["customer_id"]
            self.payments[payment["id"]] = payment
            payments.append(payment)
        return payments

    def pay(self, order: dict[str, Any], payment: dict[str, Any]) -> None:
        """Complete one payment; with the last one the order is complete too. The hook follows."""
        payment["status"] = "COMPLETED"
        order["tenders"].append(self._tender(payment))
        order["version"] += 1
        paid = sum(tender["amount_money"]["amount"] for tender in order["tenders"])
        if paid >= order["total_money"]["amount"]:
            order |= {"state": "COMPLETED", "closed_at": order["created_at"], "updated_at": _instant(datetime.now(UTC))}
        self.tell("payment.updated", "payment", payment)

    def refund(
        self, order: dict[str, Any], amount: int | None = None, *, status: str = "COMPLETED", tip: int = 0
    ) -> dict[str, Any]:
        """Give back `amount` minor units (all if none), of which `tip` is the tip's; the hook follows."""
        payment_id = order["tenders"][0]["payment_id"]
        amount = order["total_money"]["amount"] if amount is None else amount
        now = _instant(datetime.now(UTC))
        back = self._return_order(order, amount, tip, now)
        refund = {
            "id": f"{payment_id}_{_identifier(24)}",
            "status": status,
            "payment_id": payment_id,
            "order_id": back["id"],
            "location_id": order["location_id"],
            "amount_money": self._money(amount),
            "created_at": now,
            "updated_at": now,
        }
        self.returns[refund["id"]] = refund
        self.tell("refund.updated", "refund", refund)
        return refund

    def enrol(self, **values: Any) -> str:
        """A customer in the seller's directory: its id."""
        customer = {"id": _identifier(26)} | values
        self.customers[customer["id"]] = customer
        return customer["id"]

    # Hooks on their way

    @contextmanager
    def losing_hooks(self) -> Iterator[None]:
        """Whatever happens inside is told to nobody, but kept in `sent`."""
        self._is_losing = True
        try:
            yield
        finally:
            self._is_losing = False

    def tell(self, kind: str, noun: str, thing: dict[str, Any]) -> Hook:
        """Send one hook about a thing as it stands now."""
        body = {
            "merchant_id": MERCHANT,
            "type": kind,
            "event_id": secrets.token_hex(16),
            "created_at": _instant(datetime.now(UTC)),
            "data": {"type": noun, "id": thing["id"], "object": {noun: thing}},
        }
        hook = self.signed(json.dumps(body, separators=(",", ":")).encode())
        with self._lock:
            self.sent.append(hook)
        if self.notification_url and not self._is_losing:
            self.deliver(hook)
        return hook

    def tell_order(self, order: dict[str, Any]) -> Hook:
        """Send `order.updated`, which carries ids only."""
        told = {"id": order["id"], "order_id": order["id"], "state": order["state"], "version": order["version"]}
        return self.tell("order.updated", "order_updated", told)

    def signed(self, body: bytes) -> Hook:
        """These bytes with the signature for our notification address."""
        message = self.notification_url.encode() + body
        digest = hmac.new(self.signature_key.encode(), message, hashlib.sha256).digest()
        return Hook(body, base64.b64encode(digest).decode())

    def deliver(self, hook: Hook) -> int:
        """Post a hook to the notification address: the status that came back, 0 when nobody answered."""
        headers = {"x-square-hmacsha256-signature": hook.signature, "Content-Type": "application/json"}
        try:
            reply = httpx.post(self.notification_url, content=hook.body, headers=headers, timeout=10, trust_env=False)
            status = reply.status_code
        except httpx.TransportError:
            status = 0
        self.answers.append(status)
        return status

    def replay(self, times: int = 1) -> None:
        """Send everything again, as often as told."""
        for hook in [*self.sent] * times:
            self.deliver(hook)

    def _return_order(self, order: dict[str, Any], amount: int, tip: int, now: str) -> dict[str, Any]:
        back = {
            "id": _identifier(28),
            "location_id": order["location_id"],
            "state": "COMPLETED",
            "version": 1,
            "returns": [{"uid": _identifier(12), "source_order_id": order["id"]}],
            "return_amounts": {"total_money": self._money(amount), "tip_money": self._money(tip)},
            "created_at": now,
            "updated_at": now,
            "closed_at": now,
            "total_money": self._money(0),
        }
        self.orders[back["id"]] = back
        return back

    def _line(self, name: str, quantity: int, price: int) -> dict[str, Any]:
        return {
            "uid": _identifier(12),
            "catalog_object_id": hashlib.sha256(name.encode()).hexdigest()[:24].upper(),
            "name": name,
            "quantity": str(quantity),
            "base_price_money": self._money(price),
            "total_money": self._money(quantity * price),
        }

    def _tender(self, payment: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": payment["id"],
            "type": "CARD",
            "payment_id": payment["id"],
            "amount_money": payment["total_money"],
        }

    def _money(self, amount: int) -> dict[str, Any]:
        return {"amount": amount, "currency": self.currency}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _identifier(length: int) -> str:
    return secrets.token_hex(length)[:length].upper()
