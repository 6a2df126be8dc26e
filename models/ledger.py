from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantKeyed, TenantOwned


class LedgerEntry(TenantOwned, Base):
    """One change of a member's points, never edited. `cause` says why and happens once."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        UniqueConstraint("tenant_id", "cause", "currency_id", name="uq_ledger_entries_once"),
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"]),
        ForeignKeyConstraint(["tenant_id", "currency_id"], ["currencies.tenant_id", "currencies.id"]),
        ForeignKeyConstraint(["tenant_id", "purchase_id"], ["purchases.tenant_id", "purchases.id"]),
        Index("ix_ledger_entries_member", "tenant_id", "member_id", "occurred_at"),
        Index("ix_ledger_entries_purchase", "tenant_id", "purchase_id"),
    )

    member_id: Mapped[int]
    currency_id: Mapped[int]
    points: Mapped[int]
    kind: Mapped[str]  # earned, reversed, redeemed, restored, adjusted, expired
    cause: Mapped[str]  # purchase:7, refund:3, points:<external id>, redemption:5, lot:9:expired
    reason: Mapped[str] = mapped_column(server_default="")
    purchase_id: Mapped[int | None]
    lots: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))  # taken from or given back to: [[lot, points]]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Lot(TenantOwned, Base):
    """Points with their own activation and expiry. Spending takes the oldest first."""

    __tablename__ = "lots"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "entry_id"], ["ledger_entries.tenant_id", "ledger_entries.id"]),
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"]),
        ForeignKeyConstraint(["tenant_id", "currency_id"], ["currencies.tenant_id", "currencies.id"]),
        UniqueConstraint("tenant_id", "entry_id"),
        CheckConstraint("remaining BETWEEN 0 AND points", name="remaining_within_points"),
        Index("ix_lots_open", "tenant_id", "member_id", "currency_id", postgresql_where=text("remaining > 0")),
        Index("ix_lots_activating", "activates_at", postgresql_where=text("remaining > 0 AND NOT active")),
        Index("ix_lots_expiring", "expires_at", postgresql_where=text("remaining > 0 AND expires_at IS NOT NULL")),
    )

    entry_id: Mapped[int]
    member_id: Mapped[int]
    currency_id: Mapped[int]
    points: Mapped[int]
    remaining: Mapped[int]
    activates_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    active: Mapped[bool]  # counted as available already


class Balance(TenantKeyed, Base):
    """The sum of a member's lots in one currency, kept in the transaction that changes them."""

    __tablename__ = "balances"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"]),
        ForeignKeyConstraint(["tenant_id", "currency_id"], ["currencies.tenant_id", "currencies.id"]),
        CheckConstraint("pending >= 0", name="pending_not_negative"),
    )

    member_id: Mapped[int] = mapped_column(primary_key=True)
    currency_id: Mapped[int] = mapped_column(primary_key=True)
    available: Mapped[int] = mapped_column(server_default="0")  # below zero only when spent points were refunded
    pending: Mapped[int] = mapped_column(server_default="0")
