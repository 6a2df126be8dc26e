"""What every business system is mapped to: one way to say sale, refund, and nothing to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Notice:
    """A hook as far as it is understood without asking: `key` is the same when it is told again.

    `kind` is the system's own name for it, `subject` the id of what changed, `body` what was sent with it.
    """

    key: str
    kind: str
    subject: str
    body: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought, as the system knows them: phone as typed there, e-mail and our own reference if it keeps one."""

    external_id: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One line of a receipt; `amount_minor` is the line's total after discounts."""

    name: str
    quantity: Decimal
    amount_minor: int
    sku: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class SaleDiscount:
    """What was taken off; `scope` is receipt, group or item."""

    scope: str
    name: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CanonicalSale:
    """One finished receipt. `amount_minor` is what earns: the total after discounts, without tip."""

    source: str
    external_id: str
    amount_minor: int
    currency: str
    occurred_at: datetime
    channel: str  # pos or online
    buyer: Buyer | None
    outlet: str | None
    lines: tuple[SaleLine, ...] = ()
    discounts: tuple[SaleDiscount, ...] = ()
    payment_method: str | None = None


@dataclass(frozen=True, slots=True)
class CanonicalRefund:
    """Money given back for the sale `sale_id`: `amount_minor` without the tip's share, may exceed what is left."""

    source: str
    external_id: str
    sale_id: str
    amount_minor: int
    currency: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Nothing:
    """Understood, and there is nothing to do: `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Revoked:
    """The owner took our access away over there."""

    reason: str


Finding = CanonicalSale | CanonicalRefund | Nothing | Revoked
