from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class Purchase(TenantOwned, Base):
    """One finished receipt. `source` is who told us: the API and files are one source, each connector its own."""

    __tablename__ = "purchases"
    __table_args__ = (
        UniqueConstraint("tenant_id", "source", "external_id", name="uq_purchases_once"),
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"]),
        ForeignKeyConstraint(["tenant_id", "location_id"], ["locations.tenant_id", "locations.id"]),
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        CheckConstraint("refunded_minor BETWEEN 0 AND amount_minor", name="refunded_within_amount"),
        Index("ix_purchases_member", "tenant_id", "member_id", "occurred_at"),
        Index("ix_purchases_when", "tenant_id", "occurred_at"),
        Index(
            "ix_purchases_refunded",
            "tenant_id",
            "occurred_at",
            postgresql_include=["id", "amount_minor", "refunded_minor"],
            postgresql_where=text("refunded_minor > 0"),
        ),
    )

    source: Mapped[str]
    external_id: Mapped[str]
    content_hash: Mapped[str]
    member_id: Mapped[int | None]
    location_id: Mapped[int | None]
    amount_minor: Mapped[int]
    refunded_minor: Mapped[int] = mapped_column(server_default="0")
    currency: Mapped[str]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW)
    channel: Mapped[str]
    payment_method: Mapped[str | None]
    discounts: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    coupon: Mapped[str | None]
    answer: Mapped[dict[str, Any] | None]  # what the till was told, told again when it asks again


def _bought_by(field: str) -> Index:
    """Who bought something that is called so, when, and how much of it: answered without a look at the lines."""
    return Index(
        f"ix_purchase_items_{field}",
        "tenant_id",
        f"{field}_key",
        "occurred_at",
        postgresql_include=["member_id", "purchase_id", "quantity", "amount_minor"],
        postgresql_where=text(f"{field}_key IS NOT NULL AND NOT given_back"),
    )


class PurchaseItem(TenantOwned, Base):
    """One line of a receipt. Member and instant are the receipt's, so that "who bought this lately" is one look at an
    index; when the receipt goes to another member, or all of it is given back, its lines follow (a trigger)."""

    __tablename__ = "purchase_items"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "purchase_id"], ["purchases.tenant_id", "purchases.id"]),
        Index(None, "tenant_id", "purchase_id"),
        *(_bought_by(key) for key in ("name", "category", "sku")),
    )

    purchase_id: Mapped[int]
    member_id: Mapped[int | None]
    occurred_at: Mapped[datetime]
    sku: Mapped[str | None]
    name: Mapped[str]
    category: Mapped[str | None]
    quantity: Mapped[Decimal]
    amount_minor: Mapped[int]
    given_back: Mapped[bool] = mapped_column(server_default="false")  # the receipt was refunded in full
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    category_key: Mapped[str | None] = mapped_column(Computed("lower(category)", persisted=True))
    sku_key: Mapped[str | None] = mapped_column(Computed("lower(sku)", persisted=True))


class Refund(TenantOwned, Base):
    """Money given back for a purchase, in whole or in part."""

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("tenant_id", "source", "external_id", name="uq_refunds_once"),
        ForeignKeyConstraint(["tenant_id", "purchase_id"], ["purchases.tenant_id", "purchases.id"]),
        Index(None, "tenant_id", "purchase_id"),
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
    )

    source: Mapped[str]
    external_id: Mapped[str]
    content_hash: Mapped[str]
    purchase_id: Mapped[int]
    amount_minor: Mapped[int]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW)
    answer: Mapped[dict[str, Any] | None]
