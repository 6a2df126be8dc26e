"""What Square answers, as far as we read it. Unknown fields are ignored, wrong types are an error."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Money(_Answer):
    """Whole minor units of a currency; Square leaves the amount out where it means none."""

    amount: int = 0
    currency: str = ""


class LineItem(_Answer):
    name: str | None = None
    variation_name: str | None = None
    quantity: Decimal
    catalog_object_id: str | None = None
    total_money: Money = Money()

    @property
    def title(self) -> str:
        """Name and variation as the receipt shows them; free amounts have no name."""
        return ", ".join(part for part in (self.name, self.variation_name) if part) or "Custom amount"


class Discount(_Answer):
    name: str | None = None
    scope: str | None = None
    applied_money: Money = Money()


class Tender(_Answer):
    payment_id: str | None = None
    customer_id: str | None = None


class OrderSource(_Answer):
    name: str | None = None


class Amounts(_Answer):
    total_money: Money = Money()
    tip_money: Money = Money()


class OrderReturn(_Answer):
    source_order_id: str | None = None


class Order(_Answer):
    id: str
    location_id: str | None = None
    customer_id: str | None = None
    state: str | None = None
    source: OrderSource | None = None
    total_money: Money | None = None
    total_tip_money: Money = Money()
    line_items: list[LineItem] = []
    discounts: list[Discount] = []
    tenders: list[Tender] = []
    returns: list[OrderReturn] = []
    return_amounts: Amounts | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def is_return(self) -> bool:
        """Goods came back and nothing was sold: its money is told by the refund."""
        return bool(self.returns) and not self.line_items


class ApplicationDetails(_Answer):
    square_product: str | None = None


class Payment(_Answer):
    id: str
    status: str | None = None
    order_id: str | None = None
    customer_id: str | None = None
    location_id: str | None = None
    source_type: str | None = None
    total_money: Money | None = None
    tip_money: Money = Money()
    application_details: ApplicationDetails | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def product(self) -> str | None:
        """Which of Square's products took the payment."""
        return self.application_details.square_product if self.application_details else None


class Refund(_Answer):
    id: str
    status: str | None = None
    amount_money: Money
    payment_id: str | None = None
    order_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Customer(_Answer):
    id: str
    phone_number: str | None = None
    email_address: str | None = None
    reference_id: str | None = None


class Location(_Answer):
    id: str
    name: str | None = None
    status: str | None = None


class OrderAnswer(_Answer):
    order: Order


class PaymentAnswer(_Answer):
    payment: Payment


class RefundAnswer(_Answer):
    refund: Refund


class CustomerAnswer(_Answer):
    customer: Customer


class LocationsAnswer(_Answer):
    locations: list[Location] = []


class OrderEntry(_Answer):
    order_id: str


class OrdersPage(_Answer):
    order_entries: list[OrderEntry] = []
    cursor: str | None = None


class RefundsPage(_Answer):
    refunds: list[Refund] = []
    cursor: str | None = None
