"""What a till or shop tells us: sales, refunds, and who the guest is. Plain values, money in whole minor units."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.errors import FieldError, Unacceptable
from domain.sentences import say

API = "api"  # the API and files are one source; each connector is its own
CHANNELS = ("pos", "online")
SCOPES = ("receipt", "group", "item")
AHEAD = timedelta(minutes=10)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
REFERENCES = ("external_id", "email", "phone", "card")


@dataclass(frozen=True, slots=True)
class MemberRef:
    """How a request names a member: by `external_id`, `email`, `phone` (E.164) or `card`."""

    field: str
    value: str

    @classmethod
    def of(cls, reference: Mapping[str, str]) -> "MemberRef":
        """Read `{"email": "…"}`: exactly one way of naming. The door writes phones in E.164 first."""
        if len(reference) != 1 or next(iter(reference)) not in REFERENCES:
            raise Unacceptable.at(
                "member", say("Name the member by one of: %(references)s.", references=", ".join(REFERENCES))
            )
        field, value = next(iter(reference.items()))
        return cls(field, value.strip().lower() if field == "email" else value)


@dataclass(frozen=True, slots=True)
class SaleItem:
    """One line of a receipt. `amount_minor` is the whole line's."""

    name: str
    amount_minor: int
    quantity: Decimal = Decimal(1)
    sku: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class SaleDiscount:
    """What was taken off: from the receipt, a product group or one item."""

    scope: str
    name: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PointsPayment:
    """Points spent as payment on a purchase; `currency` is the code of a point currency."""

    currency: str
    points: int


@dataclass(frozen=True, slots=True)
class Sale:
    """One finished receipt as a source tells it. `location` is a name, or an id when it is a number."""

    external_id: str
    member: MemberRef | None
    amount_minor: int
    currency: str
    occurred_at: datetime
    channel: str = "pos"
    location: str | int | None = None
    payment_method: str | None = None
    items: tuple[SaleItem, ...] = ()
    discounts: tuple[SaleDiscount, ...] = ()
    redeem: PointsPayment | None = None
    coupon: str | None = None
    source: str = API


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money given back; without an amount, all that is left."""

    external_id: str
    occurred_at: datetime
    amount_minor: int | None = None


def fingerprint(content: Any) -> str:
    """The same for the same content (a dataclass), however it was spelled: instants in UTC, numbers without padding."""
    plain = json.dumps(content, default=_plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def time_errors(occurred_at: datetime, *, now: datetime) -> list[FieldError]:
    """What is wrong with the time something is said to have happened."""
    if occurred_at > now + AHEAD:
        return [FieldError("occurred_at", say("This is more than 10 minutes ahead of our clock."))]
    if occurred_at < EARLIEST:
        return [FieldError("occurred_at", say("This is before the year 2000."))]
    return []


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a fingerprint")
