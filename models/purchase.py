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
        Index("ix_purchases_refunded", "tenant_id", "id", postgresql_where=text("refunded_minor > 0")),
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


class PurchaseItem(TenantOwned, Base):
    """One line of a receipt. Member and instant are the receipt's, so that "who bought this lately" is one look; when
    the receipt goes to another member its lines follow (a trigger)."""

    __tablename__ = "purchase_items"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "purchase_id"], ["purchases.tenant_id", "purchases.id"]),
        Index(None, "tenant_id", "purchase_id"),
        Index("ix_purchase_items_name", "tenant_id", "name_key", "occurred_at"),
        Index("ix_purchase_items_category", "tenant_id", "category_key", "occurred_at"),
        Index(
            "ix_purchase_items_sku",
            "tenant_id",
            "sku_key",
            "occurred_at",
            postgresql_where=text("sku_key IS NOT NULL"),
        ),
    )

    purchase_id: Mapped[int]
    member_id: Mapped[int | None]
    occurred_at: Mapped[datetime]
    sku: Mapped[str | None]
    name: Mapped[str]
    category: Mapped[str | None]
    quantity: Mapped[Decimal]
    amount_minor: Mapped[int]
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
