"""The shapes of receipts: what a till tells, and what it is told."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from domain.loyalty.sales import CHANNELS, SCOPES, PointsPayment, Sale, SaleDiscount, SaleItem
from web.blueprints.api.references import exact, member_ref, minor
from web.blueprints.api.shapes import (
    Amount,
    Answer,
    Balance,
    Body,
    CurrencyOfMoney,
    ExternalId,
    Id,
    Instant,
    Line,
    MemberReference,
    Money,
    Name,
    PointCurrency,
    SignedAmount,
)

Quantity = Annotated[float, Field(ge=0.001, le=10**6)]


class PurchasePath(Body):
    """Which purchase: the till's own external_id."""

    external_id: ExternalId


class ItemBody(Body):
    """One line of a receipt; `amount` is the whole line's."""

    sku: Line | None = None
    name: Name
    category: Line | None = None
    quantity: Quantity = 1
    amount: SignedAmount


class DiscountBody(Body):
    """What was taken off."""

    scope: Literal[tuple(SCOPES)]  # type: ignore[valid-type]
    name: Line
    amount: Amount


class RedeemBody(Body):
    """Points that paid for a part."""

    currency: PointCurrency
    points: Annotated[int, Field(ge=1, le=10**9)]


class PurchaseBody(Body):
    """A finished receipt."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "external_id": "till-7-000123",
                    "member": {"external_id": "m-1"},
                    "amount": "12.50",
                    "currency": "EUR",
                    "occurred_at": "2026-03-04T12:00:00+01:00",
                    "location": "main",
                    "items": [{"name": "Cappuccino", "category": "hot drinks", "quantity": 2, "amount": "8.40"}],
                }
            ]
        }
    )

    external_id: ExternalId
    member: MemberReference | None = None
    amount: Amount
    currency: CurrencyOfMoney
    occurred_at: Instant
    channel: Literal[tuple(CHANNELS)] = "pos"  # type: ignore[valid-type]
    location: Name | Id | None = Field(None, description="The location's name or id.")
    payment_method: Line | None = None
    items: Annotated[list[ItemBody], Field(max_length=500)] = Field(default=[])
    discounts: Annotated[list[DiscountBody], Field(max_length=100)] = Field(default=[])
    redeem: RedeemBody | None = None
    coupon: Line | None = None

    def as_sale(self) -> Sale:
        """The receipt as the rules take it."""
        return Sale(
            external_id=self.external_id,
            member=member_ref(self.member) if self.member else None,
            amount_minor=minor("amount", self.amount, self.currency),
            currency=self.currency,
            occurred_at=self.occurred_at,
            channel=self.channel,
            location=self.location,
            payment_method=self.payment_method,
            items=tuple(self._item(number, each) for number, each in enumerate(self.items)),
            discounts=tuple(self._discount(number, each) for number, each in enumerate(self.discounts)),
            redeem=PointsPayment(self.redeem.currency, self.redeem.points) if self.redeem else None,
            coupon=self.coupon,
        )

    def _item(self, number: int, item: ItemBody) -> SaleItem:
        amount = minor(f"items.{number}.amount", item.amount, self.currency)
        return SaleItem(item.name, amount, exact(item.quantity), item.sku, item.category)

    def _discount(self, number: int, discount: DiscountBody) -> SaleDiscount:
        amount = minor(f"discounts.{number}.amount", discount.amount, self.currency)
        return SaleDiscount(discount.scope, discount.name, amount)


class RefundBody(Body):
    """Money given back; without an amount, all that is left."""

    external_id: ExternalId
    amount: Amount | None = None
    occurred_at: Instant


class Earned(Answer):
    """Points that the purchase earned."""

    currency: str
    earned: int
    activates_at: datetime
    expires_at: datetime | None


class Unlocked(Answer):
    """A reward that the purchase unlocked."""

    reward: int
    reward_event: int


class RungUp(Answer):
    """What the till needs to know."""

    purchase: int
    points: list[Earned]
    balances: list[Balance]
    unlocked: list[Unlocked]
    receipt_lines: list[str] = Field(description="To print for the guest.")
    cashier_lines: list[str] = Field(description="To show to the person at the till.")


class Reversed(Answer):
    """Points taken back."""

    currency: str
    reversed: int


class Refunded(Answer):
    """What became of a refund."""

    refund: int
    points: list[Reversed]
    balances: list[Balance]
    withdrawn: list[int] = Field(description="Reward events that are void now.")


class ItemAnswer(Answer):
    """One line of a receipt."""

    sku: str | None
    name: str
    category: str | None
    quantity: float
    amount: Money


class DiscountAnswer(Answer):
    """What was taken off."""

    scope: str
    name: str
    amount: Money


class PurchaseAnswer(Answer):
    """A receipt as it stands."""

    id: int
    external_id: str
    source: str = Field(description="`api`, or the connector that told us.")
    member: str | None = Field(description="The member's external_id.")
    amount: Money
    refunded: Money
    currency: str
    occurred_at: datetime
    recorded_at: datetime
    channel: str
    location: str | None
    payment_method: str | None
    items: list[ItemAnswer]
    discounts: list[DiscountAnswer]
    coupon: str | None
